using System.Reflection;
using DbUp;
using DbUp.Builder;
using DbUp.Engine;
using DbUp.Postgresql;
using Npgsql;

namespace OrleansCdp;

/// <summary>Brings a database's schema to this program's: numbered scripts, forward only.</summary>
internal static class DatabaseMigration
{
    private const string Journal = "migration";
    private const string ScriptPrefix = "OrleansCdp.Migrations.";

    /// <summary>What a script says that silos of an earlier program can live with.</summary>
    private const string Harmless = "Safe while silos run.";

    // 1 to 3 are SiloStatus.Created, Joining and Active. Whoever was silent for a minute is no obstacle.
    private const string LiveMembers = """
        select count(*) from cdp.cluster_member
        where status between 1 and 3 and i_am_alive_time > now() - interval '1 minute'
        """;

    /// <summary>Applies what the database has not got yet.</summary>
    /// <param name="connection">Holds the turn of this program.</param>
    /// <param name="source">The same database.</param>
    /// <param name="isAlone">Whether nobody else can be using the database.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="DatabaseRefusedException">
    /// A newer program migrated it, silos of an older one run, or a script fails.
    /// </exception>
    public static async Task ApplyAsync(
        NpgsqlConnection connection,
        NpgsqlDataSource source,
        bool isAlone,
        CancellationToken cancel
    )
    {
        if (await AppliedAsync(connection, cancel) is { } applied)
        {
            DemandKnown(applied);
            if (!isAlone)
            {
                await DemandNobodyIsDisturbedAsync(connection, applied, cancel);
            }
        }

        await using NpgsqlCommand schema = new(
            $"create schema if not exists {DatabaseSetup.Schema}",
            connection
        );
        await schema.ExecuteNonQueryAsync(cancel);
        UpgradeEngineBuilder builder = DeployChanges
            .To.PostgresqlDatabase(new PostgresqlConnectionManager(source))
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), IsScript)
            .JournalToPostgresqlTable(DatabaseSetup.Schema, Journal)
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

    /// <summary>Names of the applied scripts, in order; null for a database that never was migrated.</summary>
    private static async Task<List<string>?> AppliedAsync(
        NpgsqlConnection connection,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand look = new(
            $"select to_regclass('{DatabaseSetup.Schema}.{Journal}')::text",
            connection
        );
        if (await look.ExecuteScalarAsync(cancel) is not string)
        {
            return null;
        }

        await using NpgsqlCommand command = new(
            $"select scriptname from {DatabaseSetup.Schema}.{Journal} order by scriptname",
            connection
        );
        List<string> applied = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            applied.Add(reader.GetString(0));
        }

        return applied;
    }

    private static void DemandKnown(List<string> applied)
    {
        if (applied.Except(Scripts()).FirstOrDefault() is { } newer)
        {
            throw new DatabaseRefusedException(
                "The database was migrated by a newer program: it has "
                    + $"'{NameOf(newer)}', which this program does not know. "
                    + "Start the newer program."
            );
        }
    }

    private static async Task DemandNobodyIsDisturbedAsync(
        NpgsqlConnection connection,
        List<string> applied,
        CancellationToken cancel
    )
    {
        string? disturbing = Scripts()
            .Except(applied)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault(script => !TextOf(script).Contains(Harmless, StringComparison.Ordinal));
        if (disturbing is null)
        {
            return;
        }

        await using NpgsqlCommand command = new(LiveMembers, connection);
        if (await command.ExecuteScalarAsync(cancel) is > 0L and long alive)
        {
            throw new DatabaseRefusedException(
                $"{alive} silos of an older program use the database, and '{NameOf(disturbing)}' "
                    + "changes what they rely on. Stop them, then start this program."
            );
        }
    }

    private static string NameOf(string script) =>
        script.StartsWith(ScriptPrefix, StringComparison.Ordinal)
            ? script[ScriptPrefix.Length..]
            : script;

    private static string TextOf(string script)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(script)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    private static bool IsScript(string name) =>
        name.StartsWith(ScriptPrefix, StringComparison.Ordinal);

    private static IEnumerable<string> Scripts() =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(IsScript);
}
