using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>
/// Brings a database to this program's schema before a silo starts. A migration may change what
/// older silos rely on: stop them first. Several programs that start at once take turns.
/// </summary>
public static class DatabaseSetup
{
    /// <summary>The oldest PostgreSQL that is known to work.</summary>
    public const int ServerVersionMin = 14;

    /// <summary>The schema everything lives in.</summary>
    internal const string Schema = "cdp";

    /// <summary>Looks at the clock, of which the quickest says most.</summary>
    private const int ClockLooks = 3;

    // 6 is SiloStatus.Dead. The version tells Orleans that the table changed.
    private const string MembersDead = """
        with dead as (
            update cdp.cluster_member set status = 6 where status <> 6 returning cluster_id
        )
        update cdp.cluster_version set version = version + 1
        where cluster_id in (select cluster_id from dead)
        """;

    // "cdp-orl" in ASCII: any number will do, as long as every version of the program uses the same.
    private const long MigrationLock = 0x6364702D6F726C;

    /// <summary>Migrates the database and fixes, or checks, its shape.</summary>
    /// <param name="connectionString">How to reach it; the user must be allowed to create a schema.</param>
    /// <param name="terms">What the program expects.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>What was fixed when the database was made.</returns>
    /// <exception cref="DatabaseRefusedException">The database cannot be used; the message says why.</exception>
    public static async Task<LogShape> PrepareAsync(
        string connectionString,
        DatabaseTerms terms,
        CancellationToken cancel
    )
    {
        if (terms.PartitionCount is < 1 or > Partitions.CountMax)
        {
            throw new DatabaseRefusedException(
                $"The number of log partitions must be from 1 to {Partitions.CountMax}, "
                    + $"not {terms.PartitionCount}."
            );
        }

        NpgsqlConnectionStringBuilder settings = Parse(connectionString);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(settings);
        await using NpgsqlConnection connection = await OpenAsync(source, settings, cancel);
        RequireVersion(connection, terms.ServerVersionMin);
        DatabaseTerms.DemandClock(await SkewAsync(connection, terms.Clock, cancel));
        // Held until the connection is closed with its source, whatever happens in between.
        await ExecuteAsync(connection, $"select pg_advisory_lock({MigrationLock})", cancel);
        await DatabaseMigration.ApplyAsync(connection, source, terms.IsAlone, cancel);
        await ExecuteAsync(connection, MembershipStore.BringBack, cancel);
        LogShape shape = await FixShapeAsync(connection, terms, cancel);
        if (terms.Anchors is { } anchors)
        {
            await AnchorOrder.DemandAsync(connection, [.. anchors.Kinds], cancel);
        }

        return shape;
    }

