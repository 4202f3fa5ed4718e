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
    /// <summary>Individuals whose links are brought to their places at the same time.</summary>
    public const int PlacedAtOnceMax = 64;

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

    /// <summary>
    /// Brings the links of individuals to where their merges want them. Whoever others live with goes after them; so they
    /// are tried again as long as somebody has moved.
    /// </summary>
    /// <returns>Whose links stay where they are, and why; none when all are where they belong.</returns>
    public async Task<ImmutableArray<StayingLinks>> PlaceAsync(IEnumerable<string> individuals)
    {
        List<StayingLinks> staying = [];
        List<string> left = [.. individuals];
        for (int before = int.MaxValue; left.Count > 0 && left.Count < before; )
        {
            before = left.Count;
            staying.RemoveAll(one => IsForNow(one.Reason));
            foreach (string[] some in left.Chunk(PlacedAtOnceMax))
            {
                string?[] reasons = await Task.WhenAll(some.Select(TryPlaceAsync));
                staying.AddRange(
                    some.Zip(reasons)
                        .Where(one => one.Second is not null)
                        .Select(one => new StayingLinks(one.First, one.Second!))
                );
            }

            left = [.. staying.Where(one => IsForNow(one.Reason)).Select(one => one.Individual)];
        }

        foreach (StayingLinks one in staying)
        {
            LogStays(one.Individual, one.Reason); // Tried again while it is to move.
        }

        // That somebody waits for others says less than why those stay.
        return [.. staying.OrderBy(one => IsForNow(one.Reason))];
    }

    private static bool IsForNow(string why) =>
        why is ReasonCodes.HoldsOthers or ReasonCodes.MergedElsewhere;

    private async Task<string?> TryPlaceAsync(string individual)
    {
        try
        {
            return await grains.GetGrain<IUnifiedIndividualGrain>(individual).PlaceAsync();
        }
        catch (StateCorruptException)
        {
            return ReasonCodes.StateCorrupt;
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
