using Npgsql;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>The one transaction that moves checkpoints and adds their counts.</summary>
internal sealed class CheckpointStatements(DataSources sources) : ICheckpointStatements
{
    private const string LockRows = """
        select 1 from cdp.ingest_checkpoint
        where (lane, partition) in (select * from unnest($1, $2))
        order by lane, partition
        for update
        """;

    // A checkpoint moves from exactly where its first chunk begins: nothing is passed over, and nothing is
    // counted twice when the answer to an earlier try was lost.
    private const string Write = $"""
        with input as materialized (
            select * from unnest($1, $2, $3, $4, $5, $13, $14)
                as i(lane, partition, epoch, first_seq, last_seq, redelivered, quarantined)
        ), moved as (
            update cdp.ingest_checkpoint k
            set seq = i.last_seq, redelivered = k.redelivered + i.redelivered,
                quarantined = k.quarantined + i.quarantined
            from input i
            where k.lane = i.lane and k.partition = i.partition
                and k.epoch = i.epoch and k.seq = i.first_seq - 1
            returning k.lane, k.partition, k.seq, k.redelivered, k.quarantined
        ), counted as (
            {CountSlots.Add}
            select c.stream, c.kind, c.reason, $12, sum(c.count)
            from unnest($6, $7, $8, $9, $10, $11)
                    as c(lane, partition, stream, kind, reason, count)
                join moved using (lane, partition)
            group by 1, 2, 3 order by 1, 2, 3
            {CountSlots.Sum}
        ), settled as (
            delete from cdp.event_fate f using moved m
            where f.lane = m.lane and f.partition = m.partition and f.seq <= m.seq
        )
        select k.lane, k.partition, k.epoch, coalesce(m.seq, k.seq),
            coalesce(m.redelivered, k.redelivered), coalesce(m.quarantined, k.quarantined)
        from cdp.ingest_checkpoint k
            join input using (lane, partition)
            left join moved m using (lane, partition)
        """;

    private const string Fates = """
        select seq, kind, code from cdp.event_fate
        where lane = $1 and partition = $2 and seq between $3 and $4
        """;

    public async Task<Dictionary<long, EventOutcome>> FatesAsync(
        EventChunk chunk,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Streams.CreateCommand(Fates)
            .With((short)chunk.Lane)
            .With(chunk.Partition)
            .With(chunk.FirstSequence)
            .With(chunk.LastSequence);
        Dictionary<long, EventOutcome> fates = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            fates[reader.GetInt64(0)] = new EventOutcome(
                (OutcomeKind)reader.GetInt16(1),
                reader.GetString(2)
            );
        }

        return fates;
    }

    public async Task<Dictionary<(Lane, int), CheckpointFound>> WriteAsync(
        List<LaneWrite> writes,
        CancellationToken cancel
    )
    {
        short[] lanes = [.. writes.Select(w => (short)w.Lane)];
        int[] partitions = [.. writes.Select(w => w.Partition)];
        (LaneWrite Write, EventCount Count)[] counts =
        [
            .. writes.SelectMany(w =>
                w.Chunks.SelectMany(c => c.Counts.Events.Select(n => (w, n)))
            ),
        ];
        await using NpgsqlBatch batch = sources.Streams.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockRows).With(lanes).With(partitions));
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(Write)
                .With(lanes)
                .With(partitions)
                .With(writes.ConvertAll(w => w.Epoch).ToArray())
                .With(writes.ConvertAll(w => w.First).ToArray())
                .With(writes.ConvertAll(w => w.Last).ToArray())
                .With(Array.ConvertAll(counts, c => (short)c.Write.Lane))
                .With(Array.ConvertAll(counts, c => c.Write.Partition))
                .With(Array.ConvertAll(counts, c => c.Count.Stream))
                .With(Array.ConvertAll(counts, c => (short)c.Count.Kind))
                .With(Array.ConvertAll(counts, c => c.Count.Reason))
                .With(Array.ConvertAll(counts, c => c.Count.Count))
                .With(CountSlots.Own)
                .With(writes.ConvertAll(w => w.Redelivered).ToArray())
                .With(writes.ConvertAll(w => w.Quarantined).ToArray())
        );
        Dictionary<(Lane, int), CheckpointFound> found = [];
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            found[((Lane)reader.GetInt16(0), reader.GetInt32(1))] = reader.Checkpoint(2);
        }

        await reader.CloseAsync();
        return found;
    }
}
