using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Compiles a model's definition, collecting everything that is wrong with it.</summary>
internal sealed class PredictionModelCompiler(DefinitionReader reader, Section section)
{
    /// <summary>How far a calendar's midnight may be from that of UTC, in minutes: as far as one is on earth.</summary>
    internal const int OffsetMinutesMax = 14 * 60;

    private const string Day = "day";
    private const string Week = "week";

    /// <summary>Compiles a definition.</summary>
    public static (PredictionModel? Model, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text
    )
    {
        List<DefinitionError> errors = [];
        DefinitionReader reader = new(errors);
        PredictionModel? model = null;
        if (YamlReader.Read(text, errors) is { } root)
        {
            if (!DefinitionNames.IsName(name))
            {
                reader.Add("", "A model's name is small letters, digits and dashes.", root);
            }

            Section section = reader.Open(
                root,
                "",
                "description",
                "unit",
                "period",
                "offset",
                "purchases",
                "values",
                "fitted"
            );
            model =
                root is YamlMap ? new PredictionModelCompiler(reader, section).Compile(name) : null;
        }

        return errors.Count > 0 ? (null, [.. errors]) : (model, []);
    }

    private PredictionModel Compile(string name)
    {
        if (section["unit"] is null)
        {
            reader.Add(
                "unit",
                "`unit` is required: in what `alpha` and all times are counted, `day` or `week`.",
                section.Node
            );
        }

        RfmCounting counting = new()
        {
            Unit = UnitOf("unit"),
            Period = UnitOf("period"),
            Offset = OffsetOf(),
        };
        BgNbd purchases = PurchasesOf(counting.Unit);
        (GammaGamma? values, string? currency) = ValuesOf();
        return new PredictionModel
        {
            Name = name,
            Description = TextOf(section, "description"),
            Counting = counting,
            Purchases = purchases,
            Values = values,
            Currency = currency,
            Fitted = FittedOf(),
        };
    }

    private TimeUnit UnitOf(string key) =>
        reader.Word(section[key], key, Day, Week) == Week ? TimeUnit.Week : TimeUnit.Day;

    private TimeSpan OffsetOf()
    {
        if (section["offset"] is not { } node)
        {
            return TimeSpan.Zero;
        }

        if (
            node is YamlScalar scalar
            && MinutesOf(scalar.Text) is { } minutes
            && Math.Abs(minutes) <= OffsetMinutesMax
        )
        {
            return TimeSpan.FromMinutes(minutes);
        }

        reader.Add(
            "offset",
            $"Expected minutes from -{OffsetMinutesMax} to {OffsetMinutesMax}, or hours and minutes such as `+01:00`.",
            node
        );
        return TimeSpan.Zero;
    }

    /// <summary>Minutes, or hours and minutes; either with a sign or without.</summary>
    private static double? MinutesOf(string text)
    {
        bool isClock = TimeSpan.TryParseExact(
            text is ['+' or '-', .. string rest] ? rest : text,
            @"h\:mm",
            CultureInfo.InvariantCulture,
            out TimeSpan clock
        );
        if (isClock)
        {
            return text[0] == '-' ? -clock.TotalMinutes : clock.TotalMinutes;
        }

        return short.TryParse(
            text,
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out short minutes
        )
            ? minutes
            : null;
    }

    private BgNbd PurchasesOf(TimeUnit unit)
    {
        if (section["purchases"] is not { } node)
        {
            reader.Add(
                "purchases",
                "`purchases` is required: the parameters `r`, `alpha`, `a` and `b`.",
                section.Node
            );
            return new BgNbd(1, 1, 1, 1, unit);
        }

        Section of = reader.Open(node, "purchases", "r", "alpha", "a", "b");
        return new BgNbd(
            ShapeOf(of, "r"),
            ScaleOf(of, "alpha"),
            ShapeOf(of, "a"),
            ShapeOf(of, "b"),
            unit
        );
    }

    private (GammaGamma? Values, string? Currency) ValuesOf()
    {
        if (section["values"] is not { } node)
        {
            return (null, null);
        }

        Section of = reader.Open(node, "values", "p", "q", "v", "currency");
        double p = ShapeOf(of, "p");
        double q = ShapeOf(of, "q");
        double v = ScaleOf(of, "v");
        string? currency = CurrencyOf(of);
        if (q > 1)
        {
            return (new GammaGamma(p, q, v), currency);
        }

        reader.Add(
            of.PathOf("q"),
            "`q` has to be above 1, or what customers spend has no mean.",
            of["q"]
        );
        return (null, currency);
    }

