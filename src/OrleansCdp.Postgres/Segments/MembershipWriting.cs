using Npgsql;

namespace OrleansCdp.Segments;

/// <summary>Entries and exits in the statement that saves states: of those states that it saves.</summary>
internal static class MembershipWriting
{
    /// <summary>What it adds to the statement, in which <c>won</c> are the states that are saved.</summary>
    // A state that is made anew where nothing was known any more counts from 1 again: what it says takes the place of what stood
    // there, and is followed as something new.
    public const string Statement = """
        , changes as materialized (
            select c.* from unnest($48, $49, $50, $51, $52, $53, $54, $55, $56, $57)
                as c(individual, sequence, segment, tier, entered, version, at, cause, events, asked)
                join won w on w.id = c.individual
        ), changed as (
            insert into cdp.membership_changes (individual, sequence,
                segment, tier, entered, version, at, cause, events, asked)
            select individual, sequence,
                segment, tier, entered, version, at, cause, events::jsonb, asked::jsonb
            from changes order by individual, sequence
            on conflict (individual, sequence) do update set
                segment = excluded.segment, tier = excluded.tier, entered = excluded.entered,
                version = excluded.version, at = excluded.at, cause = excluded.cause,
                events = excluded.events, asked = excluded.asked,
                written_by = excluded.written_by, number = excluded.number
        ), latest as materialized (
            select distinct on (segment, individual) * from changes
            order by segment, individual, sequence desc
        ), joined as (
            insert into cdp.members (segment, individual, tier, since, version, sequence)
            select segment, individual, tier, at, version, sequence from latest where entered
            order by segment, individual
            on conflict (segment, individual) do update set
                tier = excluded.tier, since = excluded.since,
                version = excluded.version, sequence = excluded.sequence
        ), parted as (
            delete from cdp.members m using latest l
            where not l.entered and m.segment = l.segment and m.individual = l.individual
        )
        """;

    /// <summary>Binds what <see cref="Statement"/> needs.</summary>
    public static void Bind(NpgsqlCommand command, SnapshotWrite[] writes)
    {
        (string Id, MembershipChange Change)[] rows =
        [
            .. writes.SelectMany(w => w.MembershipChanges, (w, change) => (w.Id, change)),
        ];
        command
            .With(Array.ConvertAll(rows, row => row.Id))
            .With(Array.ConvertAll(rows, row => row.Change.Sequence))
            .With(Array.ConvertAll(rows, row => SegmentOrder.SegmentOf(row.Change.Segment)))
            .With(Array.ConvertAll(rows, row => SegmentOrder.TierOf(row.Change.Segment)))
            .With(Array.ConvertAll(rows, row => row.Change.Entered))
            .With(Array.ConvertAll(rows, row => row.Change.Version))
            .With(Array.ConvertAll(rows, row => row.Change.At.ToUniversalTime()))
            .With(Array.ConvertAll(rows, row => (short)row.Change.Cause))
            .With(Array.ConvertAll(rows, row => MembershipJson.Of(row.Change.Events)))
            .With(Array.ConvertAll(rows, row => MembershipJson.Of(row.Change.Values)));
    }
}
