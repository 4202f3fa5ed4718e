using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What the system is doing, and what became of every event.</summary>
internal static class StatusEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/status", GetAsync)
            .RequireScope(Scopes.Operate)
            .WithSummary(
                "Partitions, silos, and what became of every event, by stream and reason."
            );

    private static async Task<IResult> GetAsync(IGrainFactory grains, DefinitionCatalogue catalogue)
    {
        ClusterStatus status = await grains.GetGrain<IStatusGrain>(0).GetAsync();
        return Results.Ok(
            new
            {
                totals = status
                    .Counts.GroupBy(count => NameOf(count.Kind))
                    .ToDictionary(kind => kind.Key, kind => kind.Sum(count => count.Count)),
                status.Individuals,
                status.Accounts,
                status.Silos,
                members = status.Members.Select(member => new
                {
                    member.Name,
                    member.Address,
                    member.Definitions,
                    member.SavesWaiting,
                }),
                backlog = new
                {
                    saves = status.Members.Sum(member => member.SavesWaiting ?? 0),
                    due = status.DueWaiting,
                    outbox = status.OutboxWaiting,
                    countedTo = ClusterStatus.BacklogCountMax,
                },
                definitions = new { active = status.Definitions, here = catalogue.Version },
                lag = status.Partitions.Sum(partition => partition.Head - partition.Checkpoint),
                damagedStates = status.Damages.Select(damage => new
                {
                    damage.Id,
                    damage.Flaw,
                    outcome = damage.Outcome switch
                    {
                        DamageOutcome.Rebuilt => "rebuilt",
                        DamageOutcome.NotRebuilt => "notRebuilt",
                        _ => "found",
                    },
                    damage.Reason,
                    damage.FoundAt,
                }),
                stuckMerges = status.StuckMerges.Select(stuck => new
                {
                    stuck.Reason,
                    stuck.Individuals,
                }),
                counts = status.Counts.Select(count => new
                {
                    count.Stream,
                    kind = NameOf(count.Kind),
                    count.Reason,
                    count.Count,
                }),
                partitions = status.Partitions.Select(partition => new
                {
                    partition.Partition,
                    lane = partition.Lane == Lane.Normal ? "normal" : "low",
                    partition.Head,
                    partition.Checkpoint,
                    lag = partition.Head - partition.Checkpoint,
                    partition.Reader,
                    partition.Writer,
                    partition.Redelivered,
                    partition.Quarantined,
                    partition.Fences,
                }),
            }
        );
    }

    private static string NameOf(CountKind kind) =>
        kind switch
        {
            CountKind.Received => "received",
            CountKind.Applied => "applied",
            CountKind.Duplicate => "duplicate",
            CountKind.Filtered => "filtered",
            CountKind.Suppressed => "suppressed",
            CountKind.Quarantined => "quarantined",
            CountKind.IdentifiersLeftOut => "identifiersLeftOut",
            _ => "unknownFields",
        };
}
