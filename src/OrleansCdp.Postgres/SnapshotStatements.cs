using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>
/// The statement that saves a group of states. There are four: many groups change states alone, others parts of
/// them too, few memberships of segments, and none pays for what it does not use.
/// </summary>
internal sealed class SnapshotStatements(DataSources sources, LogShape shape) : ISnapshotStatements
{
    // A true compare-and-set: a test for "older" would let a stale activation with a higher counter overwrite.
    // Ids are sorted by the caller, so that two silos lock them in the same order.
    private const string Upsert = """
        with input as materialized (
            select * from unnest($1, $2, $3, $4) as i(id, prev_ver, ver, data)
        ), won as materialized (
            insert into cdp.snapshot as s (id, prev_ver, ver, data)
            select i.id, i.prev_ver, i.ver, i.data from input i
            where i.prev_ver = 0 or exists (select from cdp.snapshot o where o.id = i.id)
            on conflict (id) do update
                set prev_ver = excluded.prev_ver, ver = excluded.ver, data = excluded.data
                where s.ver = excluded.prev_ver
            returning id, prev_ver
        )
        """;

    private const string SaveStates = $"""
        {Upsert}
        select id from won
        """;

    private const string Parts = """
        , written as (
            insert into cdp.snapshot_part (id, part, data)
            select p.id, p.part, p.data
            from unnest($5, $6, $7) as p(id, part, data) join won w on w.id = p.id
            on conflict (id, part) do update set data = excluded.data
        ), unwritten as (
            delete from cdp.snapshot_part p
            using unnest($8, $9) as r(id, part), won w
            where p.id = r.id and p.part = r.part and w.id = r.id
        )
        """;

    private const string SaveParts = $"""
        {Upsert}
        {Parts}
        select id from won
        """;

    private const string All = $"""
        {Upsert}
        {Parts}
        , counted as (
            insert into cdp.snapshot_count as t (prefix, slot, count)
            select left(w.id, 4), $10, count(*) from won w where w.prev_ver = 0
            group by 1 order by 1
            on conflict (prefix, slot) do update set count = t.count + excluded.count
        ), unnamed as (
            delete from cdp.identifier n
            using unnest($11, $12, $13) as r(id, type, value), won w
            where n.id = r.id and n.type = r.type and n.value = r.value and w.id = r.id
        ), named as (
            insert into cdp.identifier (id, type, value)
            select a.id, a.type, a.value
            from unnest($14, $15, $16) as a(id, type, value) join won w on w.id = a.id
            order by a.type, a.value, a.id
            on conflict do nothing
        ), claims as materialized (
            select c.claim, t.holder, t.owner,
                case when t.rule is null and c.anchored_by = $46 then $46 else t.rank end as rank,
                coalesce(t.rule, c.rule) as rule,
                case when t.rule is null then c.event_id else t.event_id end as event_id
            from unnest($17, $18, $25, $26, $40, $41, $42, $45)
                as t(id, claim, holder, rank, owner, rule, event_id, match)
                join won w on w.id = t.id
                join cdp.claim c on c.claim = t.claim and c.owner = t.holder
                    and (c.anchored_by >= $46 or not t.match)
            order by c.claim for update of c
        ), taken as (
            update cdp.claim c
            set owner = t.owner, anchored_by = t.rank, rule = t.rule, event_id = t.event_id
            from claims t where c.claim = t.claim
        ), remembered as (
            insert into cdp.identity_history (individual, other, what, link, rule, event_id)
            select t.owner, t.holder, 'link_moved', substr(t.claim, 6), t.rule, t.event_id
            from claims t where t.claim like 'link:%'
        ), moved as (
            insert into cdp.moved_individual (id)
            select distinct m.id
            from unnest($43, $44) as t(id, other)
                join won w on w.id = t.id
                cross join lateral (values (t.id), (t.other)) as m(id)
            order by 1 on conflict do nothing
        ), superseded as (
            delete from cdp.outbox p
            using unnest($19, $20, $21) as o(id, topic, seq), won w
            where p.id = o.id and p.topic = o.topic and p.seq <> o.seq and w.id = o.id
                and o.topic like 'enrichments/%'
        ), told as (
            insert into cdp.outbox (id, topic, seq, payload)
            select o.id, o.topic, o.seq, o.payload
            from unnest($19, $20, $21, $22) as o(id, topic, seq, payload)
                join won w on w.id = o.id
            on conflict (id, topic, seq) do update set payload = excluded.payload
                where excluded.topic like 'enrichments/%'
        ), due as (
            insert into cdp.due as t (id, due_at, slice)
            select d.id, d.due_at, d.slice
            from unnest($23, $24, $47) as d(id, due_at, slice) join won w on w.id = d.id
            order by d.id
            {DueStore.OnConflict}
        ), fates as materialized (
            select f.* from unnest($27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
                as f(id, lane, partition, seq, kind, code, stream, message, payload, truncated, at)
                join won w on w.id = f.id
        ), noted as (
            insert into cdp.event_fate (lane, partition, seq, kind, code)
            select lane, partition, seq, kind, code from fates
            on conflict do nothing
        ), refused as (
            insert into cdp.quarantine
                (stream, code, message, origin, payload, truncated, at, lane, partition, seq)
            select stream, code, message, $38, payload, truncated, at, lane, partition, seq
            from fates where payload is not null
            on conflict (lane, partition, seq) where seq is not null do nothing
            returning stream, code
        ), refusals as (
            {CountSlots.Add}
            select stream, $39, code, $10, count(*) from refused group by 1, 3 order by 1, 3
            {CountSlots.Sum}
        )
        """;

