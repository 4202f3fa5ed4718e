using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Figures of identity, and which limits are met.</summary>
internal sealed class FigureStore(DataSources sources) : IFigureStore
{
    private const int ForgottenMax = 5_000;

    // One silo at a time, and the others do not wait for it: they show what was counted before.
    private const string Take = """
        update cdp.identity_count set counted_at = now() where once = (
            select once from cdp.identity_count where counted_at <= now() - $1
            for update skip locked
        )
        """;

    private const string Spaces = """
        space as (
            select space, ruleset from cdp.match_space
            where successor_of is null and replaced_by is null
        )
        """;

    // Each by an index that holds what is counted and little more.
    private const string Count = $"""
        with {Spaces}, counted as (
            select '{Figures.Conflicts}' as figure, reason as label, count(*) as value
            from cdp.merge_conflict where settled_at is null group by reason
            union all
            select '{Figures.OpenDecisions}', reason, count(*) from (
                select reason from cdp.open_decision
                union all
                select reason from cdp.sent_home
                where withdrawn_at is not null and reason is not null
            ) o group by reason
            union all
            select '{Figures.Unresolved}', s.ruleset, (
                select count(*) from cdp.match_record r
                where r.space = s.space and r.group_id is not null and r.individual is null
            ) from space s
            union all
            select '{Figures.SoftLinks}', s.ruleset, (
                select count(*) from cdp.match_record r
                where r.space = s.space and r.group_id is not null and r.individual is null
                    and (
                        exists (
                            select from cdp.match_edge e join cdp.match_record i on i.id = e.b
                            where e.a = coalesce(r.twin, r.id) and i.owner = i.subject
                        )
                        or exists (
                            select from cdp.match_edge e join cdp.match_record i on i.id = e.a
                            where e.b = coalesce(r.twin, r.id) and i.owner = i.subject
                        )
                    )
            ) from space s
            union all
            select '{Figures.SharedIdentifiers}', s.ruleset, (
                select count(*) from cdp.match_guard g where g.space = s.space and g.guarded
            ) from space s
            union all
            select '{Figures.ClosedKeys}', s.ruleset, (
                select count(*) from cdp.match_bucket b where b.space = s.space
            ) from space s
            union all
            select '{Figures.Growing}', s.ruleset, (
                select count(*) from cdp.match_growth g
                where g.space = s.space and g.links > {Unusual}
                    and g.day = (now() at time zone 'utc')::date
            ) from space s
            union all
            select '{Figures.OverIdentifiers}', '', count(*) from cdp.limit_alarm
            where kind = '{nameof(LimitKind.Identifiers)}'
            union all
            select '{Figures.IdChanges}', '', count(*) from cdp.identity_history h
            where h.what = 'anchor_moved' and h.at > now() - interval '1 day' and not exists (
                select from cdp.identity_history m
                where m.what in ('merged', 'unmerged')
                    and (
                        (m.individual = h.individual and m.other = h.other)
                        or (m.individual = h.other and m.other = h.individual)
                    )
            )
        ), gone as (
            delete from cdp.identity_figure f where not exists (
                select from counted c where c.figure = f.figure and c.label = f.label
            )
        )
        insert into cdp.identity_figure as f (figure, label, value)
        select figure, label, value from counted
        on conflict (figure, label) do update set value = excluded.value
        """;

    private const string ForgetGrowth = """
        delete from cdp.match_growth where ctid = any(array(
            select ctid from cdp.match_growth
            where day < (now() at time zone 'utc')::date - 7 limit $1
        ))
        """;

    private const string ForgetAlarms = """
        delete from cdp.limit_alarm where (kind, space, subject) in (
            select kind, space, subject from cdp.limit_alarm order by last_at desc offset $1 limit $2
        )
        """;

    private const string Read = "select figure, label, value from cdp.identity_figure";

    private const string Note = """
        insert into cdp.limit_alarm as a (kind, space, subject, amount, detail)
        select * from unnest($1, $2, $3, $4, $5) as i(kind, space, subject, amount, detail)
        order by i.kind, i.space, i.subject
        on conflict (kind, space, subject) do update
            set amount = greatest(a.amount, excluded.amount), times = a.times + 1,
                last_at = now(), detail = excluded.detail
        """;

    // Limits.LinksPerDayMax, spelt out so that the index is used that has it.
    private const string Unusual = "50";

    private const string SharedIdentifiers = $"""
        with {Spaces}
        select s.space, s.ruleset, g.value, g.field, (
            select count(*) from (
                select from cdp.match_identifier i
                where i.space = g.space and i.identifier = g.identifier and i.individual limit 1000
            ) c
        ), g.at, g.identifier::text
        from space s join cdp.match_guard g on g.space = s.space and g.guarded
        where (g.space, g.identifier) > ($1, coalesce(nullif($2, '')::bigint, 0))
        order by g.space, g.identifier limit $3
        """;

