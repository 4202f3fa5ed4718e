using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>
/// Real purchases: counts, money, affinity and what models need of them equal the files' own numbers, in whatever order the
/// purchases come and however often each.
/// </summary>
public sealed class PurchaseTests(RunningHost host) : IClassFixture<RunningHost>
{
    private static readonly BgNbd Published = new(0.243, 4.414, 0.793, 2.426, TimeUnit.Week);

    [SkippableFact]
    public async Task Every_CDNOW_customer_has_the_file_s_own_numbers()
    {
        const string File = "purchases/cdnow_sample_transactions.csv";
        var (header, lines) = RealData.Lines(File);
        string[] rows = [.. WithOccurrence(lines)];
        Population[] populations =
        [
            Population.InDateOrder(rows, date: 2, names: 0),
            Population.Shuffled(rows, names: 0),
            Population.Repeated(rows, names: 0),
        ];
        await host.Api.DefineAsync("cdnow", "model");
        await host.Api.DefineAsync("cdnow");
        await host.Api.DefineAsync("customer_alive", "insight");
        await host.Api.DefineAsync("customer_purchases", "insight");

        await ImportAsync("cdnow", header + ",occurrence", populations);

        var customers = RealData
            .Rows(File)
            .GroupBy(row => row["master_id"])
            .Select(group => new Expected(
                group.Key,
                group.Count(),
                group.Sum(row => Number(row["amount_usd"])),
                group.Min(row => row["date"] + "T00:00:00Z")!,
                group.Max(row => row["date"] + "T00:00:00Z")!
            ));
        await CheckAsync("customerId", customers, populations[^1]);
        await CheckSummariesAsync(populations);
        await OracleInsights.CheckAsync(host, everyNth: 9, DateTimeOffset.UtcNow.AddHours(1));
    }

    [SkippableFact]
    public async Task Every_household_has_the_file_s_own_numbers()
    {
        const string File = "purchases/completejourney_transactions.csv";
        var (header, lines) = RealData.Lines(File);
        Dictionary<string, string> departments = RealData
            .Rows("purchases/completejourney_products.csv")
            .ToDictionary(row => row["product_id"], row => row["department"]);
        string[] rows =
        [
            .. lines.Select(row => $"{row},{departments.GetValueOrDefault(row.Split(',')[3])}"),
        ];
        Population[] populations =
        [
            Population.InDateOrder(rows, date: 10, 0, 2),
            Population.Repeated(rows, 0, 2),
        ];
        await host.Api.DefineAsync("completejourney");
        await host.Api.DefineAsync("category_baskets", "insight");

        await ImportAsync("completejourney", header + ",department", populations);

        var households = RealData
            .Rows(File)
            .GroupBy(row => row["household_id"])
            .Select(group => new Expected(
                group.Key,
                group.Select(row => row["basket_id"]).Distinct().Count(),
                group.Sum(row => Number(row["sales_value"])),
                group.Min(row => row["transaction_timestamp"])!,
                group.Max(row => row["transaction_timestamp"])!
            ));
        await CheckAsync("householdId", households, populations[^1]);
        await CheckAffinityAsync(populations);
    }

    /// <summary>The file repeats some rows: who bought the same twice that day bought it twice.</summary>
    private static IEnumerable<string> WithOccurrence(string[] rows) =>
        rows.GroupBy(row => row).SelectMany(same => same.Select((row, i) => $"{row},{i + 1}"));

    private async Task ImportAsync(string stream, string header, Population[] populations)
    {
        foreach (Population population in populations)
        {
            Taken taken = await host.Api.ImportAsync(stream, header, population.Rows);

            int duplicates = population.Duplicates;
            taken.ShouldBe(new Taken(population.Rows.Length - duplicates, duplicates, 0, 0));
        }

        await host.Api.DrainAsync();
    }

    private async Task CheckAsync(string type, IEnumerable<Expected> customers, Population among) =>
        (
            await Everybody.WrongAsync(
                customers.Select(one => one with { Id = among.Prefix + one.Id }),
                async customer =>
                {
                    JsonNode? profile = await host.Api.ProfileAsync(type, customer.Id);
                    JsonNode? insights = profile?["insights"];
                    decimal revenue =
                        insights?["revenue"]!.AsArray().Sum(money => (decimal)money!["amount"]!)
                        ?? -1;
                    Expected served = new(
                        customer.Id,
                        (int?)insights?["orderCount"] ?? -1,
                        revenue,
                        (string?)insights?["firstOrderAt"] ?? "never",
                        (string?)insights?["lastOrderAt"] ?? "never"
                    );
                    return served == customer ? [] : [$"served {served}"];
                }
            )
        ).ShouldBeEmpty();

    /// <summary>What BG/NBD and Gamma-Gamma are told of each customer at the end of the published analysis.</summary>
    private async Task CheckSummariesAsync(Population[] populations)
    {
        Dictionary<int, string> names = RealData
            .Rows("purchases/cdnow_sample_transactions.csv")
            .DistinctBy(row => row["sample_id"])
            .ToDictionary(row => (int)Number(row["sample_id"]), row => row["master_id"]);
        Summary[] summaries =
        [
            .. RealData
                .Rows("purchases/cdnow_sample_cbs_exact.csv")
                .Select(row => new Summary(
                    names[(int)Number(row["id"])],
                    (int)Number(row["x"]),
                    Precise(row["t_x"]),
                    Precise(row["T"]),
                    Precise(row["m_x"])
                )),
        ];
        summaries.Length.ShouldBe(2357);

        (
            await Everybody.WrongAsync(
                populations.SelectMany(among =>
                    summaries.Select(one => one with { Id = among.Prefix + one.Id })
                ),
                FaultsAsync
            )
        ).ShouldBeEmpty();
    }

