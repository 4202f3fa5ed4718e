using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Decides anew about whoever has an identifier that stopped identifying, or began to again. It was noted in the turn in
/// which that happened; one round looks at so many, and whoever comes next goes on where it was.
/// </summary>
internal sealed class GuardReview(
    IGuardStore store,
    IMatchStore matches,
    Matcher matcher,
    MatchMoves moves
)
{
    /// <summary>Records of one round.</summary>
    public const int RoundMax = 200;

    /// <summary>Looks at some of those who have the identifier that has waited longest.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> SweepAsync(CancellationToken cancel)
    {
        if (await store.FindDueAsync(null, cancel) is not { } due)
        {
            return await ListAsync(cancel);
        }

        var holders = await store.ReadHoldersAsync(due, RoundMax, cancel);
        await DecideAsync(due.Space, holders, cancel);
        await store.NoteReviewedAsync(due, LastOf(holders), cancel);
        return true;
    }

    /// <summary>Looks at everybody in a space who has to be looked at.</summary>
    /// <param name="space">The space.</param>
    /// <param name="decide">Decides about links and individuals again.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task FinishAsync(
        MatchSpace space,
        Func<IReadOnlyCollection<string>, Task> decide,
        CancellationToken cancel
    )
    {
        while (await store.FindDueAsync(space.Id, cancel) is { } due)
        {
            var holders = await store.ReadHoldersAsync(due, RoundMax, cancel);
            await decide([.. holders.Select(holder => holder.Subject)]);
            await store.NoteReviewedAsync(due, LastOf(holders), cancel);
        }
    }

    /// <summary>Lets records of an earlier program note their identifiers.</summary>
    private async Task<bool> ListAsync(CancellationToken cancel)
    {
        if (await store.ReadUnlistedAsync(RoundMax, cancel) is not var (space, records))
        {
            return false;
        }

        await DecideAsync(space, records, cancel);
        await store.NoteListedAsync(space, LastOf(records), cancel);
        return true;
    }

    private async Task DecideAsync(int id, ImmutableArray<Holder> holders, CancellationToken cancel)
    {
        var spaces = await matches.ReadSpacesAsync(cancel);
        MatchSpace? space = spaces.FirstOrDefault(one => one.Id == id);
        if (space is null || holders.IsEmpty)
        {
            return; // Another one took over from it, and knows.
        }

        string[] subjects = [.. holders.Select(holder => holder.Subject)];
        var outcomes = await matcher.ReconsiderAsync(space, subjects, cancel);
        await moves.FinishAsync(space.Id, outcomes, subjects, cancel);
    }

    private static long? LastOf(ImmutableArray<Holder> records) =>
        records.Length < RoundMax ? null : records[^1].Record;
}
