using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Decides again about links whose events could not be carried out: their individual could not be left at that moment, or
/// a steward's word came first, which may be taken back by now.
/// </summary>
internal sealed partial class OpenDecisions(
    IOpenDecisionStore store,
    SubjectResolvers resolvers,
    RecordMatching matching,
    IGrainFactory grains,
    ILogger<OpenDecisions> logger
)
{
    /// <summary>Decisions of one round.</summary>
    public const int RoundMax = 100;

    /// <summary>Decides again about the links that some individuals or records are named by.</summary>
    public async Task ReviewAsync(IReadOnlyCollection<string> homes, CancellationToken cancel)
    {
        if (homes.Count > 0)
        {
            await DecideAsync(await store.ReadAsync(homes, cancel), cancel);
        }
    }

    /// <summary>Decides again about those that have waited longest.</summary>
    /// <param name="since">How long they have waited at least.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task SweepAsync(TimeSpan since, CancellationToken cancel) =>
        await DecideAsync(await store.OverdueAsync(since, RoundMax, cancel), cancel);

    private async Task DecideAsync(ImmutableArray<OpenDecision> open, CancellationToken cancel)
    {
        List<OpenDecision> done = [];
        foreach (OpenDecision one in open)
        {
            try
            {
                if (await IsDoneAsync(one, cancel))
                {
                    done.Add(one);
                }
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                LogFailed(one.Event.Event.Link.Source, one.Event.Event.EventId, e);
            }
        }

        if (done.Count > 0)
        {
            await store.CloseAsync(done, cancel);
        }
    }

    private async Task<bool> IsDoneAsync(OpenDecision one, CancellationToken cancel)
    {
        EventChunk chunk = new()
        {
            Lane = one.Event.Event.Lane,
            Partition = 0,
            ReaderEpoch = 0,
            FirstSequence = one.Event.Sequence,
            Events = [one.Event.Event],
        };
        // One for each: what was decided about another event is not to count as known.
        SubjectResolver resolver = resolvers.New(grains, matching, linksMax: 1);
        Resolution found = await resolver.ResolveAsync(chunk, cancel);
        return !found.Open.Any(one.IsSameAs);
    }

    [LoggerMessage(
        LogEvents.OpenDecisionFailed,
        LogLevel.Warning,
        "What event {Source}/{EventId} says of a link could not be decided about again; it is tried once more"
    )]
    private partial void LogFailed(string source, string eventId, Exception exception);
}