    private async Task<IEnumerable<string>> FaultsAsync(Summary expected)
    {
        List<string> faults = [];
        JsonNode alive = await AskAsync("customer_alive");
        JsonNode customer = alive["customer"]!;
        Summary served = new(
            expected.Id,
            (int)customer["frequency"]!,
            (double)customer["recency"]!,
            (double)customer["age"]!,
            (double)customer["monetaryValue"]!
        );
        if (!served.Is(expected))
        {
            faults.Add($"served {served}");
        }

        double probability = (double)alive["value"]!;
        if (Math.Abs(probability - expected.Alive) > 1e-9)
        {
            faults.Add($"alive {probability}, expected {expected.Alive}");
        }

        if (expected.Id.EndsWith('0'))
        {
            double said = (double)(await AskAsync("customer_purchases"))["value"]!;
            double purchases = Published.ExpectedPurchases(expected.Told, 39);
            if (Math.Abs(said - purchases) > 1e-9)
            {
                faults.Add($"{said} purchases, expected {purchases}");
            }
        }

        return faults;

        async Task<JsonNode> AskAsync(string name) =>
            (
                await host.Api.InsightsAsync(
                    "customerId",
                    expected.Id,
                    $"?at=1997-09-30T23:59:59Z&name={name}"
                )
            )![name]!;
    }

    private async Task CheckAffinityAsync(Population[] populations)
    {
        Affinity[] households =
        [
            .. RealData
                .Rows("purchases/completejourney_expected_affinity.csv")
                .Select(row => new Affinity(
                    row["household_id"],
                    (int)Number(row["lines"]),
                    (int)Number(row["baskets"]),
                    Number(row["spend_cents"]) / 100,
                    row["last_timestamp"],
                    (int)Number(row["departments"]),
                    new Top(
                        row["top_department_by_spend"],
                        Number(row["top_spend_cents"]) / 100,
                        row["spend_tie"] == "1"
                    ),
                    new Top(
                        row["top_department_by_baskets"],
                        Number(row["top_baskets"]),
                        row["baskets_tie"] == "1"
                    )
                )),
        ];
        households.Length.ShouldBe(1175);
        households.Count(household => household.ByBaskets.IsTied).ShouldBe(69);

        (
            await Everybody.WrongAsync(
                populations.SelectMany(among =>
                    households.Select(one => one with { Id = among.Prefix + one.Id })
                ),
                async household =>
                {
                    Affinity served = Affinity.Of(
                        household.Id,
                        (await host.Api.InsightsAsync("householdId", household.Id))!
                    );
                    return served == household ? [] : [$"served {served}"];
                }
            )
        ).ShouldBeEmpty();
    }

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static double Precise(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Expected(
        string Id,
        int Orders,
        decimal Revenue,
        string FirstAt,
        string LastAt
    );

    private sealed record Summary(string Id, int X, double Recency, double Age, double Value)
    {
        public RfmSummary Told => new(X, Recency, Age, Value, TimeUnit.Week);

        /// <summary>P(alive) as published in closed form, with the published parameters.</summary>
        public double Alive =>
            X == 0
                ? 1
                : 1
                    / (
                        1
                        + (
                            0.793
                            / (2.426 + X - 1)
                            * Math.Pow((4.414 + Age) / (4.414 + Recency), 0.243 + X)
                        )
                    );

        /// <summary>Whether they are the same, of the value as many decimals as the file has.</summary>
        public bool Is(Summary other) =>
            (X, Recency, Age) == (other.X, other.Recency, other.Age)
            && Math.Abs(Value - other.Value) < 6e-11;
    }

    private sealed record Top(string Department, decimal Value, bool IsTied)
    {
        /// <summary>The first part that an insight tells. Products that the file does not know have no department.</summary>
        public static Top Of(JsonNode insight)
        {
            JsonNode first = insight["parts"]![0]!;
            return new Top(
                (string?)first["by"]![0] ?? "",
                (decimal)first["value"]!,
                (bool?)first["tied"] ?? false
            );
        }
    }

    private sealed record Affinity(
        string Id,
        int Lines,
        int Baskets,
        decimal Spend,
        string LastAt,
        int Departments,
        Top BySpend,
        Top ByBaskets
    )
    {
        /// <summary>What the shipped insights and the one about baskets say.</summary>
        public static Affinity Of(string id, JsonNode insights) =>
            new(
                id,
                (int)insights["category_spend"]!["items"]!,
                (int)insights["category_baskets"]!["value"]!,
                (decimal)insights["category_spend"]!["value"]!,
                (string)insights["last_order_at"]!["value"]!,
                (int)insights["category_spend"]!["partCount"]!,
                Top.Of(insights["category_spend"]!),
                Top.Of(insights["category_baskets"]!)
            );
    }
}