    private const string ClosedKeys = $"""
        with {Spaces}
        select s.space, s.ruleset, to_hex(b.key_hash), (
            select r.subject from cdp.match_key k join cdp.match_record r on r.id = k.record_id
            where k.space = b.space and k.key_hash = b.key_hash limit 1
        ), b.records, b.closed_at, b.key_hash::text
        from space s join cdp.match_bucket b on b.space = s.space
        where (b.space, b.key_hash) > ($1, coalesce(nullif($2, '')::bigint, 0))
        order by b.space, b.key_hash limit $3
        """;

    private const string Alarms = """
        select a.space, coalesce(s.ruleset, ''), a.subject, a.detail, a.amount, a.last_at, a.subject
        from cdp.limit_alarm a
            left join cdp.match_space s on s.space = a.space
        where a.kind = $4 and (a.space, a.subject) > ($1, $2)
            and (a.space = 0 or (s.successor_of is null and s.replaced_by is null))
        order by a.space, a.subject limit $3
        """;

    private const string Growth = $"""
        with {Spaces}
        select s.space, s.ruleset, g.individual, null::text, g.links,
            g.day::timestamp at time zone 'utc', g.individual || ' ' || g.day
        from space s join cdp.match_growth g on g.space = s.space and g.links > {Unusual}
        where (g.space, (g.individual || ' ' || g.day) collate "C") > ($1, $2)
        order by g.space, (g.individual || ' ' || g.day) collate "C" limit $3
        """;

    public async Task<bool> CountAsync(TimeSpan period, CancellationToken cancel)
    {
        await using NpgsqlConnection connection = await sources.Storage.OpenConnectionAsync(cancel);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancel);
        await using (
            NpgsqlCommand take = new NpgsqlCommand(Take, connection, transaction).With(period)
        )
        {
            if (await take.ExecuteNonQueryAsync(cancel) == 0)
            {
                return false;
            }
        }

        await using (NpgsqlBatch batch = new(connection, transaction))
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Count));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(ForgetGrowth).With(ForgottenMax));
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(ForgetAlarms).With(Limits.AlarmsMax).With(ForgottenMax)
            );
            batch.Timeout = 0; // As long as there are records; it is done by one silo, now and then.
            await batch.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        return true;
    }

    public Task<ImmutableArray<IdentityFigure>> ReadAsync(CancellationToken cancel) =>
        sources
            .Storage.CreateCommand(Read)
            .RowsAsync(
                static row => new IdentityFigure(
                    row.GetString(0),
                    row.GetString(1),
                    row.GetInt64(2)
                ),
                cancel
            );

    public async Task NoteAsync(IReadOnlyCollection<LimitAlarm> alarms, CancellationToken cancel)
    {
        LimitAlarm[] noted = [.. alarms.DistinctBy(one => (one.Kind, one.Space, one.Subject))];
        if (noted.Length == 0)
        {
            return;
        }

        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Note)
            .With(Array.ConvertAll(noted, one => one.Kind.ToString()))
            .With(Array.ConvertAll(noted, one => one.Space))
            .With(Array.ConvertAll(noted, one => one.Subject))
            .With(Array.ConvertAll(noted, one => one.Amount))
            .With(Array.ConvertAll(noted, one => one.Detail));
        await command.ExecuteNonQueryAsync(cancel);
    }

    public Task<ImmutableArray<MetLimit>> ListAsync(
        LimitKind kind,
        LimitCursor? after,
        int limit,
        CancellationToken cancel
    )
    {
        NpgsqlCommand command = sources
            .Storage.CreateCommand(StatementOf(kind))
            .With(after?.Space ?? -1)
            .With(after?.Place ?? "")
            .With(limit);
        if (kind is LimitKind.Component or LimitKind.Identifiers)
        {
            command = command.With(kind.ToString());
        }

        return command.RowsAsync(
            static row => new MetLimit(row.GetInt32(0), row.GetString(1), row.GetString(2))
            {
                Detail = row.Text(3),
                Amount = row.GetInt64(4),
                At = row.Instant(5),
                Place = row.GetString(6),
            },
            cancel
        );
    }

    private static string StatementOf(LimitKind kind) =>
        kind switch
        {
            LimitKind.SharedIdentifier => SharedIdentifiers,
            LimitKind.ClosedKey => ClosedKeys,
            LimitKind.Growth => Growth,
            _ => Alarms,
        };
}
