using System.Collections.Immutable;
using System.Globalization;
using Orleans.Concurrency;

namespace OrleansCdp.Identity;

/// <summary>Lists what match spaces hold.</summary>
[GrainType("cdp.matching")]
[StatelessWorker]
internal sealed class MatchingGrain(IMatchStore store, IFigureStore figures, IRulesets rulesets)
    : Grain,
        IMatchingGrain
{
    private const string Anchor = "anchor";

    public async Task<ImmutableArray<string>> ListRulesetsAsync() =>
        [
            .. (await store.ReadSpacesAsync(CancellationToken.None))
                .Where(space => !space.IsSuccessor)
                .Select(space => space.Ruleset),
        ];

    public async Task<bool> KnowsAsync(string ruleset) =>
        await rulesets.FindAsync(ruleset) is not null;

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
        return [.. links.Select(link => ListingOf(link, ruleset))];
    }

    public async Task<LinkExplanation?> ExplainAsync(string ruleset, string link)
    {
        if (await store.FindAsync(ruleset, CancellationToken.None) is not { } space)
        {
            return null;
        }

        var found = await store.ListAsync(
            new MatchFilter(space.Id, null, "", 1) { Link = link },
            CancellationToken.None
        );
        return found.FirstOrDefault() is { } row
            ? await new LinkHistory(store, rulesets).ExplainAsync(
                space,
                ListingOf(row, ruleset),
                CancellationToken.None
            )
            : null;
    }

    public async Task<ImmutableArray<LimitListing>> ListLimitsAsync(
        LimitKind kind,
        string? cursor,
        int limit
    )
    {
        var met = await figures.ListAsync(
            kind,
            cursor is null ? null : PlaceOf(kind, cursor),
            Math.Clamp(limit, 1, IMatchingGrain.PageMax),
            CancellationToken.None
        );
        return
        [
            .. met.Select(one => new LimitListing
            {
                Kind = kind,
                Ruleset = one.Ruleset,
                Subject = one.Subject,
                Detail = one.Detail,
                Amount = one.Amount,
                At = one.At,
                Cursor = string.Create(CultureInfo.InvariantCulture, $"{one.Space}:{one.Place}"),
            }),
        ];
    }

    private static LimitCursor PlaceOf(LimitKind kind, string cursor)
    {
        if (!LimitListing.IsCursor(kind, cursor))
        {
            throw new FormatException("This is no cursor of this list.");
        }

        int colon = cursor.IndexOf(':', StringComparison.Ordinal);
        return new(
            int.Parse(cursor.AsSpan(0, colon), CultureInfo.InvariantCulture),
            cursor[(colon + 1)..]
        );
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
                        record.EventId,
                        ReasonOf(record.SaysNothing)
                    )),
                ]
            )),
        ];
    }

    private static LinkListing ListingOf(MatchedLink link, string ruleset) =>
        new()
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
            Reason = ReasonOf(link.SaysNothing),
        };

    private static string? ReasonOf(bool saysNothing) =>
        saysNothing ? DecisionReasons.NothingToCompare : null;
}
