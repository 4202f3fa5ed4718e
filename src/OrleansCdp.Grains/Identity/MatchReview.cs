using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Looks again at links and individuals of which no record says anything new: who is one person with whom has changed, or a
/// steward has decided. What is to be looked at is noted in the transaction that decides; whoever finds the note does
/// it, and takes it away once all spaces know, those included in which another version of the rules is getting ready.
/// </summary>
internal sealed class MatchReview(IMatchStore store, Matcher matcher, MatchMoves moves)
{
    /// <summary>Links and individuals of one round.</summary>
    public const int RoundMax = 200;

    /// <summary>Looks at some links and individuals, and takes what is noted of them away.</summary>
    public async Task ReviewAsync(IReadOnlyCollection<string> subjects, CancellationToken cancel)
    {
        if (subjects.Count > 0)
        {
            await ReviewAsync(subjects, await store.ReadDueAsync(subjects, cancel), cancel);
        }
    }

    /// <summary>Looks at those that have been noted for longest.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> SweepAsync(CancellationToken cancel)
    {
        var due = await store.ReadDueAsync(RoundMax, cancel);
        await ReviewAsync([.. due.Select(one => one.Subject)], due, cancel);
        return due.Length == RoundMax;
    }

    private async Task ReviewAsync(
        IReadOnlyCollection<string> subjects,
        ImmutableArray<MatchDue> due,
        CancellationToken cancel
    )
    {
        if (subjects.Count == 0)
        {
            return;
        }

        var spaces = await store.ReadSpacesAsync(cancel);
        foreach (MatchSpace space in spaces)
        {
            var outcomes = await matcher.ReconsiderAsync(space, subjects, cancel);
            await moves.FinishAsync(space.Id, outcomes, subjects, cancel);
        }

        if (!due.IsEmpty)
        {
            await store.FinishAsync(due, spaces, cancel);
        }
    }
}
