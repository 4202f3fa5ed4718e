using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>What an insight that predicts asks a model.</summary>
/// <param name="Model">The name of the model (a definition of its own). Default: <c>default</c>.</param>
/// <param name="Horizon">How far it looks ahead; null where it does not.</param>
/// <param name="Period">The step in which a lifetime value is discounted. Default: 30 days.</param>
/// <param name="DiscountRate">By how much less money is worth a period later; 0.01 is one percent. Default: 0.</param>
public sealed record Prediction(
    string Model,
    TimeSpan? Horizon,
    TimeSpan Period,
    decimal DiscountRate
)
{
    /// <summary>The model that is asked where none is named.</summary>
    public const string DefaultModel = "default";

    /// <summary>The highest discount of a period: all of it.</summary>
    public const decimal DiscountRateMax = 1;

    /// <summary>The step where none is named.</summary>
    public static readonly TimeSpan PeriodDefault = TimeSpan.FromDays(30);

    /// <summary>How many periods are looked ahead.</summary>
    public int Periods => (int)(Horizon!.Value.Ticks / Period.Ticks);

    /// <summary>A time in the unit of a model.</summary>
    internal static double TimeOf(TimeSpan span, TimeUnit unit) =>
        span.TotalDays / (unit == TimeUnit.Week ? 7 : 1);

    /// <summary>Whether a measure asks a model.</summary>
    internal static bool Makes(Measure measure) =>
        measure is >= Measure.Alive and <= Measure.LifetimeValue;

    /// <summary>Whether a measure asks what purchases are worth.</summary>
    internal static bool IsOfValue(Measure measure) =>
        measure is Measure.PurchaseValue or Measure.LifetimeValue;

    /// <summary>Reads it; null where nothing is predicted.</summary>
    internal static Prediction? Read(DefinitionReader reader, Section section, Measure measure)
    {
        bool looksAhead =
            measure is Measure.Purchases or Measure.NoPurchase or Measure.LifetimeValue;
        RefuseIf("model", !Makes(measure), "Only a prediction asks a model.");
        RefuseIf("horizon", !looksAhead, "This does not look ahead.");
        RefuseIf("period", measure != Measure.LifetimeValue, "Only a lifetime value has periods.");
        RefuseIf(
            "discountRate",
            measure != Measure.LifetimeValue,
            "Only a lifetime value is discounted."
        );
        if (!Makes(measure))
        {
            return null;
        }

        TimeSpan? horizon = ExpressionReader.Duration(reader, section, "horizon");
        TimeSpan period = ExpressionReader.Duration(reader, section, "period") ?? PeriodDefault;
        if (looksAhead && section["horizon"] is null)
        {
            reader.Add("horizon", "How far does it look ahead? Such as `90 days`.", section.Node);
        }

        if (
            measure == Measure.LifetimeValue
            && horizon is { } ahead
            && (
                ahead.Ticks % period.Ticks != 0
                || ahead.Ticks / period.Ticks > LifetimeValue.PeriodsMax
            )
        )
        {
            reader.Add(
                "horizon",
                $"A whole number of periods is looked ahead, at most {LifetimeValue.PeriodsMax}; one has {period.TotalDays:0.###} days.",
                section["horizon"]
            );
        }

        decimal rate = section["discountRate"] is { } node
            ? ExpressionReader.Amount(reader, node, "discountRate")
            : 0;
        RefuseIf("discountRate", rate > DiscountRateMax, $"At most {DiscountRateMax}.");
        return new Prediction(
            reader.Text(section["model"], "model") ?? DefaultModel,
            horizon,
            period,
            rate
        );

        void RefuseIf(string key, bool wrong, string why)
        {
            if (wrong && section[key] is { } written)
            {
                reader.Add(key, why, written);
            }
        }
    }
}
