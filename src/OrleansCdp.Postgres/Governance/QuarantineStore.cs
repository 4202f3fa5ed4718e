using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Refused events, with a bound on how many are kept.</summary>
internal sealed partial class QuarantineStore(
    DataSources sources,
    CdpPostgresOptions options,
    TimeProvider clock,
    ILogger<QuarantineStore> logger
) : IQuarantineStore, IBackgroundLoop
{
    // What has a position was counted as received when it entered the log.
    private const string Add = $"""
        with added as (
            insert into cdp.quarantine
                (stream, code, message, pointer, origin, payload, truncated, at,
                    lane, partition, seq)
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            on conflict (lane, partition, seq) where seq is not null do nothing
            returning stream, code, lane, partition, seq
        ), noted as (
            insert into cdp.event_fate (lane, partition, seq, kind, code)
            select lane, partition, seq, $15, code from added where seq is not null
            on conflict do nothing
        ), totals as (
            select stream, $12 as kind, code as reason, count(*) as n from added group by 1, 3
            union all
            select stream, $13, '', count(*) from added where seq is null group by 1
        )
        {CountSlots.Add}
        select stream, kind, reason, $14, n from totals order by 1, 2, 3
        {CountSlots.Sum}
        """;

    private const string List = """
        select id, stream, code, message, pointer, origin, payload, truncated, at
        from cdp.quarantine
        where replayed_at is null and id > $1
            and ($2::text is null or stream = $2)
            and ($3::text is null or code = $3)
            and ($4::timestamptz is null or at >= $4)
            and ($5::timestamptz is null or at < $5)
            and (cardinality($6::bigint[]) = 0 or id = any($6))
        order by id limit $7
        """;

    private const string MarkReplayed = $"""
        with marked as (
            update cdp.quarantine set replayed_at = $2
            where id in (
                select id from cdp.quarantine
                where id = any($1) and replayed_at is null
                order by id for update
            )
            returning stream, code
        ), totals as (
            select stream, $3 as kind, code as reason, count(*) as n from marked group by 1, 3
            union all
            select stream, $4, '', count(*) from marked group by 1
        )
        {CountSlots.Add}
        select stream, kind, reason, $5, -n from totals order by 1, 2, 3
        {CountSlots.Sum}
        """;

    // Replayed items first, then the oldest.
    private const string Trim = """
        with surplus as (
            select greatest(count(*) - $1, 0) as n from cdp.quarantine
        ), gone as (
            delete from cdp.quarantine where id in (
                select id from cdp.quarantine
                order by replayed_at is null, id
                limit (select n from surplus)
            )
            returning replayed_at
        )
        select count(*) from gone where replayed_at is null
        """;

    private static readonly TimeSpan TrimPeriod = TimeSpan.FromMinutes(10);

    public string Name => "keeper of the quarantine's bound";

    public async Task AddAsync(IReadOnlyCollection<QuarantineItem> items, CancellationToken cancel)
    {
        QuarantineItem[] rows = [.. items];
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Add)
            .With(Array.ConvertAll(rows, item => item.Stream))
            .With(Array.ConvertAll(rows, item => item.Code))
            .With(Array.ConvertAll(rows, item => item.Message))
            .With(Array.ConvertAll(rows, item => item.Pointer))
            .With(Array.ConvertAll(rows, item => (short)item.Origin))
            .With(Array.ConvertAll(rows, item => item.Payload))
            .With(Array.ConvertAll(rows, item => item.Truncated))
            .With(Array.ConvertAll(rows, item => item.At.ToUniversalTime()))
            .With(Array.ConvertAll(rows, item => (short?)item.Position?.Lane))
            .With(Array.ConvertAll(rows, item => item.Position?.Partition))
            .With(Array.ConvertAll(rows, item => item.Position?.Sequence))
            .With((short)CountKind.Quarantined)
            .With((short)CountKind.Received)
            .With(CountSlots.Own)
            .With((short)OutcomeKind.Refused);
        await Commands.RetryConflictsAsync(() => command.ExecuteNonQueryAsync(cancel));
    }

    public Task<ImmutableArray<QuarantineItem>> ListAsync(
        QuarantineFilter filter,
        CancellationToken cancel
    )
    {
        NpgsqlCommand command = sources
            .Storage.CreateCommand(List)
            .With(filter.After)
            .WithText(filter.Stream)
            .WithText(filter.Code);
        command.Parameters.Add(InstantOf(filter.From));
        command.Parameters.Add(InstantOf(filter.To));
        return command
            .With(filter.Ids.ToArray())
            .With(Math.Clamp(filter.Limit, 0, IQuarantineGrain.ItemsMax))
            .RowsAsync(ItemAt, cancel);
    }

    public async Task MarkReplayedAsync(IReadOnlyCollection<long> ids, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(MarkReplayed)
            .With(ids.ToArray())
            .With(clock.GetUtcNow())
            .With((short)CountKind.Quarantined)
            .With((short)CountKind.Received)
            .With(CountSlots.Own);
        await Commands.RetryConflictsAsync(() => command.ExecuteNonQueryAsync(cancel));
    }

    public async Task RunAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(TrimPeriod, clock);
        while (await timer.WaitForNextTickAsync(stop))
        {
            try
            {
                await TrimAsync(stop);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                LogNotTrimmed(e);
            }
        }
    }

    /// <summary>Forgets items beyond the bound.</summary>
    internal async Task TrimAsync(CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Trim)
            .With((long)options.QuarantineItemsMax);
        if (await command.ExecuteScalarAsync(cancel) is long lost and > 0)
        {
            LogTrimmed(lost, options.QuarantineItemsMax);
        }
    }

    private static QuarantineItem ItemAt(NpgsqlDataReader row) =>
        new()
        {
            Id = row.GetInt64(0),
            Stream = row.GetString(1),
            Code = row.GetString(2),
            Message = row.GetString(3),
            Pointer = row.Text(4),
            Origin = (QuarantineOrigin)row.GetInt16(5),
            Payload = row.Bytes(6),
            Truncated = row.GetBoolean(7),
            At = row.Instant(8),
        };

    private static NpgsqlParameter InstantOf(DateTimeOffset? instant) =>
        new()
        {
            NpgsqlDbType = NpgsqlDbType.TimestampTz,
            Value = instant is DateTimeOffset at ? at.ToUniversalTime() : DBNull.Value,
        };

    [LoggerMessage(
        LogEvents.QuarantineTrimmed,
        LogLevel.Warning,
        "{Count} items were never replayed and left quarantine, which keeps {Max}"
    )]
    private partial void LogTrimmed(long count, int max);

    [LoggerMessage(
        LogEvents.QuarantineNotTrimmed,
        LogLevel.Warning,
        "Could not trim the quarantine; trying again"
    )]
    private partial void LogNotTrimmed(Exception exception);
}
