using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Has individuals merged, or kept apart, wherever links prove something new.</summary>
internal sealed partial class Merges(
    IMergeStore store,
    IGrainFactory grains,
    ILogger<Merges> logger
)
{
    /// <summary>Keeps what decisions prove. Repeating it changes nothing.</summary>
    /// <param name="decisions">The decisions.</param>
    /// <param name="book">The claims they rest on.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Whose links have to be placed anew, and who is one person with others than before.</returns>
    public async Task<Regrouped> ProveAsync(
        IEnumerable<AnchorDecision> decisions,
        ClaimBook book,
        CancellationToken cancel
    )
    {
        List<AnchorProof> proofs = [];
        Dictionary<string, BaseIndividual> bearing = new(StringComparer.Ordinal);
        foreach (AnchorDecision decision in decisions)
        {
            proofs.AddRange(decision.Proofs);
            NoteBearing(decision.Target);
            NoteBearing(decision.Other);
        }

        Regrouped regrouped =
            proofs.Count > 0 || bearing.Count > 0
                ? await store.ProveAsync(proofs, bearing.Values, cancel)
                : Regrouped.Nothing;
        foreach (MergeConflict conflict in regrouped.Conflicts)
        {
            LogApart(conflict.First, conflict.Second, conflict.Reason);
        }

        return regrouped with
        {
            Moving = [.. book.Moving().Union(regrouped.Moving, StringComparer.Ordinal)],
        };

        void NoteBearing(Claim? taker)
        {
            if (taker is { IsAnchored: true, Rank: > 0 })
            {
                string name = taker.Cause.IsOwnAnchor ? taker.Cause.Rule! : "";
                bearing[taker.Owner] = new(taker.Owner, taker.Rank, name);
            }
        }
    }

    /// <summary>Brings the links of individuals to where their merges want them.</summary>
    /// <returns>Whose links stay where they are, and why; none when all are where they belong.</returns>
    public async Task<ImmutableArray<StayingLinks>> PlaceAsync(IEnumerable<string> individuals)
    {
        List<StayingLinks> staying = [];
        foreach (string individual in individuals)
        {
            try
            {
                string? stays = await grains
                    .GetGrain<IUnifiedIndividualGrain>(individual)
                    .PlaceAsync();
                if (stays is not null)
                {
                    Note(individual, stays);
                }
            }
            catch (StateCorruptException)
            {
                Note(individual, ReasonCodes.StateCorrupt); // Tried again while it is to move.
            }
        }

        return [.. staying];

        void Note(string individual, string reason)
        {
            staying.Add(new StayingLinks(individual, reason));
            LogStays(individual, reason);
        }
    }

    [LoggerMessage(
        LogEvents.AnchorsClash,
        LogLevel.Warning,
        "{First} and {Second} stay apart although a link says that they are one: {Reason}"
    )]
    private partial void LogApart(string first, string second, string reason);

    [LoggerMessage(
        LogEvents.MergeNotMade,
        LogLevel.Warning,
        "The links of {Individual} stay where they are, for now: {Reason}"
    )]
    private partial void LogStays(string individual, string reason);
}