    private const string SaveAll = $"""
        {All}
        select id from won
        """;

    private const string SaveMemberships = $"""
        {All}
        {MembershipWriting.Statement}
        select id from won
        """;

    // One statement sees states and their parts at one instant.
    private const string Load = """
        select id, ver, data, null as part from cdp.snapshot where id = any($1)
        union all
        select id, 0, data, part from cdp.snapshot_part where id = any($1)
        """;

    public async Task<HashSet<string>> SaveAsync(SnapshotWrite[] writes, int saver)
    {
        Array.Sort(writes, static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        bool plain = Array.TrueForAll(writes, IsPlain);
        bool whole = Array.TrueForAll(writes, HasNoParts);
        bool changes = Array.Exists(writes, w => !w.MembershipChanges.IsEmpty);
        await using NpgsqlCommand command = sources.Storage.CreateCommand(
            changes ? SaveMemberships
            : !plain ? SaveAll
            : whole ? SaveStates
            : SaveParts
        );
        command
            .With(Array.ConvertAll(writes, w => w.Id))
            .With(Array.ConvertAll(writes, w => w.PreviousVersion))
            .With(Array.ConvertAll(writes, w => w.Version))
            .With(Array.ConvertAll(writes, w => w.Data));
        if (!plain || !whole)
        {
            BindParts(command, writes);
        }

        if (!plain)
        {
            BindRest(command, writes, CountSlots.Of(saver));
        }

        if (changes)
        {
            MembershipWriting.Bind(command, writes);
        }

        HashSet<string> won = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            won.Add(reader.GetString(0));
        }

        await reader.CloseAsync();
        return won;
    }

    public async Task<Dictionary<string, Snapshot>> LoadAsync(string[] ids)
    {
        Dictionary<string, (long Version, byte[] Data)> states = [];
        Dictionary<string, ImmutableArray<SnapshotPart>.Builder> parts = [];
        await using NpgsqlCommand command = sources.Storage.CreateCommand(Load).With(ids);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            string id = reader.GetString(0);
            if (reader.Text(3) is not { } part)
            {
                states.Add(id, (reader.GetInt64(1), reader.Bytes(2)));
                continue;
            }

            if (!parts.TryGetValue(id, out var apart))
            {
                parts.Add(id, apart = ImmutableArray.CreateBuilder<SnapshotPart>());
            }

            apart.Add(new SnapshotPart(part, reader.Bytes(2)));
        }

