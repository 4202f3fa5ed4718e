using CsCheck;

namespace OrleansCdp.Insights;

/// <summary>Any model that a definition may say, with any texts.</summary>
internal static class AnyModel
{
    private static Gen<double> Shape { get; } = Within(-6, 6);

    private static Gen<double> Scale { get; } = Within(-9, 15);

    // Beside letters whatever YAML, or a reader of lines, might take for something else.
    private static Gen<string> Text { get; } =
        Gen.OneOf(
                Gen.Char.Where(c => !char.IsSurrogate(c)),
                Gen.Char["\0\t\r\n\u0085\u2028\u2029\uFEFF\"\\'#:{}[]&*!|>%@` "]
            )
            .Array[1, 30]
            .Select(chars => new string(chars));

    public static Gen<PredictionModel> Model { get; } =
        from counting in Gen.Select(
            Gen.Enum<TimeUnit>(),
            Gen.Enum<TimeUnit>(),
            Gen.Int[-840, 840],
            (unit, period, minutes) =>
                new RfmCounting
                {
                    Unit = unit,
                    Period = period,
                    Offset = TimeSpan.FromMinutes(minutes),
                }
        )
        from purchases in Gen.Select(
            Shape,
            Scale,
            Shape,
            Shape,
            (r, alpha, a, b) => new BgNbd(r, alpha, a, b, counting.Unit)
        )
        from values in Gen.Select(
                Shape,
                Shape.Where(q => q > 1),
                Scale,
                (p, q, v) => new GammaGamma(p, q, v)
            )
            .Null()
        from description in Text.Null()
        from fitted in FactsOf(hasValues: values is not null).Null()
        select new PredictionModel
        {
            Name = "shop",
            Description = description,
            Counting = counting,
            Purchases = purchases,
            Values = values,
            Currency = values is null ? null : "EUR",
            Fitted = fitted,
        };

    private static Gen<double> Within(double least, double most) =>
        Gen.Double[least, most]
            .Select(power =>
                Math.Clamp(Math.Pow(10, power), Math.Pow(10, least), Math.Pow(10, most))
            );

    private static Gen<FittedTo> FactsOf(bool hasValues) =>
        from until in Gen.DateTime.Nullable()
        from age in Gen.Long[0, TimeSpan.TicksPerDay]
        from customers in Gen.Int[1, FittedTo.PopulationMax].Nullable()
        from repeats in Gen.Int[0, 1].Nullable()
        from purchases in Gen.Double[-1e15, 1e15].Nullable()
        from values in Gen.Double[-1e5, 1e5].Nullable()
        from cohort in Text.Null()
        select new FittedTo
        {
            Until = until is { } day ? InUtc(day.Ticks) : null,
            At = until is { } end
                ? InUtc(Math.Min(DateTime.MaxValue.Ticks, end.Ticks + age))
                : null,
            Customers = customers,
            RepeatBuyers = repeats,
            LogLikelihood = purchases,
            ValuesLogLikelihood = hasValues ? values : null,
            Cohort = cohort,
        };

    private static DateTimeOffset InUtc(long ticks) => new(ticks, TimeSpan.Zero);
}
