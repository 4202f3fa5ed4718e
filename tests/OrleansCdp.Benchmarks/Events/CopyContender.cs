using System.IO.Hashing;
using Npgsql;
using NpgsqlTypes;
using OrleansCdp.Insights;

namespace OrleansCdp.Events;

/// <summary>A limit, no contender: the same records copied into an empty log of rows, and nothing else.</summary>
internal sealed class CopyContender : IContender
{
    private const string Schema = """
        create schema c;
        create table c.log (
            partition int not null,
            seq bigint not null,
            received_at timestamptz not null default now(),
            payload bytea not null,
            primary key (partition, seq, received_at)
        );
        """;

    private CopyContender(BenchmarkDatabase database) => Database = database;

    /// <inheritdoc/>
    public string Name => "C";

    /// <inheritdoc/>
    public BenchmarkDatabase Database { get; }

    /// <inheritdoc/>
    public int? HostProcessId => null;

    /// <inheritdoc/>
    public IReadOnlyList<string> ProducerArguments =>
        ["--target", Name, "--connection", Database.ConnectionString];

    /// <summary>Makes its table.</summary>
    public static async Task<CopyContender> StartAsync(BenchmarkDatabase database)
    {
        await database.ExecuteAsync(Schema);
        return new CopyContender(database);
    }

    /// <inheritdoc/>
    public Task DrainAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IReadOnlyList<PersonAnswer?>> AnswersAsync(IReadOnlyList<int> people) =>
        Task.FromResult<IReadOnlyList<PersonAnswer?>>([]);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Database.DisposeAsync();
}

/// <summary>Copies records, a transaction per batch.</summary>
internal sealed class CopyTarget : IEventTarget
{
    private const int Partitions = 32;
    private const string Copy = "copy c.log (partition, seq, payload) from stdin (format binary)";
    private readonly NpgsqlDataSource database;
    private readonly long[] next = new long[Partitions];

    private CopyTarget(NpgsqlDataSource database) => this.database = database;

    /// <summary>Connects.</summary>
    public static CopyTarget Connect(string connection) => new(NpgsqlDataSource.Create(connection));

    /// <inheritdoc/>
    public async Task SendAsync(IReadOnlyList<EventLine> lines)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync();
        await using NpgsqlBinaryImporter copy = await connection.BeginBinaryImportAsync(Copy);
        foreach (EventLine line in lines)
        {
            int partition = (int)(XxHash3.HashToUInt64(line.Json.Span) % Partitions);
            await copy.StartRowAsync();
            await copy.WriteAsync(partition, NpgsqlDbType.Integer);
            await copy.WriteAsync(Interlocked.Increment(ref next[partition]), NpgsqlDbType.Bigint);
            await copy.WriteAsync(line.Json, NpgsqlDbType.Bytea);
        }

        await copy.CompleteAsync();
    }

    /// <inheritdoc/>
    public Task<ProbeTimes?> ProbeAsync(int probe, long number) =>
        Task.FromResult<ProbeTimes?>(null);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => database.DisposeAsync();
}
