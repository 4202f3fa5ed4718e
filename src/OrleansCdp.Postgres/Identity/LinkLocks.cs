using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>
/// Locks on links that matching moves. Two moves of one link at once, decided one after the other, could end in the other
/// order: each sees the link where the other has not brought it yet.
/// </summary>
/// <remarks>They are a transaction's that does nothing else: with it, or with the process, they end.</remarks>
internal sealed class LinkLocks : IAsyncDisposable
{
    private const long Seed = 0x6c69_6e6b; // "link", so that they are no other's locks.

    // In order, so that two who lock the same do not wait for each other in a circle.
    private const string Lock = """
        select pg_advisory_xact_lock(k.key)
        from (
            select distinct hashtextextended(l.link, $2) as key from unnest($1) as l(link)
            order by 1
        ) k
        """;

    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;

    private LinkLocks(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        this.connection = connection;
        this.transaction = transaction;
    }

    /// <summary>Waits until nobody has a lock on any of these links, and takes them.</summary>
    public static async Task<LinkLocks> TakeAsync(
        NpgsqlDataSource source,
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    )
    {
        NpgsqlConnection opened = await source.OpenConnectionAsync(cancel);
        try
        {
            LinkLocks locks = new(opened, await opened.BeginTransactionAsync(cancel));
            await locks.LockAsync(links, cancel);
            return locks;
        }
        catch
        {
            await opened.DisposeAsync(); // The transaction ends with it.
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task LockAsync(IReadOnlyCollection<string> links, CancellationToken cancel)
    {
        await using NpgsqlCommand command = new NpgsqlCommand(Lock, connection, transaction)
            .With(links.ToArray())
            .With(Seed);
        command.CommandTimeout = 0; // As long as moves take that are under way.
        await command.ExecuteNonQueryAsync(cancel);
    }
}
