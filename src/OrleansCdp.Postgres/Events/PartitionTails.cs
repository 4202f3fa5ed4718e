using Microsoft.Extensions.Logging;
using Npgsql;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// The tails of this silo, and the one query that stands in for missing writers and readers: while a local reader waits
/// at a tail without a writer, or a local writer writes for a reader elsewhere, the ends and the checkpoints of those
/// partitions are asked for together. Otherwise there is only a rare check that writers still own their partitions.
/// </summary>
internal sealed partial class PartitionTails : IBackgroundLoop
{
    /// <summary>How soon partitions whose other half is elsewhere are looked at once somebody wants to know.</summary>
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(250);

    /// <summary>How often an attached writer's ownership is confirmed.</summary>
    private static readonly TimeSpan ConfirmPeriod = TimeSpan.FromSeconds(15);

    /// <summary>A reader between two reads still counts as waiting.</summary>
    internal static readonly TimeSpan InterestPeriod = TimeSpan.FromSeconds(1);

    private readonly ILogReads reads;
    private readonly Checkpoints checkpoints;
    private readonly TimeProvider clock;
    private readonly ILogger<PartitionTails> logger;
    private readonly PartitionTail[][] tails;
    private readonly long[][] wantedUntil;
    private readonly Signal wanted = new();

    public PartitionTails(
        ILogReads reads,
        Checkpoints checkpoints,
        LogShape shape,
        CdpPostgresOptions options,
        TimeProvider clock,
        ILogger<PartitionTails> logger
    )
    {
        this.reads = reads;
        this.checkpoints = checkpoints;
        this.clock = clock;
        this.logger = logger;
        tails =
        [
            .. Enum.GetValues<Lane>()
                .Select(_ =>
                    Enumerable
                        .Range(0, shape.PartitionCount)
                        .Select(_ => new PartitionTail(options.TailEventsMax, options.TailBytesMax))
                        .ToArray()
                ),
        ];
        wantedUntil = [.. tails.Select(lane => new long[lane.Length])];
    }

    public string Name => "poller of log partitions written or read elsewhere";

    public PartitionTail Of(Lane lane, int partition) => tails[(int)lane][partition];

    /// <summary>A reader waits at a tail without a writer, or a writer asks how far a reader elsewhere is.</summary>
    public void Want(Lane lane, int partition)
    {
        long until = clock.GetUtcNow().Add(InterestPeriod).UtcTicks;
        Volatile.Write(ref wantedUntil[(int)lane][partition], until);
        wanted.Set();
    }

    /// <summary>Ends every reader's wait: there is something to look at, though no event.</summary>
    public void WakeAll()
    {
        foreach (PartitionTail tail in tails.SelectMany(lane => lane))
        {
            tail.Changed.Set();
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        DateTimeOffset confirmed = clock.GetUtcNow();
        long seen = 0;
        while (!stop.IsCancellationRequested)
        {
            bool isWanted = await wanted.WaitAsync(seen, ConfirmPeriod, clock, stop);
            seen = wanted.Times;
            if (isWanted)
            {
                await Task.Delay(PollPeriod, clock, stop);
            }

            DateTimeOffset now = clock.GetUtcNow();
            bool confirm = now - confirmed >= ConfirmPeriod;
            List<int> asked =
            [
                .. Enumerable.Range(0, tails[0].Length).Where(p => IsAsked(p, now, confirm)),
            ];
            if (asked.Count > 0)
            {
                await TryAskAsync([.. asked], stop);
            }

            confirmed = confirm ? now : confirmed;
        }
    }

    /// <summary>Whether the database is asked about a partition now.</summary>
    internal bool IsAsked(int partition, DateTimeOffset now, bool confirm) =>
        confirm
            && (
                tails[0][partition].WriterEpoch != 0 || tails.Any(lane => lane[partition].HasReader)
            )
        || wantedUntil.Any(lane => Volatile.Read(ref lane[partition]) > now.UtcTicks);

    private async Task TryAskAsync(int[] partitions, CancellationToken stop)
    {
        try
        {
            await AskAsync(partitions, stop);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            LogPollFailed(e); // Readers meet the same trouble by themselves; asked again in a moment.
        }
    }

    private async Task AskAsync(int[] partitions, CancellationToken stop)
    {
        foreach (HeadFound head in await reads.HeadsAsync(partitions, stop))
        {
            PartitionTail tail = Of(head.Lane, head.Partition);
            long epoch = tail.WriterEpoch;
            if (epoch != 0 && epoch < head.Epoch)
            {
                tail.Detach(epoch); // Another silo took over, and this one's writer does not know yet.
            }

            tail.NoteHead(head.Next - 1, head.Epoch);
            checkpoints.NoteFound(head.Lane, head.Partition, head.Checkpoint);
        }
    }

    [LoggerMessage(
        LogEvents.LogPollFailed,
        LogLevel.Warning,
        "Could not ask PostgreSQL how far the log goes; asking again"
    )]
    private partial void LogPollFailed(Exception exception);
}