    private string? CurrencyOf(Section of)
    {
        string? code = Required(of, "currency")
            ? reader.Text(of["currency"], "values.currency")
            : null;
        if (code is not null && !PredictionModel.IsCurrency(code))
        {
            reader.Add(
                "values.currency",
                "Expected the code of a currency (ISO 4217), such as `EUR`.",
                of["currency"]
            );
        }

        return code;
    }

    private double ShapeOf(Section of, string key) =>
        ParameterOf(of, key, PredictionModel.ShapeMin, PredictionModel.ShapeMax);

    private double ScaleOf(Section of, string key) =>
        ParameterOf(of, key, PredictionModel.ScaleMin, PredictionModel.ScaleMax);

    private double ParameterOf(Section of, string key, double min, double max)
    {
        const double any = 2; // Above 1, so that of a `q` only one thing is said.
        return Required(of, key)
            ? Amounts.Real(reader, of[key], of.PathOf(key), min, max, any)
            : any;
    }

    private bool Required(Section of, string key)
    {
        if (of[key] is null && of.Node is YamlMap)
        {
            reader.Add(of.PathOf(key), $"`{of.Path}` has to say `{key}`.", of.Node);
        }

        return of[key] is not null;
    }

    private FittedTo? FittedOf()
    {
        if (section["fitted"] is not { } node)
        {
            return null;
        }

        Section of = reader.Open(
            node,
            "fitted",
            "at",
            "until",
            "customers",
            "repeatBuyers",
            "logLikelihood",
            "valuesLogLikelihood",
            "cohort"
        );
        FittedTo fitted = new()
        {
            At = InstantOf(of, "at"),
            Until = InstantOf(of, "until"),
            Customers = CountOf(of, "customers", least: 1),
            RepeatBuyers = CountOf(of, "repeatBuyers", least: 0),
            LogLikelihood = LogLikelihoodOf(of, "logLikelihood"),
            ValuesLogLikelihood = LogLikelihoodOf(of, "valuesLogLikelihood"),
            Cohort = TextOf(of, "cohort"),
        };
        RefuseIf(of, "until", fitted.Until > fitted.At, "It was fitted `at` an earlier moment.");
        RefuseIf(
            of,
            "repeatBuyers",
            fitted.RepeatBuyers > fitted.Customers,
            "There are fewer `customers` than that."
        );
        RefuseIf(
            of,
            "valuesLogLikelihood",
            fitted.ValuesLogLikelihood is not null && section["values"] is null,
            "There are no `values` that it could be of."
        );
        return fitted;
    }

    private DateTimeOffset? InstantOf(Section of, string key)
    {
        if (reader.Text(of[key], of.PathOf(key)) is not { } text)
        {
            return null;
        }

        if (Instants.TryIso(text, TimeZoneInfo.Utc, out long ticks))
        {
            return new DateTimeOffset(ticks, TimeSpan.Zero);
        }

        reader.Add(
            of.PathOf(key),
            "Expected an instant such as `2026-11-30T12:00:00Z`; without a zone it is in UTC.",
            of[key]
        );
        return null;
    }

    private int? CountOf(Section of, string key, int least) =>
        of[key] is { } node
            ? Amounts.Whole(reader, node, of.PathOf(key), least, FittedTo.PopulationMax, least)
            : null;

    private double? LogLikelihoodOf(Section of, string key)
    {
        const double max = FittedTo.LogLikelihoodMax;
        return of[key] is { } node
            ? Amounts.Real(reader, node, of.PathOf(key), -max, max, 0)
            : null;
    }

    private string? TextOf(Section of, string key)
    {
        string? text = reader.Text(of[key], of.PathOf(key));
        RefuseIf(
            of,
            key,
            text?.Length > PredictionModel.TextMax,
            $"At most {PredictionModel.TextMax} characters stand here."
        );
        return text;
    }

    private void RefuseIf(Section of, string key, bool wrong, string why)
    {
        if (wrong)
        {
            reader.Add(of.PathOf(key), why, of[key]);
        }
    }
}
