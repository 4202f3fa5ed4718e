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
    public Task<bool> SweepAsync(CancellationToken cancel) =>
        RoundAsync(null, (space, subjects) => DecideAsync(space, subjects, cancel), cancel);

    /// <summary>One round.</summary>
    /// <param name="space">The space; null for all, also for records of an earlier program that note their identifiers.</param>
    /// <param name="decide">Decides about links and individuals of a space again.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Whether there may be more.</returns>
    internal async Task<bool> RoundAsync(
        int? space,
        Func<int, IReadOnlyCollection<string>, Task> decide,
        CancellationToken cancel
    )
    {
        if (await store.FindDueAsync(space, cancel) is { } due)
        {
            var holders = await store.ReadHoldersAsync(due, RoundMax, cancel);
            await decide(due.Space, SubjectsOf(holders));
            await store.NoteReviewedAsync(due, LastOf(holders), cancel);
            return true;
        }

        if (
            space is not null
            || await store.ReadUnlistedAsync(RoundMax, cancel) is not var (of, records)
        )
        {
            return false;
        }

        await decide(of, SubjectsOf(records));
        await store.NoteListedAsync(of, LastOf(records), cancel);
        return true;
    }

    private async Task DecideAsync(
        int id,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    )
    {
        var spaces = await matches.ReadSpacesAsync(cancel);
        MatchSpace? space = spaces.FirstOrDefault(one => one.Id == id);
        if (space is null || subjects.Count == 0)
        {
            return; // Another one took over from it, and knows.
        }

        var outcomes = await matcher.ReconsiderAsync(space, subjects, cancel);
        await moves.FinishAsync(space.Id, outcomes, subjects, cancel);
    }

    private static string[] SubjectsOf(ImmutableArray<Holder> holders) =>
        [.. holders.Select(holder => holder.Subject)];

    private static long? LastOf(ImmutableArray<Holder> records) =>
        records.Length < RoundMax ? null : records[^1].Record;
}
