using System.Text.Json;

namespace OrleansCdp.Insights;

/// <summary>Models by the names that the published numbers give them: parameters, or <c>MLE(file)</c> for a fit to it.</summary>
internal sealed class PublishedModels
{
    private readonly Dictionary<string, ModelFit<BgNbd>.Fitted> purchases = [];
    private readonly Dictionary<string, ModelFit<GammaGamma>.Fitted> values = [];

    public static List<SummaryRow> Data(string name) =>
        name == "example_transactions"
            ? PurchaseFiles.Summaries("example_transactions_cbs.csv", TimeUnit.Day)
            : PurchaseFiles.Cdnow(name);

    public BgNbd Purchases(JsonElement parameters, TimeUnit unit = TimeUnit.Week)
    {
        if (parameters.ValueKind == JsonValueKind.String)
        {
            return PurchaseFit(FileOf(parameters)).Model;
        }

        double[] p = Numbers(parameters);
        return new BgNbd(p[0], p[1], p[2], p[3], unit);
    }

    public GammaGamma Values(JsonElement parameters)
    {
        if (parameters.ValueKind == JsonValueKind.String)
        {
            return ValueFit(FileOf(parameters)).Model;
        }

        double[] p = Numbers(parameters);
        return new GammaGamma(p[0], p[1], p[2]);
    }

    public ModelFit<BgNbd>.Fitted PurchaseFit(string file)
    {
        if (!purchases.TryGetValue(file, out var fit))
        {
            RfmSummary[] customers = [.. Data(file).Select(row => row.Summary)];
            fit = BgNbdFit.Of(customers).ShouldBeOfType<ModelFit<BgNbd>.Fitted>();
            purchases.Add(file, fit);
        }

        return fit;
    }

    public ModelFit<GammaGamma>.Fitted ValueFit(string file)
    {
        if (!values.TryGetValue(file, out var fit))
        {
            RfmSummary[] customers = [.. Data(file).Select(row => row.Summary)];
            fit = GammaGammaFit.Of(customers).ShouldBeOfType<ModelFit<GammaGamma>.Fitted>();
            values.Add(file, fit);
        }

        return fit;
    }

    public static double[] Numbers(JsonElement array) =>
        [.. array.EnumerateArray().Select(number => number.GetDouble())];

    private static string FileOf(JsonElement name) => name.GetString()!.Split('(', ')')[1];
}
