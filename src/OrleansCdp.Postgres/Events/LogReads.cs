using Npgsql;
using Orleans.Runtime;

namespace OrleansCdp.Events;

/// <summary>The reader's statements.</summary>
internal sealed class LogReads(DataSources sources, ChunkCodec codec, ILocalSiloDetails silo)
{
    /// <summary>Rows that one query reads.</summary>
    internal const int RowsMax = 50;

    private const string TakeOver = """
        update cdp.ingest_checkpoint set epoch = epoch + 1, owner = $3
        where lane = $1 and partition = $2
        returning epoch, seq
        """;

    private const string Checkpoint = """
        select epoch, seq from cdp.ingest_checkpoint where lane = $1 and partition = $2
        """;

    // A chunk that starts before the position may reach over it.
    private const string Read = """
        select first_seq, payload from cdp.ingest_chunk
        where lane = $1 and partition = $2 and first_seq > $3 and first_seq + count > $4
        order by first_seq limit $5
        """;

    /// <summary>Takes the reading of a partition over: a former reader's checkpoints are refused from now on.</summary>
    /// <returns>The new fencing token, and the sequence up to which everything is applied.</returns>
    public async Task<(long Epoch, long Checkpoint)> TakeOverAsync(
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

        (long, long) taken = (reader.GetInt64(0), reader.GetInt64(1));
        await reader.CloseAsync();
        return taken;
    }

    /// <summary>
    /// The fencing token of whoever took the reading of a partition over last, and up to where everything is applied.
    /// </summary>
    public async Task<(long Epoch, long Checkpoint)> CheckpointAsync(
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
        return await reader.ReadAsync(cancel)
            ? (reader.GetInt64(0), reader.GetInt64(1))
            : throw NoPartition(partition);
    }

    /// <summary>Reads chunks from the builder's position on, until it is full or there are no more.</summary>
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

    private static ArgumentOutOfRangeException NoPartition(int partition) =>
        new(nameof(partition), partition, "The log has no such partition.");
}
