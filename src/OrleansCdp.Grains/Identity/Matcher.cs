using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>
/// Decides whom records belong to that no anchor names. The result is a function of what all records say, and not of
/// the order in which they said it.
/// </summary>
internal sealed partial class Matcher(
    IMatchStore store,
    MatchSpaces spaces,
    MatchInstruments instruments,
    ILogger<Matcher> logger
) : IDisposable
{
    /// <summary>Statements of one caller decided about in one turn, and of all who share one.</summary>
    public const int StatementsMax = 200;

    private const int VersionsMax = 10;

    private readonly ConcurrentDictionary<int, SharedTurns> turns = [];

    /// <summary>Decides about statements. Repeating it changes nothing.</summary>
    /// <param name="ruleset">The ruleset whose space they are made in.</param>
    /// <param name="say">The statements, as the rules that are live read them.</param>
    /// <param name="absorptions">Individuals whose links all went to others.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>
    /// What was decided, turn by turn; all of it is committed. What others said in the same turns they are told themselves.
    /// </returns>
    /// <exception cref="MatchFailedException">Something of it cannot be compared; the turns before are committed.</exception>
    public async Task<List<MatchOutcome>> DecideAsync(
        string ruleset,
        Func<FuzzyRules, IReadOnlyList<MatchStatement>> say,
        IReadOnlyList<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        for (int versions = 0; ; versions++)
        {
            LiveSpace space = await spaces.OpenAsync(ruleset, cancel);
            var (outcomes, isLive) = await DecideAsync(
                space,
                Said(say, space.Rules),
                absorptions,
                cancel
            );
            if (isLive)
            {
                return outcomes;
            }

            if (versions == VersionsMax)
            {
                throw new InvalidOperationException($"Versions of {ruleset} keep changing.");
            }

            spaces.Forget(space);
        }
    }

    /// <summary>
    /// Decides again about links and individuals because of something else than what they say: a merge, or a steward's
    /// word.
    /// </summary>
    /// <param name="space">The space. Once another one took over from it, nothing is decided there any more.</param>
    /// <param name="subjects">Links and individuals; those that were never compared are passed over.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="MatchFailedException">Something of it cannot be compared.</exception>
    public async Task<List<MatchOutcome>> ReconsiderAsync(
        MatchSpace space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    )
    {
        MatchStatement[] again = [.. subjects.Select(MatchStatement.Again)];
        return (await DecideAsync(spaces.Of(space), again, [], cancel)).Outcomes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SharedTurns shared in turns.Values)
        {
            shared.Dispose();
        }
    }

    private static IReadOnlyList<MatchStatement> Said(
        Func<FuzzyRules, IReadOnlyList<MatchStatement>> say,
        FuzzyRules rules
    )
    {
        try
        {
            return say(rules);
        }
        catch (Exception e) when (MatchFailedException.FollowsFromData(e))
        {
            throw new MatchFailedException(e);
        }
    }

    /// <summary>Decides turn by turn, until another version of the ruleset is live.</summary>
    private async Task<(List<MatchOutcome> Outcomes, bool IsLive)> DecideAsync(
        LiveSpace space,
        IReadOnlyCollection<MatchStatement> said,
        IReadOnlyList<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        SharedTurns shared = turns.GetOrAdd(space.Space.Id, _ => new SharedTurns(StatementsMax));
        List<MatchOutcome> outcomes = [];
        MatchStatement[][] parts =
            said.Count == 0
                ?
                [
                    [],
                ]
                : [.. said.Chunk(StatementsMax)];
        foreach (MatchStatement[] part in parts)
        {
            MatchOutcome? outcome = await shared.DecideAsync(
                new TurnRequest(space.Space, part, outcomes.Count == 0 ? absorptions : []),
                (statements, absorbed) => TryDecideAsync(space, statements, absorbed, cancel),
                cancel
            );
            if (outcome is null)
            {
                return (outcomes, false);
            }

            outcomes.Add(outcome);
        }

        return (outcomes, true);
    }

    /// <summary>Decides in one turn; null when another version of the ruleset is live by now.</summary>
    private async Task<MatchOutcome?> TryDecideAsync(
        LiveSpace space,
        IReadOnlyCollection<MatchStatement> statements,
        IReadOnlyCollection<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        await using IMatchTurn turn = await store.BeginAsync(
            space.Space.Id,
            MatchStatements.SubjectsOf(statements, absorptions),
            cancel
        );
        if (turn.Version != space.Space.Version)
        {
            return null;
        }

        MatchOutcome outcome;
        try
        {
            outcome = await new MatchRound(space.Rules, turn).RunAsync(
                statements,
                absorptions,
                cancel
            );
        }
        catch (Exception e) when (MatchFailedException.FollowsFromData(e))
        {
            throw new MatchFailedException(e);
        }

        instruments.Note(space.Space.Ruleset, outcome);
        if (outcome.IsOversized)
        {
            LogOversized(space.Rules.Limits.ComponentMax, space.Space.Ruleset);
        }

        int guarded = outcome.Guards.Count(guard => guard.IsGuarded);
        if (guarded > 0)
        {
            LogGuarded(
                guarded,
                space.Space.Ruleset,
                space.Rules.Guards.IndividualsPerIdentifierMax
            );
        }

        if (outcome.KeysClosed > 0)
        {
            LogKeysClosed(outcome.KeysClosed, space.Space.Ruleset, space.Rules.Limits.BucketMax);
        }

        return outcome;
    }

    [LoggerMessage(
        LogEvents.MatchOversized,
        LogLevel.Warning,
        "More than {Max} records hang together by {Ruleset}; they are clustered in parts. "
            + "Something that many share is taken for a sign of one person"
    )]
    private partial void LogOversized(int max, string ruleset);

    [LoggerMessage(
        LogEvents.MatchKeysClosed,
        LogLevel.Information,
        "{Count} keys of {Ruleset} find nobody any more: more than {Max} records share each"
    )]
    private partial void LogKeysClosed(int count, string ruleset, int max);

    [LoggerMessage(
        LogEvents.MatchIdentifiersGuarded,
        LogLevel.Information,
        "{Count} identifiers identify nobody any more by {Ruleset}: more than {Max} individuals have each"
    )]
    private partial void LogGuarded(int count, string ruleset, int max);
}
