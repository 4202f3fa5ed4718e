using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>Real purchases: counts and money equal the files' own sums to the cent.</summary>
public sealed class PurchaseTests(RunningHost host) : IClassFixture<RunningHost>
{
    [SkippableFact]
    public async Task Every_CDNOW_customer_has_the_file_s_own_count_revenue_and_dates()
    {
        var (header, rows) = RealData.Lines("purchases/cdnow_sample_transactions.csv");
        await host.Api.DefineAsync("cdnow");

        Taken taken = await host.Api.ImportAsync(
            "cdnow",
            header + ",occurrence",
            WithOccurrence(rows)
        );
        await host.Api.DrainAsync();

        taken.ShouldBe(new Taken(rows.Length, 0, 0, 0));
        var customers = RealData
            .Rows("purchases/cdnow_sample_transactions.csv")
            .GroupBy(row => row["master_id"])
            .Select(group => new Expected(
                group.Key,
                group.Count(),
                group.Sum(row => decimal.Parse(row["amount_usd"], CultureInfo.InvariantCulture)),
                group.Min(row => row["date"] + "T00:00:00Z")!,
                group.Max(row => row["date"] + "T00:00:00Z")!
            ));
        await CheckAsync("customerId", customers);
    }

    [SkippableFact]
    public async Task Every_household_has_the_file_s_own_baskets_revenue_and_dates()
    {
        var (header, rows) = RealData.Lines("purchases/completejourney_transactions.csv");
        await host.Api.DefineAsync("completejourney");

        Taken taken = await host.Api.ImportAsync("completejourney", header, rows);
        await host.Api.DrainAsync();

        taken.ShouldBe(new Taken(rows.Length, 0, 0, 0));
        var households = RealData
            .Rows("purchases/completejourney_transactions.csv")
            .GroupBy(row => row["household_id"])
            .Select(group => new Expected(
                group.Key,
                group.Select(row => row["basket_id"]).Distinct().Count(),
                group.Sum(row => decimal.Parse(row["sales_value"], CultureInfo.InvariantCulture)),
                group.Min(row => row["transaction_timestamp"])!,
                group.Max(row => row["transaction_timestamp"])!
            ));
        await CheckAsync("householdId", households);
    }

    /// <summary>The file repeats some rows: who bought the same twice that day bought it twice.</summary>
    private static IEnumerable<string> WithOccurrence(string[] rows) =>
        rows.GroupBy(row => row).SelectMany(same => same.Select((row, i) => $"{row},{i + 1}"));

    private async Task CheckAsync(string type, IEnumerable<Expected> customers)
    {
        List<string> wrong = [];
        await Parallel.ForEachAsync(
            customers,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (customer, _) =>
            {
                JsonNode? profile = await host.Api.ProfileAsync(type, customer.Id);
                JsonNode? insights = profile?["insights"];
                decimal revenue =
                    insights?["revenue"]!.AsArray().Sum(money => (decimal)money!["amount"]!) ?? -1;
                Expected served = new(
                    customer.Id,
                    (int?)insights?["orderCount"] ?? -1,
                    revenue,
                    (string?)insights?["firstOrderAt"] ?? "never",
                    (string?)insights?["lastOrderAt"] ?? "never"
                );
                if (served != customer)
                {
                    lock (wrong)
                    {
                        wrong.Add($"{customer}, served {served}");
                    }
                }
            }
        );
        wrong.ShouldBeEmpty();
    }

    private sealed record Expected(
        string Id,
        int Orders,
        decimal Revenue,
        string FirstAt,
        string LastAt
    );
}
