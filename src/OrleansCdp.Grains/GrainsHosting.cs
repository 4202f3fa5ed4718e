using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime.Placement;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>Registers what the grains need.</summary>
public static class GrainsHosting
{
    /// <summary>Adds the grains' own services to a silo. The ports are somebody else's (see Postgres).</summary>
    public static ISiloBuilder AddCdpGrains(this ISiloBuilder silo)
    {
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddOptions<IdentityOptions>()
            .BindConfiguration(IdentityOptions.Section)
            .ValidateOnStart();
        silo.Services.AddSingleton<IValidateOptions<IdentityOptions>, IdentityOptionsValidator>();
        silo.Services.TryAddSingleton(services =>
            services.GetRequiredService<IOptions<IdentityOptions>>().Value.ToPolicy()
        );
        silo.Services.TryAddSingleton(ReconciliationPolicy.Default);
        silo.Services.AddSingleton<PublishedContexts>();
        silo.Services.AddSingleton<IPublishedContexts>(services =>
            services.GetRequiredService<PublishedContexts>()
        );
        silo.Services.AddSingleton<EventFates>();
        silo.Services.TryAddSingleton<IInsightSets, CatalogueInsights>();
        silo.Services.TryAddSingleton<ISegmentSets, CatalogueSegments>();
        silo.Services.AddOptions<InsightOptions>()
            .BindConfiguration(InsightOptions.Section)
            .ValidateOnStart();
        silo.Services.AddSingleton<IValidateOptions<InsightOptions>, InsightOptionsValidator>();
        silo.Services.AddTransient<InsightBackfill>();
        silo.Services.AddHostedService<BackfillSweep>();
        silo.Services.AddSingleton<DueInstruments>();
        silo.Services.AddSingleton<Waking>();
        silo.Services.AddHostedService<DueSweep>();
        silo.Services.AddOptions<SegmentOptions>()
            .BindConfiguration(SegmentOptions.Section)
            .ValidateOnStart();
        silo.Services.AddSingleton<IValidateOptions<SegmentOptions>, SegmentOptionsValidator>();
        silo.Services.AddHostedService<ChangeSweep>();
        silo.Services.AddSingleton<PreviewWalk>();
        silo.Services.TryAddSingleton<ISegmentPreviews, GrainSegmentPreviews>();
        silo.Services.AddSingleton<LogReplay>();
        silo.Services.AddSingleton<StateRepair>();
        silo.Services.AddSingleton<LogInstruments>();
        silo.Services.AddCdpIntake();
        AddMatching(silo.Services);
        silo.Services.AddOptions<IngestOptions>()
            .BindConfiguration(IngestOptions.Section)
            .ValidateOnStart();
        silo.Services.AddSingleton<IValidateOptions<IngestOptions>, IngestOptionsValidator>();
        silo.Services.AddSingleton<PartitionHomes>();
        silo.Services.AddSingleton<Residences>();
        silo.Services.AddPlacementDirector<
            PartitionPlacementStrategy,
            PartitionPlacementDirector
        >();
        silo.Services.AddPlacementDirector<HomePlacementStrategy, HomePlacementDirector>();
        return silo;
    }

    private static void AddMatching(IServiceCollection services)
    {
        services.TryAddSingleton<IRulesets, CatalogueRulesets>();
        services.AddSingleton<MatchSpaces>();
        services.AddSingleton<MatchInstruments>();
        services.AddSingleton<Matcher>();
        services.AddSingleton<MatchMoves>();
        services.AddSingleton<MatchReview>();
        services.AddSingleton<GuardReview>();
        services.AddSingleton<MatchReplay>();
        services.AddTransient<RecordMatching>(); // One per reader of the log: it remembers what it has seen.
        services.AddSingleton<SubjectResolvers>();
        services.AddTransient<OpenDecisions>();
        services.AddSingleton<ReturningLinks>();
        services.AddHostedService<MatchSweep>();
        services.AddSingleton<IdentityInstruments>();
        services.AddSingleton<IdentifierWatch>();
        services.AddHostedService<FigureSweep>();
    }
}
