using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>The correctness gate: no figure without it.</summary>
internal static class Gate
{
    private const int HottestChecked = 200;
    private const int OthersChecked = 1_800;

    /// <summary>Whom to ask about: the hottest, and some of the others.</summary>
    public static ImmutableArray<int> Choose(int people)
    {
        int others = Math.Max(0, people - HottestChecked);
        int step = Math.Max(1, others / OthersChecked);
        return [.. Enumerable.Range(0, people).Where(p => p < HottestChecked || p % step == 0)];
    }

    /// <summary>Compares a contender's answers with the oracle's.</summary>
    /// <param name="contender">The contender, drained.</param>
    /// <param name="sent">What was sent.</param>
    /// <param name="people">People in it.</param>
    /// <returns>People compared; 0 when the contender offers no answers.</returns>
    /// <exception cref="InvalidOperationException">An answer is wrong.</exception>
    public static async Task<int> CheckAsync(
        IContender contender,
        IEnumerable<WorkloadEvent> sent,
        int people
    )
    {
        ImmutableArray<int> chosen = Choose(people);
        IReadOnlyList<PersonAnswer?> answers = await contender.AnswersAsync(chosen);
        if (answers.Count == 0)
        {
            return 0;
        }

        var oracle = Oracle.Of(sent);
        int wrong = 0;
        for (int i = 0; i < chosen.Length; i++)
        {
            PersonAnswer expected = oracle.AnswerOf(chosen[i]);
            if (expected != answers[i])
            {
                wrong++;
                Note.Write(
                    $"{contender.Name}, person {chosen[i]}: {answers[i]}; expected {expected}"
                );
            }
        }

        return wrong == 0
            ? chosen.Length
            : throw new InvalidOperationException(
                $"{contender.Name} answers wrong about {wrong} of {chosen.Length} people."
            );
    }
}
