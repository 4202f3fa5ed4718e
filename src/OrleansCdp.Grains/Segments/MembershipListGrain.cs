using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace OrleansCdp.Segments;

/// <summary>Lists what the store knows of memberships, page by page.</summary>
[GrainType("cdp.membership-list")]
[StatelessWorker]
internal sealed class MembershipListGrain(
    IMembershipStore store,
    IOptions<SegmentOptions> options,
    TimeProvider clock
) : Grain, IMembershipListGrain
{
    public Task<ImmutableArray<Member>> GetMembersAsync(
        string segment,
        string? tier,
        string? after,
        int limit
    ) => store.MembersAsync(segment, tier, after, PageOf(limit), CancellationToken.None);

    public async Task<ChangePage?> GetChangesAsync(string? segment, string? after, int limit)
    {
        try
        {
            // Before the page is read: what is written in between is behind it, and comes with the next page.
            string end = after ?? await store.EndAsync(CancellationToken.None);
            var changes = await store.FollowAsync(
                segment,
                after,
                PageOf(limit),
                CancellationToken.None
            );
            return
                after is not null
                && await store.IsForgottenAsync(segment, after, CancellationToken.None)
                ? new ChangePage([], end) { HasForgotten = true }
                : new ChangePage(changes, changes.IsEmpty ? end : changes[^1].Position);
        }
        catch (ChangePositionException)
        {
            return null;
        }
    }

    public Task<string> GetEndAsync() => store.EndAsync(CancellationToken.None);

    public Task<ImmutableArray<MembershipChange>> GetHistoryAsync(
        string individual,
        long? before,
        int limit
    ) => store.HistoryAsync(individual, before, PageOf(limit), CancellationToken.None);

    public Task<MembershipChange?> GetLastAsync(string individual, string segment) =>
        store.LastAsync(individual, segment, CancellationToken.None);

    public async Task<PastMembership> GetPastAsync(
        string individual,
        string segment,
        DateTimeOffset at
    )
    {
        var (last, next) = await store.AroundAsync(individual, segment, at, CancellationToken.None);
        if (last is not null)
        {
            return new(true, last.Entered, last.Entered ? last.At : null, last, next);
        }

        // Whoever leaves next was in it, though the entry is not kept any more.
        if (next is not null)
        {
            return new(IsKept(at), !next.Entered, Since: null, last, next);
        }

        Memberships present = await store.OfAsync(individual, CancellationToken.None);
        return present.Find(segment) is { IsIn: true } one && one.Since <= at
            ? new(true, IsIn: true, one.Since, last, next)
            : new(IsKept(at), IsIn: false, Since: null, last, next);
    }

    private bool IsKept(DateTimeOffset at) => at > clock.GetUtcNow() - options.Value.ChangesKept;

    private static int PageOf(int limit) => Math.Clamp(limit, 1, IMembershipListGrain.PageMax);
}
