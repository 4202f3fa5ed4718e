using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>
/// A compiled model: the parameters by which purchases and what they are worth are predicted, and how purchases are counted for
/// it. Immutable; safe for any number of threads.
/// </summary>
/// <remarks>
/// A definition is YAML. README.md in the folder above is the reference; an example, fitted to the CDNOW sample:
/// <code>
/// unit: week
/// purchases: { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }
/// values: { p: 6.25, q: 3.74, v: 15.44, currency: USD }
/// fitted: { customers: 2357, repeatBuyers: 946, until: 1997-09-30T23:59:59Z }
/// </code>
/// </remarks>
public sealed record PredictionModel
{
    /// <summary>The least that r, a, b, p and q may be.</summary>
    /// <value>A tenth of what a fit gives up at.</value>
    public const double ShapeMin = 1e-6;

    /// <summary>The most that r, a, b, p and q may be.</summary>
    /// <value>Ten times what a fit gives up at.</value>
    public const double ShapeMax = 1e6;

    /// <summary>The least that alpha, in the unit of time, and v, in units of currency, may be.</summary>
    public const double ScaleMin = 1e-9;

    /// <summary>The most that alpha, in the unit of time, and v, in units of currency, may be.</summary>
    /// <value>The same as <see cref="RfmSummary.MonetaryValueMax"/>.</value>
    public const double ScaleMax = 1e15;

    /// <summary>Characters of a description, and of what is said of a cohort.</summary>
    public const int TextMax = 1_000;

    private const int CurrencyLength = 3;

    internal PredictionModel() { }

    /// <summary>Its name, by which it is found.</summary>
    public required string Name { get; init; }

    /// <summary>For people; null when it has none.</summary>
    public string? Description { get; init; }

    /// <summary>How purchases become what the model knows of a customer, and in what unit time is counted.</summary>
    public required RfmCounting Counting { get; init; }

    /// <summary>When customers buy, in the unit of <see cref="Counting"/>.</summary>
    public required BgNbd Purchases { get; init; }

    /// <summary>What they spend on a purchase; null when that is not predicted.</summary>
    public GammaGamma? Values { get; init; }

    /// <summary>
    /// The one currency, as an ISO 4217 code, of which <see cref="Values"/> holds; null without these. Nothing is known of what
    /// purchases in another are worth. <c>XXX</c> stands for records that state none.
    /// </summary>
    public string? Currency { get; init; }

    /// <summary>What it was fitted to; null when nobody says.</summary>
    public FittedTo? Fitted { get; init; }

    /// <summary>Compiles a definition.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="text">YAML (JSON is YAML).</param>
    /// <returns>The model, or everything that is wrong with the text.</returns>
    public static (PredictionModel? Model, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text
    ) => PredictionModelCompiler.Compile(name, text);

    /// <summary>Whether a text is formed as the codes of currencies are (ISO 4217): three capital letters.</summary>
    public static bool IsCurrency(string code) =>
        code.Length == CurrencyLength && code.All(char.IsAsciiLetterUpper);
}

/// <summary>What a model was fitted to, as it says of itself; all of it may be unknown. No prediction depends on it.</summary>
public sealed record FittedTo
{
    /// <summary>The most customers a model may say.</summary>
    public const int PopulationMax = 1_000_000_000;

    /// <summary>The largest log-likelihood a model may say, either way from 0.</summary>
    public const double LogLikelihoodMax = 1e15;

    /// <summary>When it was fitted.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The last moment whose purchases were known; not after <see cref="At"/>.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>How many customers, from 1.</summary>
    public int? Customers { get; init; }

    /// <summary>How many of these had bought more than once.</summary>
    public int? RepeatBuyers { get; init; }

    /// <summary>Of the purchases of all at these parameters; comparable only between fits to the same.</summary>
    public double? LogLikelihood { get; init; }

    /// <summary>Of the mean values of repeat buyers, likewise.</summary>
    public double? ValuesLogLikelihood { get; init; }

    /// <summary>How these customers were chosen, for people.</summary>
    public string? Cohort { get; init; }
}
