using System.Globalization;
using Npgsql;
using OrleansCdp.Governance;
using Xunit;

namespace OrleansCdp;

/// <summary>One real PostgreSQL for a collection of tests, in a temporary folder; gone with its data afterwards.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("cdp-test-").FullName;
    private readonly SemaphoreSlim creating = new(1);
    private readonly HashSet<string> templates = [];
    private EmbeddedPostgres? server;
    private int databases;

    /// <summary>The server.</summary>
    public EmbeddedPostgres Server =>
        server ?? throw new InvalidOperationException("The server has not been started.");

    /// <summary>A fresh, migrated database.</summary>
    /// <param name="partitionCount">Partitions of its log.</param>
    public async Task<TestDatabase> CreateDatabaseAsync(int partitionCount = 4)
    {
        await creating.WaitAsync();
        try
        {
            string template = $"template_{partitionCount}";
            if (templates.Add(template))
            {
                await ExecuteAsync($"create database {template}");
                await DatabaseSetup.PrepareAsync(
                    Server.ConnectionStringTo(template),
                    new DatabaseTerms { PartitionCount = partitionCount },
                    CancellationToken.None
                );
            }

            string name = string.Create(CultureInfo.InvariantCulture, $"test_{++databases}");
            await ExecuteAsync($"create database {name} template {template}");
            return new TestDatabase(
                Server.ConnectionStringTo(name),
                new LogShape(partitionCount),
                name
            );
        }
        finally
        {
            creating.Release();
        }
    }

    /// <summary>A database with nothing in it.</summary>
    /// <returns>How to reach it.</returns>
    public async Task<string> CreateEmptyDatabaseAsync()
    {
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"empty_{Interlocked.Increment(ref databases)}"
        );
        await ExecuteAsync($"create database {name}");
        return Server.ConnectionStringTo(name);
    }

    /// <summary>Restarts the server on the same port; immediately means as after a crash.</summary>
    public Task RestartAsync(PostgresStop how) => Server.RestartAsync(how, CancellationToken.None);

    /// <inheritdoc/>
    public async Task InitializeAsync() =>
        server = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions { DataFolder = folder, SharedBuffers = "64MB" },
            CancellationToken.None
        );

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        creating.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task ExecuteAsync(string text)
    {
        NpgsqlConnectionStringBuilder settings = new(Server.ConnectionStringTo("postgres"))
        {
            Pooling = false,
        };
        await using NpgsqlConnection connection = new(settings.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(text, connection);
        await command.ExecuteNonQueryAsync();
    }
}
