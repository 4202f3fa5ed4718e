using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace OrleansCdp.Events;

/// <summary>Contender B: records are read in the producer's process and given to one SQL function, a batch at a time.</summary>
internal sealed class SetBasedTarget : IEventTarget
{
    private const string Take =
        "select b.take($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

    private const string Keep = """
        insert into b.quarantine (stream, code, payload) select * from unnest($1, $2, $3)
        """;

    /// <summary>Merging people waits for all batches that run, so it is done for several batches at once.</summary>
    private const int MergeEvery = 8;

    private readonly NpgsqlDataSource database;
    private int batches;

    private SetBasedTarget(NpgsqlDataSource database) => this.database = database;

    /// <summary>Connects.</summary>
    public static SetBasedTarget Connect(string connection) =>
        new(
            NpgsqlDataSource.Create(
                new NpgsqlConnectionStringBuilder(connection)
                {
                    MaxAutoPrepare = 20,
                    AutoPrepareMinUsages = 1,
                    NoResetOnClose = true,
                }
            )
        );

    /// <inheritdoc/>
    public async Task SendAsync(IReadOnlyList<EventLine> lines)
    {
        List<SetBasedRow> rows = new(lines.Count);
        List<SetBasedRow> refused = [];
        foreach (EventLine line in lines)
        {
            SetBasedRow row = SetBasedRow.Read(line);
            (row.Refused is null ? rows : refused).Add(row);
        }

        if (refused.Count > 0)
        {
            await KeepAsync(refused);
        }

        while (!await TryTakeAsync(rows))
        {
            // Two batches wanted the same people in another order: PostgreSQL undid one of them.
        }

        if (Interlocked.Increment(ref batches) % MergeEvery == 0)
        {
            await using NpgsqlCommand merge = database.CreateCommand("select b.merge_people()");
            await merge.ExecuteScalarAsync();
        }
    }

    /// <inheritdoc/>
    public async Task<ProbeTimes?> ProbeAsync(int probe, long number)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"probe-{probe}-{number}");
        string who = $"probe-{probe}";
        string json = $$"""
            {
                "type": "page", "messageId": "{{id}}", "userId": "{{who}}", "anonymousId": "{{who}}",
                "timestamp": "2025-06-02T00:00:00.000Z", "name": "probe"
            }
            """;
        long sent = System.Diagnostics.Stopwatch.GetTimestamp();
        await SendAsync([new EventLine(0, Encoding.UTF8.GetBytes(json))]);
        return new ProbeTimes(
            System.Diagnostics.Stopwatch.GetElapsedTime(sent),
            TimeSpan.Zero // One transaction: what is acknowledged is visible.
        );
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task<bool> TryTakeAsync(List<SetBasedRow> rows)
    {
        await using NpgsqlCommand take = database.CreateCommand(Take);
        Add(take, NpgsqlDbType.Uuid, rows, row => row.Key);
        Add(take, NpgsqlDbType.Smallint, rows, row => (short)row.Line.Stream);
        Add(take, NpgsqlDbType.Bytea, rows, row => row.Line.Json.ToArray());
        Add(take, NpgsqlDbType.Smallint, rows, row => row.Kind);
        Add(take, NpgsqlDbType.Text, rows, row => row.Subject);
        Add(take, NpgsqlDbType.Text, rows, row => row.Other);
        Add(take, NpgsqlDbType.Text, rows, row => row.Email);
        Add(take, NpgsqlDbType.Bigint, rows, row => row.At);
        Add(take, NpgsqlDbType.Jsonb, rows, row => row.Detail);
        Add(take, NpgsqlDbType.Text, rows, row => row.Recent);
        Add(take, NpgsqlDbType.Text, rows, row => row.Record);
        Add(take, NpgsqlDbType.Numeric, rows, row => row.Total);
        Add(take, NpgsqlDbType.Text, rows, row => row.Currency);
        Add(take, NpgsqlDbType.Boolean, rows, row => row.Closed);
        Add(take, NpgsqlDbType.Text, rows, row => row.Account);
        try
        {
            await take.ExecuteScalarAsync();
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected)
        {
            return false;
        }
    }

    private async Task KeepAsync(List<SetBasedRow> refused)
    {
        await using NpgsqlCommand keep = database.CreateCommand(Keep);
        Add(keep, NpgsqlDbType.Smallint, refused, row => (short)row.Line.Stream);
        Add(keep, NpgsqlDbType.Text, refused, row => row.Refused);
        Add(keep, NpgsqlDbType.Bytea, refused, row => row.Line.Json.ToArray());
        await keep.ExecuteNonQueryAsync();
    }

    private static void Add<T>(
        NpgsqlCommand command,
        NpgsqlDbType type,
        List<SetBasedRow> rows,
        Converter<SetBasedRow, T> value
    ) =>
        command.Parameters.Add(
            new NpgsqlParameter<List<T>>
            {
                NpgsqlDbType = NpgsqlDbType.Array | type,
                TypedValue = rows.ConvertAll(value),
            }
        );

    /// <summary>The key under which an event counts once.</summary>
    internal static Guid KeyOf(byte stream, ReadOnlySpan<byte> id) =>
        new(XxHash128.Hash(id, stream));
}