    /// <summary>
    /// Declares dead whoever is still noted as a member of the cluster. For a database that only this process can use,
    /// before its silo starts: after a crash the silo would otherwise wait half a minute for one that is gone.
    /// </summary>
    /// <param name="connectionString">A database that <see cref="PrepareAsync"/> prepared.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task DeclareMembersDeadAsync(
        string connectionString,
        CancellationToken cancel
    )
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(Parse(connectionString));
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
        await ExecuteAsync(connection, MembersDead, cancel);
    }

    private static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString)
            {
                Timeout = 5,
                CommandTimeout = 0, // the turn of another program, or a long migration
                ApplicationName = "cdp-setup",
                Pooling = true,
                MaxPoolSize = 3,
            };
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new DatabaseRefusedException(
                $"The PostgreSQL connection string cannot be read: {e.Message}",
                e
            );
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(
        NpgsqlDataSource source,
        NpgsqlConnectionStringBuilder settings,
        CancellationToken cancel
    )
    {
        string server = $"{settings.Host}:{settings.Port}";
        try
        {
            return await source.OpenConnectionAsync(cancel);
        }
        catch (PostgresException e)
            when (e.SqlState
                    is PostgresErrorCodes.InvalidPassword
                        or PostgresErrorCodes.InvalidAuthorizationSpecification
            )
        {
            throw new DatabaseRefusedException(
                $"PostgreSQL at {server} does not accept user '{settings.Username}' with this "
                    + "password. Check the connection string.",
                e
            );
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            throw new DatabaseRefusedException(
                $"PostgreSQL at {server} has no database '{settings.Database}'. Create it first: "
                    + $"createdb {settings.Database}",
                e
            );
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            string reason = (e.InnerException ?? e).Message.ReplaceLineEndings(" ");
            throw new DatabaseRefusedException(
                $"PostgreSQL at {server} cannot be reached: {reason}",
                e
            );
        }
    }

    private static void RequireVersion(NpgsqlConnection connection, int versionMin)
    {
        Version version = connection.PostgreSqlVersion;
        if (version.Major < versionMin)
        {
            throw new DatabaseRefusedException(
                $"PostgreSQL at {connection.Host}:{connection.Port} is version {version.Major}; "
                    + $"version {versionMin} or newer is needed."
            );
        }
    }

    /// <summary>This machine's clock less the database's, as exactly as the way there and back allows.</summary>
    private static async Task<TimeSpan> SkewAsync(
        NpgsqlConnection connection,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        TimeSpan skew = TimeSpan.Zero;
        TimeSpan quickest = TimeSpan.MaxValue;
        for (int look = 0; look < ClockLooks; look++)
        {
            DateTimeOffset asked = clock.GetUtcNow();
            object? theirs = await ScalarAsync(connection, "select clock_timestamp()", cancel);
            DateTimeOffset answered = clock.GetUtcNow();
            if (answered - asked < quickest)
            {
                quickest = answered - asked;
                skew = asked + (quickest / 2) - new DateTimeOffset((DateTime)theirs!);
            }
        }

        return skew;
    }

    private static async Task<LogShape> FixShapeAsync(
        NpgsqlConnection connection,
        DatabaseTerms terms,
        CancellationToken cancel
    )
    {
        await using NpgsqlBatch batch = new(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(
                    """
                    insert into cdp.log_shape (partition_count, event_key_secret)
                    values ($1, $2) on conflict do nothing
                    """
                )
                {
                    Parameters =
                    {
                        new() { Value = terms.PartitionCount ?? Partitions.CountDefault },
                        new() { Value = Secret() },
                    },
                },
                new NpgsqlBatchCommand(
                    "update cdp.log_shape set cluster_id = $1 where cluster_id is null"
                )
                {
                    Parameters = { new() { Value = terms.ClusterId } },
                },
                new NpgsqlBatchCommand(InsertRows("ingest_head")),
                new NpgsqlBatchCommand(InsertRows("ingest_checkpoint")),
            },
        };
        await batch.ExecuteNonQueryAsync(cancel);
        int count = Convert.ToInt32(
            await ScalarAsync(connection, "select partition_count from cdp.log_shape", cancel),
            CultureInfo.InvariantCulture
        );
        if (terms.PartitionCount is int wanted && wanted != count)
        {
            throw new DatabaseRefusedException(
                $"This database was made with {count} log partitions and cannot be opened with "
                    + $"{wanted}: events would leave the order of their link. Configure {count}, or "
                    + "start with a new database."
            );
        }

        object? cluster = await ScalarAsync(
            connection,
            "select cluster_id from cdp.log_shape",
            cancel
        );
        if (cluster is not string id || id != terms.ClusterId)
        {
            throw new DatabaseRefusedException(
                $"This database belongs to the cluster '{cluster}', not to '{terms.ClusterId}': two "
                    + "clusters would take the partitions away from each other. Give the right name, or "
                    + "another database."
            );
        }

        return new LogShape(count);
    }

    private static string InsertRows(string table) =>
        $"""
            insert into cdp.{table} (lane, partition)
            select lane, partition
            from cdp.log_shape, generate_series(0, 1) lane,
                generate_series(0, partition_count - 1) partition
            order by lane, partition
            on conflict do nothing
            """;

    private static long Secret() =>
        BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    private static async Task<object?> ScalarAsync(
        NpgsqlConnection connection,
        string text,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new(text, connection);
        return await command.ExecuteScalarAsync(cancel);
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection,
        string text,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new(text, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
