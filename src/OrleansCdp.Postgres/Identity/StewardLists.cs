using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What stewards ask for: what happened, why, and what contradicts itself.</summary>
internal sealed class StewardLists(DataSources sources, ChunkCodec codec) : IStewardLists
{
    private const int EvidenceMax = 5;

    // What happened when a decision was withdrawn, or since, happened for what was said then. Of what a rule merged a link
    // that states both says why, the first by its key; of a link that a steward separated the decision about the two.
    private const string History = $"""
        select h.id, h.at, h.what, h.individual, h.other, coalesce(h.link, e.link),
            coalesce(h.rule, e.rule), coalesce(h.event_id, e.event_id), d.id,
            case when d.is_over then d.withdrawn_by else d.author end,
            case when d.is_over then d.withdrawn_reason else d.reason end
        from (
            (
                select * from cdp.identity_history where individual = $1 and id < $2
                order by id desc limit $3
            )
            union
            (
                select * from cdp.identity_history where other = $1 and id < $2
                order by id desc limit $3
            )
        ) h left join lateral (
            select s.id from cdp.steward_decision s
            where h.rule = '{ClaimCause.Steward}' and not s.together
                and s.survivor = h.other and s.other = h.individual and s.at <= h.at
            order by s.id desc limit 1
        ) s on true left join lateral (
            select r.decision from cdp.sent_home r
                join cdp.steward_decision w on w.id = r.decision and w.withdrawn_at <= h.at
            where h.what = 'link_moved' and r.claim = 'link:' || h.link
                and r.home = h.other and r.owner = h.individual
                and r.rule is not distinct from h.rule
                and r.event_id is not distinct from h.event_id
            order by r.decision desc limit 1
        ) back on true
        left join lateral (
            select *, h.at >= withdrawn_at and s.id is null as is_over
            from cdp.steward_decision where id = coalesce(h.decision, s.id, back.decision)
        ) d on true
        left join lateral (
            select a.link, a.event_id, (
                select name from cdp.base_individual where id = h.individual
            ) as rule from cdp.anchor_statement a
            where h.what = 'merged' and h.decision is null and a.base = h.individual and exists (
                select from cdp.anchor_statement b where b.link = a.link and b.base = h.other
            )
            order by a.link limit 1
        ) e on true
        order by h.id desc limit $3
        """;

    private const string Reasons = """
        select claim, owner, rule, event_id, since from cdp.claim where claim = any($1)
        """;

    // Of one with itself: its links cannot be brought from where they are to its root.
    private static readonly string Conflicts = $"""
        select c.noted_at, c.first, c.second, c.reason, coalesce(f.name, ''), coalesce(s.name, ''),
            case when c.first = c.second then coalesce(f.placed_at, c.first)
                else coalesce(f.root, c.first) end,
            coalesce(s.root, c.second), e.links, e.events
        from cdp.merge_conflict c
            left join cdp.base_individual f on f.id = c.first
            left join cdp.base_individual s on s.id = c.second
            cross join lateral (
                select array_agg(x.link) as links, array_agg(x.event_id) as events from (
                    select a.link, a.event_id from cdp.anchor_statement a
                        join cdp.anchor_statement b on b.link = a.link and b.base = c.second
                    where a.base = c.first and c.first <> c.second
                    order by a.link limit {EvidenceMax}
                ) x
            ) e
        where c.settled_at is null and (c.first <> c.second or (f.live and not f.settled))
            and (c.noted_at, c.first, c.second) > ($1, $2, $3)
        order by c.noted_at, c.first, c.second limit $4
        """;

