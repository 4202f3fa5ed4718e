using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Orleans.Concurrency;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// The one way in, for HTTP and for stream producers alike: appends what was accepted to the log, whose writer counts
/// it as received, then quarantines what was refused and counts what was filtered.
/// </summary>
public sealed class Intake(
    IGrainFactory grains,
    DefinitionCatalogue catalogue,
    IntakeCounts counts,
    TimeProvider clock
)
{
    /// <summary>Takes items in. Returns once every accepted event is committed and every refused one kept.</summary>
    /// <param name="items">Any number; grouped here.</param>
    /// <param name="replay">
    /// Whether the items come from quarantine: what is refused again stays where it is.
    /// </param>
    /// <exception cref="LogUnavailableException">
    /// Not everything could be made durable. Send the same items again; what went in counts once.
    /// </exception>
    /// <exception cref="LogBehindException">
    /// A partition is too far behind to take more. Wait as long as it says, then send the same items again; what went in
    /// counts once.
    /// </exception>
    public async Task<IntakeResult> SubmitAsync(
        IReadOnlyList<IntakeItem> items,
        bool replay = false
    )
    {
        List<int>[] byPartition = GroupByPartition(items);
        Task<PartitionAppend>[] appends =
        [
            .. byPartition
                .Select((indexes, partition) => (indexes, partition))
                .Where(group => group.indexes is not null)
                .Select(group => AppendAsync(items, group.indexes, group.partition)),
        ];
        PartitionAppend[] done = await Task.WhenAll(appends);
        var (filtered, refusals) = await SetAsideAsync(items, replay);
        return new IntakeResult
        {
            StoredAt = clock.GetUtcNow(),
            Positions = [.. done.Select(append => append.Position)],
            Accepted = done.Sum(append => append.Accepted),
            Duplicates = done.Sum(append => append.Duplicates),
            Filtered = filtered,
            Refusals = refusals,
        };
    }

    /// <summary>
    /// Quarantines what was refused and counts what was filtered. To be called once what is accepted of these items is
    /// in the log: if they are sent again because it was not, they leave no second copies in quarantine.
    /// </summary>
    /// <param name="items">Any number.</param>
    /// <param name="replay">As for <see cref="SubmitAsync"/>.</param>
    /// <returns>How many were filtered, and what was refused, once every refused one is kept.</returns>
    public async Task<(int Filtered, ImmutableArray<IntakeRefusal> Refusals)> SetAsideAsync(
        IReadOnlyList<IntakeItem> items,
        bool replay = false
    )
    {
        await Task.WhenAll(
            counts.AddAsync(CountsOf(items)),
            replay ? Task.CompletedTask : QuarantineAsync(items)
        );
        ImmutableArray<IntakeRefusal> refusals =
        [
            .. items
                .Select((item, i) => (item.Admission as Admission.Refused, i))
                .Where(refused => refused.Item1 is not null)
                .Select(refused => RefusalOf(refused.i, refused.Item1!)),
        ];
        return (items.Count(item => item.Admission is Admission.Filtered), refusals);
    }

    private static IntakeRefusal RefusalOf(int index, Admission.Refused refused) =>
        new(index, refused.Code, refused.Message, refused.Pointer);

    private static QuarantineItem KeptOf(IntakeItem item, Admission.Refused why, DateTimeOffset at)
    {
        bool truncated = item.Payload.Length > IQuarantineGrain.PayloadBytesMax;
        return new QuarantineItem
        {
            Stream = item.Stream,
            Code = why.Code,
            Message = why.Message,
            Pointer = why.Pointer,
            Origin = item.Origin,
            Payload = (
                truncated ? item.Payload[..IQuarantineGrain.PayloadBytesMax] : item.Payload
            ).ToArray(),
            Truncated = truncated || item.Incomplete,
            At = at,
        };
    }

    private async Task QuarantineAsync(IReadOnlyList<IntakeItem> items)
    {
        DateTimeOffset now = clock.GetUtcNow();
        IEnumerable<QuarantineItem> kept = items
            .Where(item => item.Admission is Admission.Refused)
            .Select(item => KeptOf(item, (Admission.Refused)item.Admission, now));
        foreach (QuarantineItem[] part in kept.Chunk(IQuarantineGrain.ItemsMax))
        {
            await grains.GetGrain<IQuarantineGrain>(0).AddAsync(part.AsImmutable());
        }
    }

    private static ImmutableArray<EventCount> CountsOf(IReadOnlyList<IntakeItem> items)
    {
        EventTally said = new();
        foreach (IntakeItem item in items)
        {
            if (item.Admission.UnknownFields is > 0 and int unknown)
            {
                said.Add(item.Stream, CountKind.UnknownFields, "", unknown);
            }

            AddLeftOut(said, item.Stream, item.Admission.IdentifiersLeftOut);
            if (item.Admission is Admission.Filtered why)
            {
                said.Add(item.Stream, CountKind.Received, "");
                said.Add(item.Stream, CountKind.Filtered, why.Reason);
            }
        }

        return said.Counts();
    }

    private static void AddLeftOut(EventTally said, string stream, IdentifiersLeftOut leftOut)
    {
        if (leftOut.Blocked > 0)
        {
            string reason = ReasonCodes.IdentifierBlocked;
            said.Add(stream, CountKind.IdentifiersLeftOut, reason, leftOut.Blocked);
        }

        if (leftOut.Invalid > 0)
        {
            string reason = ReasonCodes.IdentifierInvalid;
            said.Add(stream, CountKind.IdentifiersLeftOut, reason, leftOut.Invalid);
        }
    }

    private List<int>[] GroupByPartition(IReadOnlyList<IntakeItem> items)
    {
        List<int>[] byPartition = new List<int>[catalogue.PartitionCount];
        for (int i = 0; i < items.Count; i++)
        {
            if (items[i].Admission is Admission.Accepted accepted)
            {
                int partition = Partitions.Of(accepted.Event.Link, byPartition.Length);
                (byPartition[partition] ??= []).Add(i);
            }
        }

        return byPartition;
    }

    private async Task<PartitionAppend> AppendAsync(
        IReadOnlyList<IntakeItem> items,
        List<int> indexes,
        int partition
    )
    {
        var log = grains.GetGrain<IPartitionLogGrain>(partition);
        long normal = 0;
        long low = 0;
        int duplicates = 0;
        foreach (int[] part in indexes.Chunk(Limits.AppendBatchMax))
        {
            LinkEvent[] events = Array.ConvertAll(part, i => EventOf(items[i]));
            AppendResult result = await log.AppendAsync(new EventBatch(events));
            normal = Math.Max(normal, result.NormalSequence);
            low = Math.Max(low, result.LowSequence);
            duplicates += result.Duplicates.Length;
        }

        ReceiptPosition position = new(partition, normal, low);
        return new PartitionAppend(position, indexes.Count - duplicates, duplicates);
    }

    private static LinkEvent EventOf(IntakeItem item) => ((Admission.Accepted)item.Admission).Event;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct PartitionAppend(
        ReceiptPosition Position,
        int Accepted,
        int Duplicates
    );
}

/// <summary>What became of a batch.</summary>
public sealed record IntakeResult
{
    /// <summary>When all of it was durable.</summary>
    public required DateTimeOffset StoredAt { get; init; }

    /// <summary>Where it ends in the log, per partition.</summary>
    public required ImmutableArray<ReceiptPosition> Positions { get; init; }

    /// <summary>Events now durable in the log.</summary>
    public required int Accepted { get; init; }

    /// <summary>Events known already.</summary>
    public required int Duplicates { get; init; }

    /// <summary>Events the definition does not keep.</summary>
    public required int Filtered { get; init; }

    /// <summary>Events refused and quarantined.</summary>
    public required ImmutableArray<IntakeRefusal> Refusals { get; init; }
}

/// <summary>A refused item.</summary>
/// <param name="Index">Its place in the batch, from 0.</param>
/// <param name="Code">A <see cref="ReasonCodes"/> value.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Pointer">JSON pointer within the item, or null.</param>
public sealed record IntakeRefusal(int Index, string Code, string Message, string? Pointer);
