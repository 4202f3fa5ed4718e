using System.Globalization;
using System.Text;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Writes a model as a definition that a person can review, and that compiles to the very same model.</summary>
public sealed class PredictionModelWriter
{
    private readonly StringBuilder text = new();

    private PredictionModelWriter() { }

    /// <summary>Writes a model, with what its numbers mean as comments.</summary>
    /// <returns>YAML.</returns>
    public static string Write(PredictionModel model)
    {
        PredictionModelWriter writer = new();
        writer.WriteModel(model);
        return writer.text.ToString();
    }

    /// <summary>Writes what was fitted: what came of it as comments at its head, then the model.</summary>
    /// <returns>YAML.</returns>
    public static string Draft(PredictionFit.Drafted draft)
    {
        PredictionModelWriter writer = new();
        writer.WriteReport(draft);
        writer.WriteModel(draft.Model);
        return writer.text.ToString();
    }

    private void WriteReport(PredictionFit.Drafted draft)
    {
        Line($"# A draft of `{draft.Model.Name}`, fitted by maximum likelihood.");
        Line($"# It predicts nothing until somebody puts it in force.");
        Line(
            $"# Purchases: of {draft.Purchases.SampleSize} customers, in {draft.Purchases.Iterations} steps."
        );
        switch (draft.Values)
        {
            case ModelFit<GammaGamma>.Fitted fit:
                Line(
                    $"# Values: of {fit.SampleSize} who bought again for a price, in {fit.Iterations} steps."
                );
                break;
            case ModelFit<GammaGamma>.NotFitted none:
                Line(
                    $"# WARNING: no values, so what somebody spends is not predicted. {none.Explanation}"
                );
                break;
            default:
                Line(
                    $"# WARNING: no values, so what somebody spends is not predicted: the customers have no one currency."
                );
                break;
        }
    }

    private void WriteModel(PredictionModel model)
    {
        if (model.Description is { } description)
        {
            Line($"description: {YamlText.Quoted(description)}");
        }

        string unit = WordOf(model.Counting.Unit);
        string period = WordOf(model.Counting.Period);
        Line($"unit: {unit}");
        Line(
            $"# Purchases of one calendar {period} count as one; its midnight is `offset` minutes before that of UTC."
        );
        Line($"period: {period}");
        Line($"offset: {model.Counting.Offset.TotalMinutes}");
        WritePurchases(model.Purchases, unit);
        if (model is { Values: { } values, Currency: { } currency })
        {
            WriteValues(values, currency);
        }

        if (model.Fitted is { } fitted)
        {
            WriteFitted(fitted);
        }
    }

    private void WritePurchases(BgNbd model, string unit)
    {
        Line(
            $"# When somebody buys: BG/NBD (Fader, Hardie, Lee 2005). While customers, people buy r/alpha ="
        );
        Line(
            $"# {Rough(model.R / model.Alpha)} times a {unit} on average, the more unlike each other the smaller r is. After each"
        );
        Line(
            $"# purchase a share of a/(a + b) = {Rough(model.A / (model.A + model.B))} is gone for good on average."
        );
        Line($"purchases:");
        Line($"  r: {Exact(model.R)}");
        Line($"  alpha: {Exact(model.Alpha)}");
        Line($"  a: {Exact(model.A)}");
        Line($"  b: {Exact(model.B)}");
    }

    private void WriteValues(GammaGamma model, string currency)
    {
        Line(
            $"# What a purchase is worth: Gamma-Gamma (Fader, Hardie 2013; v is their gamma). On average"
        );
        Line(
            $"# p v/(q - 1) = {Rough(model.PopulationMean)} {currency}; the larger p, the more alike are one customer's purchases,"
        );
        Line(
            $"# the larger q, the more alike are customers. In no other currency anything is expected."
        );
        Line($"values:");
        Line($"  p: {Exact(model.P)}");
        Line($"  q: {Exact(model.Q)}");
        Line($"  v: {Exact(model.Gamma)}");
        Line($"  currency: {currency}");
    }

    private void WriteFitted(FittedTo fitted)
    {
        if (fitted == new FittedTo())
        {
            Line($"fitted: {{}}");
            return;
        }

        Line(
            $"# For people: no prediction depends on it. Likelihoods compare only with those of fits to the same customers."
        );
        Line($"fitted:");
        Fact("at", fitted.At is { } at ? Rfc3339.Format(at) : null);
        Fact("until", fitted.Until is { } until ? Rfc3339.Format(until) : null);
        Fact("customers", fitted.Customers?.ToString(CultureInfo.InvariantCulture));
        Fact("repeatBuyers", fitted.RepeatBuyers?.ToString(CultureInfo.InvariantCulture));
        Fact("logLikelihood", fitted.LogLikelihood is { } all ? Exact(all) : null);
        Fact(
            "valuesLogLikelihood",
            fitted.ValuesLogLikelihood is { } values ? Exact(values) : null
        );
        Fact("cohort", fitted.Cohort is { } cohort ? YamlText.Quoted(cohort) : null);
    }

    private void Fact(string key, string? value)
    {
        if (value is not null)
        {
            Line($"  {key}: {value}");
        }
    }

    private void Line(FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string WordOf(TimeUnit unit) => unit == TimeUnit.Week ? "week" : "day";

    private static string Exact(double number) =>
        number.ToString("R", CultureInfo.InvariantCulture);

    private static string Rough(double number) =>
        number.ToString("G4", CultureInfo.InvariantCulture);
}
