using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Says how far a batch has come.</summary>
internal static class ReceiptEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/receipts/{id}", GetAsync)
            .RequireScope(Scopes.Ingest)
            .Produces<ReceiptAnswer>()
            .WithSummary(
                "When a batch was stored, applied to its individuals and visible in context, and its counts."
            );

    private static async Task<IResult> GetAsync(
        string id,
        IGrainFactory grains,
        DefinitionCatalogue catalogue
    )
    {
        if (
            !Receipt.TryDecode(id, out Receipt? receipt)
            || receipt.Positions.Any(position => position.Partition >= catalogue.PartitionCount)
        )
        {
            return Problem.NotFound("unknown_receipt", "This is no receipt of this system.");
        }

        Task<(bool Applied, DateTimeOffset? At)>[] asked =
        [
            .. receipt.Positions.Select(p =>
                ProgressAsync(grains, Lane.Normal, p.Partition, p.NormalSequence)
            ),
            .. receipt.Positions.Select(p =>
                ProgressAsync(grains, Lane.Low, p.Partition, p.LowSequence)
            ),
        ];
        (bool Applied, DateTimeOffset? At)[] parts = await Task.WhenAll(asked);
        bool applied = parts.All(part => part.Applied) || await IsPassedAsync(grains, receipt);
        DateTimeOffset? at = applied ? parts.Max(part => part.At) : null;
        return Results.Ok(
            new ReceiptAnswer(
                receipt.StoredAt,
                applied,
                at,
                applied,
                at,
                receipt.Positions.Length,
                receipt.Counts?.Accepted,
                receipt.Counts?.Duplicates,
                receipt.Counts?.Filtered,
                receipt.Counts?.Refused
            )
        );
    }

    /// <summary>A reader that has just started knows only what it read itself; the checkpoints know the rest.</summary>
    private static async Task<bool> IsPassedAsync(IGrainFactory grains, Receipt receipt)
    {
        var partitions = await grains.GetGrain<IStatusGrain>(0).GetPartitionsAsync();
        var checkpoints = partitions.ToDictionary(p => (p.Partition, p.Lane), p => p.Checkpoint);
        return receipt.Positions.All(position =>
            checkpoints.GetValueOrDefault((position.Partition, Lane.Normal))
                >= position.NormalSequence
            && checkpoints.GetValueOrDefault((position.Partition, Lane.Low)) >= position.LowSequence
        );
    }

    private static async Task<(bool Applied, DateTimeOffset? At)> ProgressAsync(
        IGrainFactory grains,
        Lane lane,
        int partition,
        long sequence
    )
    {
        if (sequence == 0)
        {
            return (true, null);
        }

        var grain = grains.GetGrain<IIngestPartitionGrain>(EventStreams.KeyOf(lane, partition));
        PartitionProgress progress = await grain.GetProgressAsync(sequence);
        return (progress.AppliedSequence >= sequence, progress.AppliedAt);
    }
}

/// <summary>How far a batch has come.</summary>
/// <param name="StoredAt">When it was durable in the log.</param>
/// <param name="Applied">Whether every event is in its individual's durable state.</param>
/// <param name="AppliedAt">Since when; null when it is not, or too long ago to be remembered.</param>
/// <param name="Visible">Whether every event shows in context.</param>
/// <param name="VisibleAt">Since when.</param>
/// <param name="Partitions">Partitions the batch went to.</param>
/// <param name="Accepted">Events it stored; null, as those below, for a receipt of an earlier version.</param>
/// <param name="Duplicates">Events that were known already.</param>
/// <param name="Filtered">Events the definition does not keep.</param>
/// <param name="Refused">Records kept in quarantine.</param>
public sealed record ReceiptAnswer(
    DateTimeOffset StoredAt,
    bool Applied,
    DateTimeOffset? AppliedAt,
    bool Visible,
    DateTimeOffset? VisibleAt,
    int Partitions,
    int? Accepted,
    int? Duplicates,
    int? Filtered,
    int? Refused
);