        return states.ToDictionary(
            state => state.Key,
            state => new Snapshot(
                state.Value.Version,
                state.Value.Data,
                parts.TryGetValue(state.Key, out var apart) ? apart.ToImmutable() : []
            )
        );
    }

    private static bool IsPlain(SnapshotWrite write) =>
        write.PreviousVersion != 0
        && write.IdentifiersAdded.IsEmpty
        && write.IdentifiersRemoved.IsEmpty
        && write.ClaimsTaken.IsEmpty
        && write.MovedWith is null
        && write.Outbox.IsEmpty
        && write.MembershipChanges.IsEmpty
        && write.Fates.IsEmpty
        && write.DueAt is null;

    private static bool HasNoParts(SnapshotWrite write) =>
        write.PartsWritten.IsEmpty && write.PartsRemoved.IsEmpty;

    private static void BindParts(NpgsqlCommand command, SnapshotWrite[] writes)
    {
        (string Id, SnapshotPart Part)[] written =
        [
            .. writes.SelectMany(w => w.PartsWritten, (w, part) => (w.Id, part)),
        ];
        (string Id, string Part)[] removed =
        [
            .. writes.SelectMany(w => w.PartsRemoved, (w, part) => (w.Id, part)),
        ];
        command
            .With(Array.ConvertAll(written, row => row.Id))
            .With(Array.ConvertAll(written, row => row.Part.Key))
            .With(Array.ConvertAll(written, row => row.Part.Data))
            .With(Array.ConvertAll(removed, row => row.Id))
            .With(Array.ConvertAll(removed, row => row.Part));
    }

    private static void BindIdentifiers(
        NpgsqlCommand command,
        IEnumerable<(string Id, string Type, string Value)> identifiers
    )
    {
        (string Id, string Type, string Value)[] rows = [.. identifiers.Distinct()];
        command
            .With(Array.ConvertAll(rows, row => row.Id))
            .With(Array.ConvertAll(rows, row => row.Type))
            .With(Array.ConvertAll(rows, row => row.Value));
    }

    /// <summary>
    /// What is added again under another flag must not be removed: both happen in one statement, which does not
    /// see its own changes.
    /// </summary>
    private static IEnumerable<Identifier> RemovedOf(SnapshotWrite write) =>
        write.IdentifiersRemoved.Where(removed =>
            !write.IdentifiersAdded.Any(added =>
                added.Type == removed.Type && added.Value == removed.Value
            )
        );

    private void BindRest(NpgsqlCommand command, SnapshotWrite[] writes, int slot)
    {
        command.With(slot);
        BindIdentifiers(
            command,
            writes.SelectMany(w => RemovedOf(w).Select(i => (w.Id, i.Type, i.Value)))
        );
        BindIdentifiers(
            command,
            writes.SelectMany(w => w.IdentifiersAdded.Select(i => (w.Id, i.Type, i.Value)))
        );
        (SnapshotWrite By, string Claim)[] claims =
        [
            .. writes.SelectMany(w => w.ClaimsTaken.Select(claim => (w, claim))),
        ];
        (string Id, OutboxRow Row)[] outbox =
        [
            .. writes.SelectMany(w => w.Outbox.Select(row => (w.Id, row))),
        ];
        SnapshotWrite[] due = [.. writes.Where(w => w.DueAt is not null)];
        command
            .With(Array.ConvertAll(claims, claim => claim.By.Id))
            .With(Array.ConvertAll(claims, claim => claim.Claim))
            .With(Array.ConvertAll(outbox, row => row.Id))
            .With(Array.ConvertAll(outbox, row => row.Row.Topic))
            .With(Array.ConvertAll(outbox, row => row.Row.Sequence))
            .With(Array.ConvertAll(outbox, row => row.Row.Payload))
            .With(Array.ConvertAll(due, w => w.Id))
            .With(Array.ConvertAll(due, w => w.DueAt!.Value.ToUniversalTime()))
            .With(Array.ConvertAll(claims, claim => claim.By.ClaimsTakenFrom ?? ""))
            .With(Array.ConvertAll(claims, claim => claim.By.ClaimsRank));
        BindFates(command, writes);
        BindMoves(command, writes);
        command.With(Array.ConvertAll(due, w => Partitions.Of(w.Id, shape.PartitionCount)));
    }

    private static void BindFates(NpgsqlCommand command, SnapshotWrite[] writes)
    {
        (string Id, EventFate Fate)[] rows =
        [
            .. writes.SelectMany(w => w.Fates, (w, fate) => (w.Id, fate)),
        ];
        command
            .With(Array.ConvertAll(rows, row => row.Id))
            .With(Array.ConvertAll(rows, row => (short)row.Fate.Position.Lane))
            .With(Array.ConvertAll(rows, row => row.Fate.Position.Partition))
            .With(Array.ConvertAll(rows, row => row.Fate.Position.Sequence))
            .With(Array.ConvertAll(rows, row => (short)row.Fate.Outcome.Kind))
            .With(Array.ConvertAll(rows, row => row.Fate.Outcome.Code!))
            .With(Array.ConvertAll(rows, row => row.Fate.Kept?.Stream))
            .With(Array.ConvertAll(rows, row => row.Fate.Kept?.Message))
            .With(Array.ConvertAll(rows, row => row.Fate.Kept?.Payload))
            .With(Array.ConvertAll(rows, row => row.Fate.Kept?.Truncated))
            .With(Array.ConvertAll(rows, row => row.Fate.Kept?.At.ToUniversalTime()))
            .With((short)QuarantineOrigin.Event)
            .With((short)CountKind.Quarantined);
    }

    private static void BindMoves(NpgsqlCommand command, SnapshotWrite[] writes)
    {
        SnapshotWrite[] takers = [.. writes.SelectMany(w => w.ClaimsTaken.Select(_ => w))];
        SnapshotWrite[] moved = [.. writes.Where(w => w.MovedWith is not null)];
        command
            .With(Array.ConvertAll(takers, w => w.ClaimsOwner ?? w.Id))
            .With(Array.ConvertAll(takers, w => w.ClaimsCause.Rule))
            .With(Array.ConvertAll(takers, w => w.ClaimsCause.EventId))
            .With(Array.ConvertAll(moved, w => w.Id))
            .With(Array.ConvertAll(moved, w => w.MovedWith!))
            .With(Array.ConvertAll(takers, w => w.ClaimsCause.IsMatch))
            .With(AnchorPolicy.Matched);
    }
}
