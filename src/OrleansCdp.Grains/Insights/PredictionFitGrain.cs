using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Walks over all stored individuals for a fit; the numerical work is done outside of its turns.</summary>
[GrainType("cdp.prediction-fit")]
[Reentrant] // Else a second fit would wait for the first instead of being refused.
internal sealed class PredictionFitGrain(ILogHistory log, IInsightSets insights, TimeProvider clock)
    : Grain,
        IPredictionFitGrain
{
    private bool fitting;

    public async Task<FitAnswer> FitAsync(FitRequest request, CancellationToken cancel)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (request.WrongAt(now) is { } wrong)
        {
            return new FitAnswer { Refusal = wrong };
        }

        // The newest there are: it may have been defined a moment ago.
        InsightSet computed = await insights.SinceAsync(long.MaxValue);
        ActiveInsight? insight = computed.Serving.FirstOrDefault(one =>
            one.Definition.Name == request.Insight
        );
        if (request.WrongWith(insight?.Definition) is { } unfit)
        {
            return new FitAnswer { Refusal = unfit };
        }

        if (fitting)
        {
            return new FitAnswer { Refusal = UnderWay };
        }

        fitting = true;
        try
        {
            FitWalk walk = new(log, GrainFactory, request, insight!);
            return await walk.RunAsync(request.Until ?? now, cancel)
                ? await Task.Run(() => walk.Fit(now), cancel)
                : new FitAnswer { Refusal = Overtaken(request.Insight) };
        }
        finally
        {
            fitting = false;
        }
    }

    private static FitRefusal UnderWay { get; } =
        new(FitRefusals.UnderWay, "A fit is under way. Wait for its end.");

    private static FitRefusal Overtaken(string insight) =>
        new(
            FitRefusals.Overtaken,
            $"`{insight}` was defined anew meanwhile: its customers are counted in two ways. Fit again."
        );
}
