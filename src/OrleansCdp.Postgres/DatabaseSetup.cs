using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using DbUp;
using DbUp.Builder;
using DbUp.Engine;
using DbUp.Postgresql;
using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Governance;

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

    private const string Journal = "migration";
    private const string ScriptPrefix = "OrleansCdp.Migrations.";

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
    /// <param name="partitionCount">
    /// Partitions of the log, fixed at the first start; null takes what is fixed, or
    /// <see cref="Partitions.CountDefault"/> for a new database.
    /// </param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>What was fixed when the database was made.</returns>
    /// <exception cref="DatabaseRefusedException">The database cannot be used; the message says why.</exception>
    public static Task<LogShape> PrepareAsync(
        string connectionString,
        int? partitionCount,
        CancellationToken cancel
    ) => PrepareAsync(connectionString, partitionCount, ServerVersionMin, cancel);

    /// <summary>As above, for tests with a server older than some minimum.</summary>
    internal static async Task<LogShape> PrepareAsync(
        string connectionString,
        int? partitionCount,
        int serverVersionMin,
        CancellationToken cancel
    )
    {
        if (partitionCount is < 1 or > Partitions.CountMax)
        {
            throw new DatabaseRefusedException(
                $"The number of log partitions must be from 1 to {Partitions.CountMax}, "
                    + $"not {partitionCount}."
            );
        }

        NpgsqlConnectionStringBuilder settings = Parse(connectionString);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(settings);
        await using NpgsqlConnection connection = await OpenAsync(source, settings, cancel);
        RequireVersion(connection, serverVersionMin);
        // Held until the connection is closed with its source, whatever happens in between.
        await ExecuteAsync(connection, $"select pg_advisory_lock({MigrationLock})", cancel);
        await RefuseNewerSchemaAsync(connection, cancel);
        await MigrateAsync(connection, source, cancel);
        return await FixShapeAsync(connection, partitionCount, cancel);
    }

    /// <summary>
    /// Declares dead whoever is still noted as a member of the cluster. For a database that only this process can use,
    /// before its silo starts: after a crash the silo would otherwise wait half a minute for one that is gone.
    /// </summary>
    /// <param name="connectionString">A database that <see cref="PrepareAsync(string, int?, CancellationToken)"/> prepared.</param>
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

    private static async Task RefuseNewerSchemaAsync(
        NpgsqlConnection connection,
        CancellationToken cancel
    )
    {
        object? journal = await ScalarAsync(
            connection,
            $"select to_regclass('{Schema}.{Journal}')::text",
            cancel
        );
        if (journal is not string)
        {
            return;
        }

        HashSet<string> known = [.. Scripts()];
        await using NpgsqlCommand command = new(
            $"select scriptname from {Schema}.{Journal} order by scriptname",
            connection
        );
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            string applied = reader.GetString(0);
            if (!known.Contains(applied))
            {
                throw new DatabaseRefusedException(
                    "The database was migrated by a newer program: it has "
                        + $"'{applied[ScriptPrefix.Length..]}', which this program does not know. "
                        + "Start the newer program."
                );
            }
        }
    }

    private static async Task MigrateAsync(
        NpgsqlConnection connection,
        NpgsqlDataSource source,
        CancellationToken cancel
    )
    {
        await ExecuteAsync(connection, $"create schema if not exists {Schema}", cancel);
        UpgradeEngineBuilder builder = DeployChanges
            .To.PostgresqlDatabase(new PostgresqlConnectionManager(source))
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), IsScript)
            .JournalToPostgresqlTable(Schema, Journal)
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere();
        DatabaseUpgradeResult result = await Task.Run(builder.Build().PerformUpgrade, cancel);
        if (!result.Successful)
        {
            string reason = result.Error.Message.ReplaceLineEndings(" ");
            throw new DatabaseRefusedException(
                $"Migration '{result.ErrorScript?.Name}' failed: {reason}",
                result.Error
            );
        }
    }

    private static async Task<LogShape> FixShapeAsync(
        NpgsqlConnection connection,
        int? partitionCount,
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
                        new() { Value = partitionCount ?? Partitions.CountDefault },
                        new() { Value = Secret() },
                    },
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
        if (partitionCount is int wanted && wanted != count)
        {
            throw new DatabaseRefusedException(
                $"This database was made with {count} log partitions and cannot be opened with "
                    + $"{wanted}: events would leave the order of their link. Configure {count}, or "
                    + "start with a new database."
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

    private static bool IsScript(string name) =>
        name.StartsWith(ScriptPrefix, StringComparison.Ordinal);

    private static IEnumerable<string> Scripts() =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(IsScript);

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
