using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>What stewards ask for: what happened, why, and what contradicts itself.</summary>
internal sealed class StewardLists(DataSources sources)
{
    private const int EvidenceMax = 5;

    private const string History = """
        select h.id, h.at, h.what, h.individual, h.other, h.link, h.rule, h.event_id, h.decision,
            coalesce(case when h.what = 'unmerged' then d.withdrawn_by end, d.author),
            coalesce(case when h.what = 'unmerged' then d.withdrawn_reason end, d.reason)
        from (
            select * from cdp.identity_history where individual = $1 and id < $2
            union
            select * from cdp.identity_history where other = $1 and id < $2
        ) h left join cdp.steward_decision d on d.id = h.decision
        order by h.id desc limit $3
        """;

    private const string Reasons = """
        select claim, owner, rule, event_id, since from cdp.claim where claim = any($1)
        """;

    private static readonly string Conflicts = $"""
        select c.noted_at, c.first, c.second, c.reason, coalesce(f.name, ''), coalesce(s.name, ''),
            coalesce(f.root, c.first), coalesce(s.root, c.second), e.links, e.events
        from cdp.merge_conflict c
            left join cdp.base_individual f on f.id = c.first
            left join cdp.base_individual s on s.id = c.second
            cross join lateral (
                select array_agg(x.link) as links, array_agg(x.event_id) as events from (
                    select a.link, a.event_id from cdp.anchor_statement a
                        join cdp.anchor_statement b on b.link = a.link and b.base = c.second
                    where a.base = c.first order by a.link limit {EvidenceMax}
                ) x
            ) e
        where c.settled_at is null and (c.noted_at, c.first, c.second) > ($1, $2, $3)
        order by c.noted_at, c.first, c.second limit $4
        """;

    public async Task<ImmutableArray<HistoryEntry>> HistoryAsync(
        string individual,
        long before,
        int limit,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(History)
            .With(individual)
            .With(before)
            .With(limit);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        var entries = ImmutableArray.CreateBuilder<HistoryEntry>();
        while (await reader.ReadAsync(cancel))
        {
            entries.Add(
                new HistoryEntry
                {
                    Number = reader.GetInt64(0),
                    At = reader.Instant(1),
                    What = reader.GetString(2),
                    Individual = reader.GetString(3),
                    Other = reader.Text(4),
                    Link = reader.Text(5),
                    Rule = reader.Text(6),
                    EventId = reader.Text(7),
                    Decision = reader.Number(8),
                    Author = reader.Text(9),
                    Reason = reader.Text(10),
                }
            );
        }

        return entries.ToImmutable();
    }

    public async Task<ImmutableArray<LinkReason>> ReasonsAsync(
        IReadOnlyCollection<LinkKey> links,
        CancellationToken cancel
    )
    {
        Dictionary<string, LinkKey> wanted = links.ToDictionary(ClaimKeys.Of);
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Reasons)
            .With(wanted.Keys.ToArray());
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        var reasons = ImmutableArray.CreateBuilder<LinkReason>();
        while (await reader.ReadAsync(cancel))
        {
            reasons.Add(
                new LinkReason(
                    wanted[reader.GetString(0)],
                    reader.GetString(1),
                    new ClaimCause(reader.Text(2), reader.Text(3)),
                    reader.InstantOrNull(4)
                )
            );
        }

        return reasons.ToImmutable();
    }

    public async Task<ImmutableArray<ConflictListing>> ConflictsAsync(
        ConflictKey? after,
        int limit,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Conflicts)
            .With((after?.NotedAt ?? DateTimeOffset.UnixEpoch).ToUniversalTime())
            .With(after?.First ?? "")
            .With(after?.Second ?? "")
            .With(limit);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        var conflicts = ImmutableArray.CreateBuilder<ConflictListing>();
        while (await reader.ReadAsync(cancel))
        {
            string[] links = reader.Texts(8);
            string[] events = reader.Texts(9);
            conflicts.Add(
                new ConflictListing
                {
                    Key = new(reader.Instant(0), reader.GetString(1), reader.GetString(2)),
                    Reason = reader.GetString(3),
                    FirstName = reader.GetString(4),
                    SecondName = reader.GetString(5),
                    FirstRoot = reader.GetString(6),
                    SecondRoot = reader.GetString(7),
                    Evidence = [.. links.Zip(events, (link, e) => new LinkStatement(link, e))],
                }
            );
        }

        return conflicts.ToImmutable();
    }
}
