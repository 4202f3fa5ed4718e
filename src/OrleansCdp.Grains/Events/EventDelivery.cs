using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>
/// Brings the events of a chunk to their individuals and accounts: grouped, concurrently, each group in sequence
/// order. Knows nothing of streams.
/// </summary>
internal sealed partial class EventDelivery(
    IGrainFactory grains,
    SubjectResolver resolver,
    LinkMover mover,
    IQuarantineStore quarantine,
    ICheckpoints checkpoints,
    EventFates fates,
    TimeProvider clock,
    ILogger<EventDelivery> logger
)
{
    private const int HopsMax = 16;
    private const int AttemptsMax = 4;
    private static readonly Dictionary<long, EventOutcome> Nothing = [];
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private long epoch;
    private bool unsure;

    /// <summary>Delivers a chunk. Repeating it changes nothing.</summary>
    /// <returns>What became of its events, once all of it is durable.</returns>
    /// <exception cref="Exception">The database or a silo is away: deliver the same chunk again.</exception>
    public async Task<DeliveryCounts> DeliverAsync(EventChunk chunk, CancellationToken cancel)
    {
        // A reader that begins anew, or a delivery that failed, may bring what was brought before.
        bool again = unsure || chunk.ReaderEpoch != epoch;
        unsure = true;
        var noted = again ? await checkpoints.FatesAsync(chunk, cancel) : Nothing;
        (Destination[] targets, var uncompared, _) = await resolver.ResolveAsync(chunk, cancel);
        EventOutcome[] outcomes = new EventOutcome[targets.Length];
        for (int i = 0; i < targets.Length; i++)
        {
            outcomes[i] = noted.GetValueOrDefault(chunk.FirstSequence + i);
        }

        await RefuseAsync(chunk, uncompared, outcomes, cancel);
        List<int> open = [];
        for (int i = 0; i < targets.Length; i++)
        {
            if (outcomes[i].Kind != OutcomeKind.Refused)
            {
                open.Add(i); // What is in quarantine stays there, also if there would be room now.
            }
        }

        int redelivered = outcomes.Length - open.Count;
        await ApplyAsync(chunk, targets, open, outcomes, cancel);
        int known = outcomes.Count(outcome => outcome.Kind == OutcomeKind.Known);
        if (known > 0)
        {
            await RecallAsync(chunk, outcomes, cancel);
        }

        unsure = known > 0 || noted.Count > 0;
        epoch = chunk.ReaderEpoch;
        return new DeliveryCounts(CountsOf(chunk, outcomes))
        {
            Redelivered = redelivered + known,
            Quarantined = outcomes.Count(outcome => outcome.Kind == OutcomeKind.Refused),
        };
    }

    /// <summary>Events that say what cannot be compared go to quarantine, and the others go on.</summary>
    private async Task RefuseAsync(
        EventChunk chunk,
        IReadOnlyCollection<int> uncompared,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        int[] refused = [.. uncompared.Where(i => outcomes[i].Kind != OutcomeKind.Refused)];
        foreach (int i in refused)
        {
            outcomes[i] = EventOutcome.Refused(ReasonCodes.MatchFailed);
        }

        await KeepAsync(chunk, refused, outcomes, cancel);
    }

    /// <summary>Keeps refused events in quarantine, each for the reason of its outcome.</summary>
    private async Task KeepAsync(
        EventChunk chunk,
        IReadOnlyCollection<int> refused,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        if (refused.Count > 0)
        {
            await quarantine.AddAsync(
                [
                    .. refused.Select(i =>
                        fates.Of(new(chunk.FirstSequence + i, chunk.Events[i]), outcomes[i]).Kept!
                    ),
                ],
                cancel
            );
        }
    }

    private async Task ApplyAsync(
        EventChunk chunk,
        Destination[] targets,
        List<int> open,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        for (int hop = 0; open.Count > 0; hop++)
        {
            if (hop == HopsMax)
            {
                throw new InvalidOperationException($"A link moved more than {HopsMax} times.");
            }

            await ApplyOnceAsync(chunk, targets, open, outcomes, cancel);
            List<int> moved = [.. open.Where(i => outcomes[i].IsElsewhere)];
            await FollowAsync(chunk, targets, moved, outcomes, cancel);
            open = [.. moved.Where(i => outcomes[i].IsElsewhere)];
        }
    }

    private Task ApplyOnceAsync(
        EventChunk chunk,
        Destination[] targets,
        List<int> open,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        Dictionary<Destination, List<int>> groups = [];
        foreach (int i in open)
        {
            if (!groups.TryGetValue(targets[i], out List<int>? group))
            {
                groups.Add(targets[i], group = []);
            }

            group.Add(i);
        }

        return Task.WhenAll(
            groups.Select(group => ApplyAsync(chunk, group.Key, group.Value, outcomes, cancel))
        );
    }

    private async Task ApplyAsync(
        EventChunk chunk,
        Destination target,
        List<int> indexes,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        Dictionary<LinkKey, EventOutcome> gone = [];
        List<int> batch = new(Math.Min(indexes.Count, Limits.ApplyBatchMax));
        for (int next = 0; next < indexes.Count; )
        {
            batch.Clear();
            for (; next < indexes.Count && batch.Count < Limits.ApplyBatchMax; next++)
            {
                int i = indexes[next];
                if (gone.Count > 0 && gone.TryGetValue(chunk.Events[i].Link, out outcomes[i]))
                {
                    continue; // Taken here it would be ahead of those before it, which were sent elsewhere.
                }

                batch.Add(i);
            }

            await ApplyBatchAsync(chunk, target, batch, outcomes, cancel);
            foreach (int i in batch.Where(i => outcomes[i].IsElsewhere))
            {
                gone[chunk.Events[i].Link] = outcomes[i];
            }
        }
    }

    private async Task ApplyBatchAsync(
        EventChunk chunk,
        Destination target,
        List<int> indexes,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        if (indexes.Count == 0)
        {
            return;
        }

        SequencedEvent[] events =
        [
            .. indexes.Select(i => new SequencedEvent(chunk.FirstSequence + i, chunk.Events[i])
            {
                IsRemembered = target.IsRemembered,
                IsSentByOwner = target.IsSentByOwner,
            }),
        ];
        ImmutableArray<EventOutcome> said = await ApplyPatientlyAsync(target, events, cancel);
        for (int k = 0; k < events.Length; k++)
        {
            outcomes[indexes[k]] = said.IsEmpty ? EventOutcome.Applied : said[k];
        }
    }

    /// <summary>
    /// A few attempts cover a lost compare-and-set or a moving activation. Longer trouble goes to the stream, which
    /// delivers the chunk again, for ever.
    /// </summary>
    private async Task<ImmutableArray<EventOutcome>> ApplyPatientlyAsync(
        Destination target,
        SequencedEvent[] events,
        CancellationToken cancel
    )
    {
        bool isAccount = SubjectIds.IsAccount(target.At);
        TimeSpan pause = FirstPause;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return isAccount
                    ? await grains
                        .GetGrain<IAccountGrain>(target.At)
                        .ApplyAsync(events.AsImmutable())
                    : await grains
                        .GetGrain<IUnifiedIndividualGrain>(target.At)
                        .ApplyAsync(events.AsImmutable(), target.Owner);
            }
            catch (Exception e) when (attempt < AttemptsMax)
            {
                LogRetried(target.At, attempt, e);
            }

            await Task.Delay(pause, clock, cancel);
            pause *= 2;
        }
    }

    /// <summary>
    /// Events answered with "moved" go on to where their link lives, the move completed if it was not. Where there is
    /// no room for the link its events are refused; its state waits where it was.
    /// </summary>
    private async Task FollowAsync(
        EventChunk chunk,
        Destination[] targets,
        List<int> moved,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        Dictionary<LinkKey, MoveEnd> ends = [];
        List<int> refused = [];
        foreach (int i in moved)
        {
            LinkKey link = chunk.Events[i].Link;
            if (!ends.TryGetValue(link, out MoveEnd? end))
            {
                ends[link] = end = await FollowAsync(link, targets[i], outcomes[i], cancel);
                if (end.Place is { } place)
                {
                    resolver.Correct(link, place);
                }
                else
                {
                    resolver.Forget(link);
                }
            }

            if (end.Place is not { } there)
            {
                outcomes[i] = EventOutcome.Refused(end.Code!);
                refused.Add(i);
            }
            else
            {
                targets[i] = there;
            }
        }

        await KeepAsync(chunk, refused, outcomes, cancel);
    }

    private async Task<MoveEnd> FollowAsync(
        LinkKey link,
        Destination place,
        EventOutcome outcome,
        CancellationToken cancel
    ) =>
        outcome.Kind == OutcomeKind.Moved ? await mover.FollowAsync(link, place, outcome.Code!)
        : outcome.Code != place.At
            ? new MoveEnd(
                place with
                {
                    At = outcome.Code!,
                    IsSentByOwner = place.At == place.Owner,
                },
                AnchorPolicy.Unanchored
            )
        : new MoveEnd(await resolver.AskAsync(link, place, cancel), AnchorPolicy.Unanchored);

    /// <summary>What became of events that an earlier attempt had brought already, as was noted then.</summary>
    private async Task RecallAsync(
        EventChunk chunk,
        EventOutcome[] outcomes,
        CancellationToken cancel
    )
    {
        var noted = await checkpoints.FatesAsync(chunk, cancel);
        for (int i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].Kind == OutcomeKind.Known)
            {
                outcomes[i] = noted.GetValueOrDefault(chunk.FirstSequence + i);
            }
        }
    }

    private static ImmutableArray<EventCount> CountsOf(EventChunk chunk, EventOutcome[] outcomes)
    {
        EventTally counts = new();
        for (int i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].Kind == OutcomeKind.Refused)
            {
                continue; // Counted as it went to quarantine, in one transaction.
            }

            bool applied = outcomes[i].Kind == OutcomeKind.Applied;
            counts.Add(
                chunk.Events[i].Stream,
                applied ? CountKind.Applied : CountKind.Suppressed,
                applied ? "" : outcomes[i].Code!
            );
        }

        return counts.Counts();
    }

    [LoggerMessage(
        LogEvents.DeliveryRetried,
        LogLevel.Warning,
        "Delivery to {Target} failed, attempt {Attempt}; trying again"
    )]
    private partial void LogRetried(string target, int attempt, Exception exception);
}
