using System.Collections.Immutable;
using Orleans.Concurrency;

namespace OrleansCdp.Identity;

/// <summary>Lists what match spaces hold.</summary>
[GrainType("cdp.matching")]
[StatelessWorker]
internal sealed class MatchingGrain(IMatchStore store) : Grain, IMatchingGrain
{
    private const string Anchor = "anchor";

    public async Task<ImmutableArray<string>> ListRulesetsAsync() =>
        [
            .. (await store.ReadSpacesAsync(CancellationToken.None))
                .Where(space => !space.IsSuccessor)
                .Select(space => space.Ruleset),
        ];

    public async Task<string?> GetLiveAsync(string ruleset) =>
        (await store.FindAsync(ruleset, CancellationToken.None))?.Text;

    public async Task<ImmutableArray<LinkListing>> ListLinksAsync(
        string ruleset,
        string? source,
        string after,
        int limit
    )
    {
        if (await store.FindAsync(ruleset, CancellationToken.None) is not { } space)
        {
            return [];
        }

        var links = await store.ListAsync(
            new MatchFilter(space.Id, source, after, Math.Clamp(limit, 1, IMatchingGrain.PageMax)),
            CancellationToken.None
        );
        return
        [
            .. links.Select(link => new LinkListing
            {
                Link = link.Link,
                Individual = link.Individual,
                Group = link.Group,
                Standing =
                    link.Individual is not null ? LinkStanding.Linked
                    : link.Possible is not null ? LinkStanding.Soft
                    : LinkStanding.Unresolved,
                Rule = link.IsAnchored ? Anchor : ruleset,
                Score = link.Score,
                Partner = link.Partner,
                EventId = link.EventId,
            }),
        ];
    }

    public async Task<ImmutableArray<GroupListing>> ListUnresolvedAsync(
        string ruleset,
        long after,
        int limit
    )
    {
        if (await store.FindAsync(ruleset, CancellationToken.None) is not { } space)
        {
            return [];
        }

        var groups = await store.ListUnresolvedAsync(
            space.Id,
            after,
            Math.Clamp(limit, 1, IMatchingGrain.PageMax),
            CancellationToken.None
        );
        return
        [
            .. groups.Select(group => new GroupListing(
                group.Group,
                [
                    .. group.Members.Select(record => new GroupMember(
                        record.Link,
                        record.Score,
                        record.EventId
                    )),
                ]
            )),
        ];
    }
}
