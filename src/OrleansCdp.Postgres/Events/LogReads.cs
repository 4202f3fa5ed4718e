using Npgsql;
using Orleans.Runtime;

namespace OrleansCdp.Events;

/// <summary>The reader's statements.</summary>
internal sealed class LogReads(DataSources sources, ChunkCodec codec, ILocalSiloDetails silo)
    : ILogReads
{
    /// <summary>Rows that one query reads.</summary>
    internal const int RowsMax = 50;

    private const string TakeOver = """
        update cdp.ingest_checkpoint set epoch = epoch + 1, owner = $3
        where lane = $1 and partition = $2
        returning epoch, seq, redelivered, quarantined
        """;

    private const string Checkpoint = """
        select epoch, seq, redelivered, quarantined
        from cdp.ingest_checkpoint where lane = $1 and partition = $2
        """;

    // A chunk that starts before the position may reach over it.
    private const string Read = """
        select first_seq, payload from cdp.ingest_chunk
        where lane = $1 and partition = $2 and first_seq > $3 and first_seq + count > $4
        order by first_seq limit $5
        """;

    private const string Heads = """
        select lane, partition, h.epoch, h.next_seq, k.epoch, k.seq, k.redelivered, k.quarantined
        from cdp.ingest_head h join cdp.ingest_checkpoint k using (lane, partition)
        where partition = any($1)
        """;

    public async Task<CheckpointFound> TakeOverAsync(
        Lane lane,
        int partition,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Streams.CreateCommand(TakeOver)
            .With((short)lane)
            .With(partition)
            .With(silo.Name);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
        {
            throw NoPartition(partition);
        }

        CheckpointFound taken = reader.Checkpoint(0);
        await reader.CloseAsync();
        return taken;
    }

    public async Task<CheckpointFound> CheckpointAsync(
        Lane lane,
        int partition,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Streams.CreateCommand(Checkpoint)
            .With((short)lane)
            .With(partition);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? reader.Checkpoint(0) : throw NoPartition(partition);
    }

    public async Task ReadAsync(
        Lane lane,
        int partition,
        BatchBuilder batches,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Streams.CreateCommand(Read)
            .With((short)lane)
            .With(partition)
            .With(batches.Position - ChunkCodec.EventsMax)
            .With(batches.Position)
            .With(RowsMax);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var (events, bytes) = codec.Decode(reader.Bytes(1));
            if (!batches.TryAdd(new TailChunk(reader.GetInt64(0), events, bytes)))
            {
                return;
            }
        }
    }

    public async Task<List<HeadFound>> HeadsAsync(int[] partitions, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources.Streams.CreateCommand(Heads).With(partitions);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        List<HeadFound> heads = [];
        while (await reader.ReadAsync(cancel))
        {
            heads.Add(
                new HeadFound(
                    (Lane)reader.GetInt16(0),
                    reader.GetInt32(1),
                    reader.GetInt64(2),
                    reader.GetInt64(3)
                )
                {
                    Checkpoint = reader.Checkpoint(4),
                }
            );
        }

        return heads;
    }

    private static ArgumentOutOfRangeException NoPartition(int partition) =>
        new(nameof(partition), partition, "The log has no such partition.");
}
