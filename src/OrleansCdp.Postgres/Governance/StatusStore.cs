using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Counts and positions. Reads small tables only, however many states there are.</summary>
internal sealed class StatusStore(DataSources sources, SnapshotWriter writer) : IStatusStore
{
    private const string Add = $"""
        {CountSlots.Add}
        select stream, kind, reason, $5, sum(count)
        from unnest($1, $2, $3, $4) as c(stream, kind, reason, count)
        group by 1, 2, 3 order by 1, 2, 3
        {CountSlots.Sum}
        """;

    private const string ReadPartitions = """
        select h.partition, h.lane, h.next_seq - 1, k.seq, k.owner, h.owner,
            k.redelivered, k.quarantined, h.epoch, k.epoch
        from cdp.ingest_head h join cdp.ingest_checkpoint k using (lane, partition)
        order by h.partition, h.lane
        """;

    private const string ReadCounts = """
        select stream, kind, reason, sum(count)::bigint from cdp.event_count
        group by 1, 2, 3 having sum(count) <> 0 order by 1, 2, 3
        """;

    private const string ReadStates = """
        select prefix, sum(count)::bigint from cdp.snapshot_count group by prefix
        """;

    // As far as is worth counting: both tables may have millions of rows.
    private const string ReadBacklog = """
        select
            (select count(*)::int from
                (select 1 from cdp.due where due_at <= now() limit $1) as due),
            (select count(*)::int from (select 1 from cdp.outbox limit $1) as waiting)
        """;

    private const string ReadStuckMerges = """
        select c.reason, count(*)::int from cdp.base_individual b
            join cdp.merge_conflict c on c.first = b.id and c.second = b.id
        where b.live and not b.settled and c.settled_at is null
        group by c.reason order by c.reason
        """;

    public int SavesWaiting => writer.Waiting;

    public async Task CountAsync(IReadOnlyCollection<EventCount> counts, CancellationToken cancel)
    {
        EventCount[] rows = [.. counts];
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Add)
            .With(Array.ConvertAll(rows, row => row.Stream))
            .With(Array.ConvertAll(rows, row => (short)row.Kind))
            .With(Array.ConvertAll(rows, row => row.Reason))
            .With(Array.ConvertAll(rows, row => row.Count))
            .With(CountSlots.Own);
        await Commands.RetryConflictsAsync(() => command.ExecuteNonQueryAsync(cancel));
    }

    public async Task<ClusterStatus> ReadAsync(CancellationToken cancel)
    {
        await using NpgsqlBatch batch = sources.Storage.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadPartitions));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadCounts));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadStates));
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(ReadBacklog).With((long)ClusterStatus.BacklogCountMax)
        );
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadStuckMerges));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        ImmutableArray<PartitionStatus> partitions = await PartitionsAsync(reader, cancel);
        await reader.NextResultAsync(cancel);
        var counts = ImmutableArray.CreateBuilder<EventCount>();
        while (await reader.ReadAsync(cancel))
        {
            CountKind kind = (CountKind)reader.GetInt16(1);
            counts.Add(
                new EventCount(reader.GetString(0), kind, reader.GetString(2), reader.GetInt64(3))
            );
        }

        await reader.NextResultAsync(cancel);
        Dictionary<string, long> states = [];
        while (await reader.ReadAsync(cancel))
        {
            states[reader.GetString(0)] = reader.GetInt64(1);
        }

        await reader.NextResultAsync(cancel);
        await reader.ReadAsync(cancel);
        (int due, int outbox) = (reader.GetInt32(0), reader.GetInt32(1));
        await reader.NextResultAsync(cancel);
        var stuck = ImmutableArray.CreateBuilder<StuckMerges>();
        while (await reader.ReadAsync(cancel))
        {
            stuck.Add(new StuckMerges(reader.GetString(0), reader.GetInt32(1)));
        }

        return new ClusterStatus
        {
            Partitions = partitions,
            Counts = counts.ToImmutable(),
            Silos = [],
            Definitions = 0,
            Individuals = states.GetValueOrDefault(SubjectIds.IndividualPrefix),
            Accounts = states.GetValueOrDefault(SubjectIds.AccountPrefix),
            DueWaiting = due,
            OutboxWaiting = outbox,
            StuckMerges = stuck.ToImmutable(),
        };
    }

    public async Task<ImmutableArray<PartitionStatus>> PartitionsAsync(CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources.Storage.CreateCommand(ReadPartitions);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        return await PartitionsAsync(reader, cancel);
    }

    private static async Task<ImmutableArray<PartitionStatus>> PartitionsAsync(
        NpgsqlDataReader reader,
        CancellationToken cancel
    )
    {
        var partitions = ImmutableArray.CreateBuilder<PartitionStatus>();
        while (await reader.ReadAsync(cancel))
        {
            partitions.Add(
                new PartitionStatus
                {
                    Partition = reader.GetInt32(0),
                    Lane = (Lane)reader.GetInt16(1),
                    Head = reader.GetInt64(2),
                    Checkpoint = reader.GetInt64(3),
                    Reader = reader.Text(4),
                    Writer = reader.Text(5),
                    Redelivered = reader.GetInt64(6),
                    Quarantined = reader.GetInt64(7),
                    WriterEpoch = reader.GetInt64(8),
                    ReaderEpoch = reader.GetInt64(9),
                }
            );
        }

        return partitions.ToImmutable();
    }
}
