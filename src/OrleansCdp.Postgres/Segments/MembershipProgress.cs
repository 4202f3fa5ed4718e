using Npgsql;

namespace OrleansCdp.Segments;

/// <summary>How far the stream of entries and exits was delivered.</summary>
internal sealed class MembershipProgress(DataSources sources)
{
    private const string Read = "select written_by, number, told from cdp.membership_stream";

    // Two silos may deliver for a moment while the stream moves: the one that is behind takes nothing back.
    private const string Write = """
        update cdp.membership_stream set written_by = $1, number = $2, told = $3
        where (written_by, number) < ($1, $2)
        """;

    /// <summary>The position of the last change that was delivered, and how many were told up to it.</summary>
    public async Task<(string Position, long Told)> ReadAsync(CancellationToken cancel)
    {
        var rows = await sources
            .Storage.CreateCommand(Read)
            .RowsAsync(
                static row =>
                    (
                        new ChangePosition(row.GetFieldValue<ulong>(0), row.GetInt64(1)).ToString(),
                        row.GetInt64(2)
                    ),
                cancel
            );
        return rows[0];
    }

    /// <summary>Notes that all up to a change were delivered.</summary>
    /// <param name="position">The change.</param>
    /// <param name="told">How many were told up to it.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task WriteAsync(string position, long told, CancellationToken cancel)
    {
        ChangePosition at = ChangePosition.Parse(position);
        await using NpgsqlCommand command = at.Bind(sources.Storage.CreateCommand(Write))
            .With(told);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
