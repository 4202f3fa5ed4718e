using System.Buffers.Binary;
using Npgsql;
using Orleans.Runtime;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>The writer's statements.</summary>
internal sealed class LogCommits(DataSources sources, LogTables tables, ILocalSiloDetails silo)
    : ILogCommits
{
    private const int ReadKeysTimeoutSeconds = 300;

    // Rows are locked in one order everywhere. A statement of its own, so that the next one sees what a former
    // owner committed while we waited for its lock.
    private const string LockHeads = """
        select 1 from cdp.ingest_head
        where (lane, partition) in (select * from unnest($1, $2))
        order by lane, partition
        for update
        """;

    private const string Append = $"""
        with input as materialized (
            select * from unnest($1, $2, $3, $4, $5)
                as i(lane, partition, epoch, first_seq, count)
        ), refused as materialized (
            select distinct i.partition
            from input i left join cdp.ingest_head h using (lane, partition)
            where h.epoch is distinct from i.epoch or h.next_seq <> i.first_seq
        ), moved as (
            update cdp.ingest_head h set next_seq = i.first_seq + i.count
            from input i
            where h.lane = i.lane and h.partition = i.partition
                and i.partition not in (select partition from refused)
        ), written as (
            insert into cdp.ingest_chunk
                (lane, partition, first_seq, count, received_at, payload, subjects, event_keys)
            select c.lane, c.partition, c.first_seq, c.count, $6, c.payload,
                ($14::bigint[])[c.subject : c.subject + c.count - 1], c.event_keys
            from unnest($7, $8, $9, $10, $11, $12, $13)
                as c(lane, partition, first_seq, count, subject, payload, event_keys)
            where c.partition not in (select partition from refused)
        ), counted as (
            {CountSlots.Add}
            select c.stream, c.kind, '', $19, sum(c.count)
            from unnest($15, $16, $17, $18) as c(partition, stream, kind, count)
            where c.partition not in (select partition from refused)
            group by 1, 2 order by 1, 2
            {CountSlots.Sum}
        )
        select partition from refused
        """;

    private const string LockPartition = """
        select 1 from cdp.ingest_head where partition = $1 order by lane for update
        """;

    private const string TakeOver = """
        with taken as (
            update cdp.ingest_head set epoch = epoch + 1, owner = $2 where partition = $1
            returning lane, epoch, next_seq
        )
        select n.epoch, n.next_seq, l.next_seq, s.event_key_secret, kn.seq, kl.seq
        from taken n, taken l, cdp.log_shape s, cdp.ingest_checkpoint kn, cdp.ingest_checkpoint kl
        where n.lane = 0 and l.lane = 1
            and kn.lane = 0 and kn.partition = $1 and kl.lane = 1 and kl.partition = $1
        """;

    private const string ReadKeys = """
        select received_at, event_keys from cdp.ingest_chunk
        where lane in (0, 1) and partition = $1 and received_at >= $2
        """;

    public async Task<LogOwnership> AcquireAsync(int partition, CancellationToken cancel)
    {
        await using NpgsqlBatch batch = sources.Streams.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockPartition).With(partition));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(TakeOver).With(partition).With(silo.Name));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        if (!await reader.ReadAsync(cancel))
        {
            throw new ArgumentOutOfRangeException(
                nameof(partition),
                partition,
                "The log has no such partition."
            );
        }

        LogOwnership owned = new(
            reader.GetInt64(0),
            reader.GetInt64(1),
            reader.GetInt64(2),
            reader.GetInt64(3)
        )
        {
            NormalCheckpoint = reader.GetInt64(4),
            LowCheckpoint = reader.GetInt64(5),
        };
        await reader.CloseAsync(); // Reports what only the commit finds.
        return owned;
    }

    public async Task<HashSet<int>> CommitAsync(List<PendingAppend> group, DateTimeOffset now)
    {
        try
        {
            return await CommitOnceAsync(group, now);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // No table for today: a silo that slept over midnight. Nothing was written.
            await tables.CreateAsync(now, CancellationToken.None);
            return await CommitOnceAsync(group, now);
        }
    }

    public async Task ReadEventKeysAsync(
        int partition,
        DateTimeOffset since,
        Action<UInt128, DateTimeOffset> remember,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Streams.CreateCommand(ReadKeys)
            .With(partition)
            .With(since);
        command.CommandTimeout = ReadKeysTimeoutSeconds;
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            DateTimeOffset receivedAt = reader.Instant(0);
            byte[] keys = reader.Bytes(1);
            for (int i = 0; i < keys.Length; i += ChunkCodec.KeyBytes)
            {
                remember(BinaryPrimitives.ReadUInt128BigEndian(keys.AsSpan(i)), receivedAt);
            }
        }
    }

    private async Task<HashSet<int>> CommitOnceAsync(List<PendingAppend> group, DateTimeOffset now)
    {
        AppendArrays arrays = new(group);
        await using NpgsqlBatch batch = sources.Streams.CreateBatch();
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(LockHeads)
                .With(arrays.HeadLanes.ToArray())
                .With(arrays.HeadPartitions.ToArray())
        );
        batch.BatchCommands.Add(arrays.Bind(new NpgsqlBatchCommand(Append), now));
        HashSet<int> refused = [];
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        while (await reader.ReadAsync())
        {
            refused.Add(reader.GetInt32(0));
        }

        await reader.CloseAsync();
        return refused;
    }

    /// <summary>A group as columns.</summary>
    private sealed class AppendArrays
    {
        private readonly List<long> epochs = [];
        private readonly List<long> firsts = [];
        private readonly List<int> counts = [];
        private readonly List<short> lanes = [];
        private readonly List<int> partitions = [];
        private readonly List<EncodedChunk> chunks = [];
        private readonly (int Partition, EventCount Count)[] received;

        public AppendArrays(List<PendingAppend> group)
        {
            received =
            [
                .. group.SelectMany(
                    pending => pending.Append.Counts,
                    (pending, count) => (pending.Append.Partition, count)
                ),
            ];
            foreach (PendingAppend pending in group)
            {
                foreach ((Lane lane, List<EncodedChunk> encoded) in pending.Lanes)
                {
                    Add(pending.Append, lane, encoded);
                }
            }
        }

        public List<short> HeadLanes { get; } = [];

        public List<int> HeadPartitions { get; } = [];

        public NpgsqlBatchCommand Bind(NpgsqlBatchCommand command, DateTimeOffset now)
        {
            int[] subjects = new int[chunks.Count]; // from 1, as PostgreSQL counts
            for (int i = 0, next = 1; i < subjects.Length; next += chunks[i++].Subjects.Length)
            {
                subjects[i] = next;
            }

            return command
                .With(HeadLanes.ToArray())
                .With(HeadPartitions.ToArray())
                .With(epochs.ToArray())
                .With(firsts.ToArray())
                .With(counts.ToArray())
                .With(now)
                .With(lanes.ToArray())
                .With(partitions.ToArray())
                .With(chunks.ConvertAll(chunk => chunk.FirstSequence).ToArray())
                .With(chunks.ConvertAll(chunk => chunk.Events.Length).ToArray())
                .With(subjects)
                .With(chunks.ConvertAll(chunk => chunk.Payload).ToArray())
                .With(chunks.ConvertAll(chunk => chunk.EventKeys).ToArray())
                .With(chunks.SelectMany(chunk => chunk.Subjects).ToArray())
                .With(Array.ConvertAll(received, row => row.Partition))
                .With(Array.ConvertAll(received, row => row.Count.Stream))
                .With(Array.ConvertAll(received, row => (short)row.Count.Kind))
                .With(Array.ConvertAll(received, row => row.Count.Count))
                .With(CountSlots.Own);
        }

        private void Add(LogAppend append, Lane lane, List<EncodedChunk> encoded)
        {
            if (encoded.Count == 0)
            {
                return;
            }

            HeadLanes.Add((short)lane);
            HeadPartitions.Add(append.Partition);
            epochs.Add(append.Epoch);
            firsts.Add(encoded[0].FirstSequence);
            counts.Add(encoded.Sum(chunk => chunk.Events.Length));
            chunks.AddRange(encoded);
            lanes.AddRange(encoded.Select(_ => (short)lane));
            partitions.AddRange(encoded.Select(_ => append.Partition));
        }
    }
}
