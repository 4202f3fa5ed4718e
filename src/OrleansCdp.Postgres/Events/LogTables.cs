using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace OrleansCdp.Events;

/// <summary>
/// The log's tables, one per day: made ahead, and dropped as a whole once they are old enough and every reader has
/// passed them. Nothing is deleted row by row.
/// </summary>
internal sealed partial class LogTables(
    DataSources sources,
    CdpPostgresOptions options,
    TimeProvider clock,
    ILogger<LogTables> logger
) : IBackgroundLoop
{
    private const int DaysAhead = 2;
    private const string Prefix = "ingest_chunk_";
    private const string DayFormat = "yyyyMMdd";

    // Any number, the same in every silo: they take turns.
    private const long TablesLock = 0x6364702D746162;

    // Attaching, unlike "partition of", lets appends go on.
    private const string Make = """
        create table cdp.{0} (like cdp.ingest_chunk including defaults including storage);
        alter table cdp.ingest_chunk attach partition cdp.{0} for values from ('{1}') to ('{2}');
        """;

    // The last chunk of each partition and lane decides; the index finds it.
    private const string IsPassed = """
        select not exists (
            select from cdp.ingest_checkpoint k,
                lateral (
                    select c.first_seq + c.count - 1 as last_seq from cdp.{0} c
                    where c.lane = k.lane and c.partition = k.partition
                    order by c.first_seq desc limit 1
                ) newest
            where newest.last_seq > k.seq
        )
        """;

    private static readonly TimeSpan Period = TimeSpan.FromHours(1);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(10);

    public string Name => "keeper of the log's day tables";

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            bool done = await TryMaintainAsync(stop);
            await Task.Delay(done ? Period : RetryPeriod, clock, stop);
        }
    }

    /// <summary>Makes the tables of a day and the next ones, if they are missing.</summary>
    public async Task CreateAsync(DateTimeOffset now, CancellationToken cancel)
    {
        await using NpgsqlConnection connection = await sources.Streams.OpenConnectionAsync(cancel);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancel);
        await ExecuteAsync(connection, $"select pg_advisory_xact_lock({TablesLock})", cancel);
        HashSet<DateOnly> existing = [.. await DaysAsync(connection, cancel)];
        DateOnly today = DateOnly.FromDateTime(now.UtcDateTime);
        for (int ahead = 0; ahead <= DaysAhead; ahead++)
        {
            DateOnly day = today.AddDays(ahead);
            if (!existing.Contains(day))
            {
                await ExecuteAsync(connection, Format(Make, day), cancel);
            }
        }

        await transaction.CommitAsync(cancel);
    }

    /// <summary>Drops the tables that are past their time and read to their end.</summary>
    public async Task DropAsync(DateTimeOffset now, CancellationToken cancel)
    {
        DateOnly oldest = DateOnly.FromDateTime(now.UtcDateTime).AddDays(-options.RetentionDays);
        await using NpgsqlConnection connection = await sources.Streams.OpenConnectionAsync(cancel);
        foreach (DateOnly day in (await DaysAsync(connection, cancel)).Where(day => day < oldest))
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(
                cancel
            );
            await ExecuteAsync(connection, $"select pg_advisory_xact_lock({TablesLock})", cancel);
            await ExecuteAsync(connection, "set local lock_timeout = '2s'", cancel);
            List<DateOnly> left = await DaysAsync(connection, cancel); // another silo may have been here
            if (left.Contains(day) && await IsPassedAsync(connection, day, cancel))
            {
                await ExecuteAsync(connection, $"drop table cdp.{NameOf(day)}", cancel);
                await transaction.CommitAsync(cancel);
                LogDropped(day);
            }
        }
    }

    private static string NameOf(DateOnly day) =>
        Prefix + day.ToString(DayFormat, CultureInfo.InvariantCulture);

    private static string Format(string text, DateOnly day) =>
        string.Format(
            CultureInfo.InvariantCulture,
            text,
            NameOf(day),
            InstantOf(day),
            InstantOf(day.AddDays(1))
        );

    private static string InstantOf(DateOnly day) =>
        day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + " 00:00:00+00";

    private static async Task ExecuteAsync(
        NpgsqlConnection connection,
        string text,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new(text, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task<bool> IsPassedAsync(
        NpgsqlConnection connection,
        DateOnly day,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand passed = new(Format(IsPassed, day), connection);
        return await passed.ExecuteScalarAsync(cancel) is true;
    }

    private static async Task<List<DateOnly>> DaysAsync(
        NpgsqlConnection connection,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new(
            """
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'cdp.ingest_chunk'::regclass
            order by c.relname
            """,
            connection
        );
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        List<DateOnly> days = [];
        while (await reader.ReadAsync(cancel))
        {
            string day = reader.GetString(0)[Prefix.Length..];
            days.Add(DateOnly.ParseExact(day, DayFormat, CultureInfo.InvariantCulture));
        }

        return days;
    }

    private async Task<bool> TryMaintainAsync(CancellationToken stop)
    {
        try
        {
            DateTimeOffset now = clock.GetUtcNow();
            await CreateAsync(now, stop);
            await DropAsync(now, stop);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            LogNotMaintained(e);
            return false;
        }
    }

    [LoggerMessage(LogEvents.LogDayDropped, LogLevel.Information, "Dropped the log of {Day}")]
    private partial void LogDropped(DateOnly day);

    [LoggerMessage(
        LogEvents.LogNotMaintained,
        LogLevel.Warning,
        "Could not make or drop the log's day tables; trying again"
    )]
    private partial void LogNotMaintained(Exception exception);
}