    // Without those that something newer decided; the next try takes them away. And links that a steward had sent home and
    // that cannot go back yet.
    private const string Open = """
        (
            select o.noted_at, o.claim, o.reason, o.event, null::text, o.tried_at,
                coalesce(b.root, c.owner)
            from cdp.open_decision o left join cdp.claim c on c.claim = o.claim
                left join cdp.base_individual b on b.id = c.owner
            where (o.noted_at, o.claim) > ($1, $2) and (
                c.claim is null or (c.stamp_at, c.stamp_version, c.stamp_arrival)
                    <= (o.weight_at, o.weight_version, o.weight_arrival)
            )
            order by o.noted_at, o.claim limit $3
        )
        union all
        (
            select s.withdrawn_at, s.claim, s.reason, null, s.event_id, s.tried_at,
                coalesce(b.root, c.owner)
            from cdp.sent_home s left join cdp.claim c on c.claim = s.claim
                left join cdp.base_individual b on b.id = c.owner
            where s.withdrawn_at is not null and s.reason is not null
                and (s.withdrawn_at, s.claim) > ($1, $2)
            order by s.withdrawn_at, s.claim limit $3
        )
        order by 1, 2 limit $3
        """;

    public Task<ImmutableArray<HistoryEntry>> HistoryAsync(
        string individual,
        long before,
        int limit,
        CancellationToken cancel
    )
    {
        return sources
            .Storage.CreateCommand(History)
            .With(individual)
            .With(before)
            .With(limit)
            .RowsAsync(
                row => new HistoryEntry
                {
                    Number = row.GetInt64(0),
                    At = row.Instant(1),
                    What = row.GetString(2),
                    Individual = row.GetString(3),
                    Other = row.Text(4),
                    Link = row.Text(5),
                    Rule = row.Text(6),
                    EventId = row.Text(7),
                    Decision = row.Number(8),
                    Author = row.Text(9),
                    Reason = row.Text(10),
                },
                cancel
            );
    }

    public Task<ImmutableArray<LinkReason>> ReasonsAsync(
        IReadOnlyCollection<LinkKey> links,
        CancellationToken cancel
    )
    {
        Dictionary<string, LinkKey> wanted = links.ToDictionary(ClaimKeys.Of);
        return sources
            .Storage.CreateCommand(Reasons)
            .With(wanted.Keys.ToArray())
            .RowsAsync(
                row => new LinkReason(
                    wanted[row.GetString(0)],
                    row.GetString(1),
                    new ClaimCause(row.Text(2), row.Text(3)),
                    row.InstantOrNull(4)
                ),
                cancel
            );
    }

    public Task<ImmutableArray<ConflictListing>> ConflictsAsync(
        ConflictKey? after,
        int limit,
        CancellationToken cancel
    )
    {
        return sources
            .Storage.CreateCommand(Conflicts)
            .With((after?.NotedAt ?? DateTimeOffset.UnixEpoch).ToUniversalTime())
            .With(after?.First ?? "")
            .With(after?.Second ?? "")
            .With(limit)
            .RowsAsync(
                row =>
                {
                    string[] links = row.Texts(8);
                    string[] events = row.Texts(9);
                    return new ConflictListing
                    {
                        Key = new(row.Instant(0), row.GetString(1), row.GetString(2)),
                        Reason = row.GetString(3),
                        FirstName = row.GetString(4),
                        SecondName = row.GetString(5),
                        FirstRoot = row.GetString(6),
                        SecondRoot = row.GetString(7),
                        Evidence = [.. links.Zip(events, (link, e) => new LinkStatement(link, e))],
                    };
                },
                cancel
            );
    }

    public Task<ImmutableArray<OpenDecisionListing>> OpenAsync(
        OpenDecisionKey? after,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Open)
            .With((after?.NotedAt ?? DateTimeOffset.UnixEpoch).ToUniversalTime())
            .With(after is null ? "" : ClaimKeys.Of(after.Link))
            .With(limit)
            .RowsAsync(
                row => new OpenDecisionListing
                {
                    Key = new(row.Instant(0), ClaimKeys.LinkOf(row.GetString(1))!.Value),
                    Reason = row.GetString(2),
                    EventId = row.IsDBNull(3)
                        ? row.Text(4)
                        : codec.Decode(row.Bytes(3)).Events[0].EventId,
                    TriedAt = row.Instant(5),
                    Individual = row.Text(6),
                },
                cancel
            );
}
