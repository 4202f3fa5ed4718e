using Npgsql;

namespace OrleansCdp.Events;

/// <summary>Reads checkpoints from rows.</summary>
internal static class CheckpointColumns
{
    /// <summary>Columns epoch, seq, redelivered and quarantined of a checkpoint, from the first on.</summary>
    public static CheckpointFound Checkpoint(this NpgsqlDataReader reader, int first) =>
        new(reader.GetInt64(first), reader.GetInt64(first + 1))
        {
            Redelivered = reader.GetInt64(first + 2),
            Quarantined = reader.GetInt64(first + 3),
        };
}
