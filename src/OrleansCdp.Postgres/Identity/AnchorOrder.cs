using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>
/// The order of anchors that a database has: claims hold ranks, which are places in it, so that two programs with
/// different orders would decide differently about the same people.
/// </summary>
internal static class AnchorOrder
{
    private const string Read = "select anchors from cdp.log_shape";
    private const string Write = "update cdp.log_shape set anchors = $1";

    /// <summary>Fixes the order at the first start; later lets kinds be added at its end, and nothing else.</summary>
    /// <param name="connection">Holds the turn of this program.</param>
    /// <param name="wanted">The program's order.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="DatabaseRefusedException">The database has another order.</exception>
    public static async Task DemandAsync(
        NpgsqlConnection connection,
        string[] wanted,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand read = new(Read, connection);
        string[] stored = await read.ExecuteScalarAsync(cancel) as string[] ?? [];
        if (stored.SequenceEqual(wanted))
        {
            return;
        }

        if (!wanted.AsSpan().StartsWith(stored))
        {
            string order = string.Join(',', stored);
            throw new DatabaseRefusedException(
                $"This database has the anchors '{order}' and cannot be opened with "
                    + $"'{string.Join(',', wanted)}': what is stored about who somebody is would mean "
                    + $"something else. Set {IdentityOptions.Section}:{nameof(IdentityOptions.Anchors)} to "
                    + $"'{order}'; further kinds may be added at its end."
            );
        }

        await using NpgsqlCommand write = new(Write, connection)
        {
            Parameters = { new() { Value = wanted } },
        };
        await write.ExecuteNonQueryAsync(cancel);
    }
}
