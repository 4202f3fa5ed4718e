using System.Globalization;
using Npgsql;

namespace OrleansCdp;

/// <summary>A private PostgreSQL of one run, with the settings the product ships; gone with its data afterwards.</summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    private const string StatementsLibrary = "pg_stat_statements";

    private const string Statements = """
        select round(total_exec_time)::bigint, calls, rows, regexp_replace(query, '\s+', ' ', 'g')
        from pg_stat_statements order by total_exec_time desc limit 15
        """;

    private readonly EmbeddedPostgres server;
    private readonly string folder;

    private BenchmarkDatabase(EmbeddedPostgres server, string folder, int processId)
    {
        this.server = server;
        this.folder = folder;
        ProcessId = processId;
        Source = NpgsqlDataSource.Create(server.ConnectionString);
    }

    /// <summary>How to reach it.</summary>
    public string ConnectionString => server.ConnectionString;

    /// <summary>Its first process; the others are children of it.</summary>
    public int ProcessId { get; }

    /// <summary>For the measuring itself.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>Starts it.</summary>
    /// <param name="work">Where its data goes.</param>
    /// <param name="statements">Whether it counts statements, for profiles; that costs a little.</param>
    public static async Task<BenchmarkDatabase> StartAsync(string work, bool statements)
    {
        string data = Directory
            .CreateDirectory(Path.Combine(work, Path.GetRandomFileName()))
            .FullName;
        EmbeddedPostgres postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions { DataFolder = data },
            CancellationToken.None
        );
        if (statements)
        {
            await CountStatementsAsync(postgres);
        }

        string[] pid = await File.ReadAllLinesAsync(Path.Combine(data, "pg", "postmaster.pid"));
        return new BenchmarkDatabase(
            postgres,
            data,
            int.Parse(pid[0], CultureInfo.InvariantCulture)
        );
    }

    /// <summary>Reads one value.</summary>
    public async Task<T> ReadAsync<T>(string query)
    {
        await using NpgsqlCommand command = Source.CreateCommand(query);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Runs a script.</summary>
    public async Task ExecuteAsync(string script)
    {
        await using NpgsqlCommand command = Source.CreateCommand(script);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Bytes of write-ahead log written so far.</summary>
    public Task<long> WalBytesAsync() =>
        ReadAsync<long>("select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint");

    /// <summary>Forgets the statements so far.</summary>
    public Task ResetStatementsAsync() => ExecuteAsync("select pg_stat_statements_reset()");

    /// <summary>Prints the statements that took longest: milliseconds, calls, rows, text.</summary>
    public async Task PrintStatementsAsync()
    {
        await using NpgsqlCommand command = Source.CreateCommand(Statements);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            string text = reader.GetString(3);
            Note.Write(
                $"{reader.GetInt64(0), 8} ms {reader.GetInt64(1), 8} calls {reader.GetInt64(2), 9} rows  "
                    + text[..Math.Min(text.Length, 150)]
            );
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task CountStatementsAsync(EmbeddedPostgres postgres)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(postgres.ConnectionString);
        async Task ExecuteAsync(string text)
        {
            await using NpgsqlCommand command = source.CreateCommand(text);
            await command.ExecuteNonQueryAsync();
        }

        await ExecuteAsync($"alter system set shared_preload_libraries = '{StatementsLibrary}'");
        await postgres.RestartAsync(PostgresStop.Fast, CancellationToken.None);
        source.Clear(); // Its connections went down with the server.
        await ExecuteAsync($"create extension {StatementsLibrary}");
        await ExecuteAsync($"alter system set {StatementsLibrary}.track = 'all'");
        await ExecuteAsync("select pg_reload_conf()");
    }
}

/// <summary>Remarks for the person who watches; figures go to standard output.</summary>
internal static class Note
{
    /// <summary>Writes a line.</summary>
    public static void Write(FormattableString text) =>
        Console.Error.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>Writes a line.</summary>
    public static void Write(string text) => Console.Error.WriteLine(text);
}
