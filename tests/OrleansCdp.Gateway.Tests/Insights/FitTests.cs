using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>Models over HTTP: fitted to what is stored, put, and asked.</summary>
[Collection(GatewayCollection.Name)]
public sealed class FitTests(GatewayHost host)
{
    private const string Fit = "/v1/insights/fit";
    private const string Until = "1997-09-30T23:59:59Z";
    private const int Customers = 600;

    [SkippableFact]
    public async Task Customers_are_fitted_the_draft_is_put_and_lifetime_values_come_of_it()
    {
        (string Customer, Purchase Purchase)[] bought = Cdnow();
        await SendAsync(bought);
        RfmCounting weeks = new() { Unit = TimeUnit.Week };
        DateTimeOffset until = DateTimeOffset.Parse(Until, CultureInfo.InvariantCulture);
        Dictionary<string, RfmSummary> summaries = bought
            .GroupBy(one => one.Customer, one => one.Purchase)
            .ToDictionary(one => one.Key, one => RfmSummary.Of(one, until, weeks)!.Value);
        var expected = PredictionFit
            .Of(
                "default",
                new()
                {
                    Customers = [.. summaries.Values],
                    Counting = weeks,
                    Currency = "USD",
                },
                until
            )
            .ShouldBeOfType<PredictionFit.Drafted>();
        (await LifetimeValueAsync(bought[0].Customer))["why"]!.ToString().ShouldBe("no_model");

        JsonNode answer = (
            await host.PostAsync(
                Fit,
                $$$"""
                {"until":"{{{Until}}}","unit":"week",
                 "cohort":{"firstPurchaseFrom":"1997-01-01","firstPurchaseBefore":"1997-04-01"}}
                """
            )
        ).Json;

        ((bool)answer["fitted"]!).ShouldBeTrue(answer.ToJsonString());
        ((int)answer["customers"]!, (int)answer["damaged"]!).ShouldBe((Customers, 0));
        ((int)answer["repeatBuyers"]!).ShouldBe(summaries.Values.Count(one => one.Frequency > 0));
        ((double)answer["logLikelihood"]!).ShouldBe(expected.Purchases.LogLikelihood, 1e-4);
        JsonNode values = answer["values"]!;
        ((bool)values["fitted"]!, (string?)values["currency"]).ShouldBe((true, "USD"));
        string text = (string)answer["text"]!;
        PredictionModel model = PredictionModel.Compile("default", text).Model!;
        model.Purchases.R.ShouldBe(expected.Model.Purchases.R, 1e-4);
        model.Values!.Q.ShouldBe(expected.Model.Values!.Q, 1e-3);
        (await host.GetAsync("/v1/definitions/model/default")).Status.ShouldBe(404);

        await PutAsync(text);

        LifetimeValue ahead = new(periods: 12, periodLength: 30 / 7d, discountRate: 0.01);
        foreach (string customer in summaries.Keys.Take(20))
        {
            JsonNode? value = null;
            await Eventually.BeAsync(
                async () => (value = await LifetimeValueAsync(customer))["value"] is not null,
                "the model is known"
            );
            RfmSummary known = summaries[customer];
            ((double)value!["value"]!).ShouldBe(
                ahead.Of(model.Purchases, model.Values!, known),
                1e-6
            );
            ((string)value["model"]!).ShouldBe("default");
            ((int)value["customer"]!["frequency"]!).ShouldBe(known.Frequency);
            ((double)value["customer"]!["monetaryValue"]!).ShouldBe(known.MonetaryValue, 1e-9);
            value["contributions"]!.AsArray().ShouldNotBeEmpty();
        }
    }

    [Fact]
    public async Task Customers_who_determine_no_model_are_an_ordinary_answer_with_the_reason()
    {
        const string nobody = """{"firstPurchaseBefore":"1900-01-01T00:00:00Z"}""";

        Answer answer = await host.PostAsync(Fit, $$"""{"cohort":{{nobody}}}""");

        answer.Status.ShouldBe(200, answer.Text);
        ((bool)answer.Json["fitted"]!).ShouldBeFalse();
        ((string)answer.Json["obstacle"]!).ShouldBe("no_repeat_purchases");
        ((string)answer.Json["explanation"]!).ShouldNotBeNullOrEmpty();
        answer.Json["text"].ShouldBeNull();
        ((int)answer.Json["customers"]!).ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"model":"No Name"}""", 400, "bad_model")]
    [InlineData("""{"insight":"nobody_defined_it"}""", 404, "unknown_insight")]
    [InlineData("""{"insight":""}""", 404, "unknown_insight")]
    [InlineData("""{"insight":"order_count"}""", 400, "no_prediction")]
    [InlineData("""{"insight":"open_pipeline"}""", 400, "no_prediction")]
    [InlineData("""{"until":"yesterday"}""", 400, "bad_until")]
    [InlineData("""{"until":"9999-01-01T00:00:00Z"}""", 400, "bad_until")]
    [InlineData("""{"unit":"month"}""", 400, "bad_unit")]
    [InlineData("""{"unit":"Week"}""", 400, "bad_unit")]
    [InlineData("""{"period":"hour"}""", 400, "bad_period")]
    [InlineData("""{"currency":"euro"}""", 400, "bad_currency")]
    [InlineData("""{"currency":""}""", 400, "bad_currency")]
    [InlineData("""{"insight":"probability_alive","currency":"EUR"}""", 400, "bad_currency")]
    [InlineData("""{"cohort":{"firstPurchaseFrom":"once"}}""", 400, "bad_cohort")]
    [InlineData("""{"cohort":{"firstPurchaseBefore":""}}""", 400, "bad_cohort")]
    [InlineData(
        """{"cohort":{"firstPurchaseFrom":"2026-02-01","firstPurchaseBefore":"2026-01-01"}}""",
        400,
        "bad_cohort"
    )]
    [InlineData("""{"customersMax":0}""", 400, "bad_limit")]
    [InlineData("""{"customersMax":200001}""", 400, "bad_limit")]
    [InlineData("""{"customersMax":"many"}""", 400, "malformed")]
    [InlineData("""{"cohort":[]}""", 400, "malformed")]
    [InlineData("", 400, "malformed")]
    public async Task What_makes_no_sense_is_refused_and_says_why(
        string body,
        int status,
        string code
    ) => (await host.PostAsync(Fit, body)).ShouldBeProblem(status, code);

    [Fact]
    public async Task Fitting_is_for_keys_that_may_write_definitions()
    {
        (_, string secret) = await host.MakeKeyAsync("read");

        (await host.PostAsync(Fit, "{}", secret)).Status.ShouldBe(403);
        (await host.PostAsync(Fit, "{}", key: null)).Status.ShouldBe(401);
    }

    private async Task<JsonNode> LifetimeValueAsync(string customer)
    {
        Answer answer = await host.GetAsync(
            $"/v1/individuals/customerId/{customer}/insights?at={Until}&explain=true&name={FitRequest.DefaultInsight}"
        );
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json["insights"]![FitRequest.DefaultInsight]!;
    }

    private async Task PutAsync(string yaml)
    {
        Answer put = await host.SendAsync(
            HttpMethod.Put,
            "/v1/definitions/model/default",
            new StringContent(yaml, Encoding.UTF8, "application/yaml")
        );
        put.Status.ShouldBe(200, put.Text);
    }

    private async Task SendAsync((string Customer, Purchase Purchase)[] bought)
    {
        JsonArray orders =
        [
            .. bought.Select(
                (one, i) =>
                    new JsonObject
                    {
                        ["orderId"] = $"cdnow-{i}",
                        ["customerId"] = one.Customer,
                        ["total"] = one.Purchase.Value,
                        ["currency"] = "USD",
                        ["orderedAt"] = one.Purchase.At.ToString("O", CultureInfo.InvariantCulture),
                    }
            ),
        ];
        Answer sent = await host.PostAsync("/v1/streams/commerce-order", orders.ToJsonString());
        sent.Status.ShouldBe(202, sent.Text);
        await host.Api.DrainAsync();
    }

    /// <summary>The first customers of the CDNOW sample; skips the test where it is not at hand.</summary>
    private static (string Customer, Purchase Purchase)[] Cdnow()
    {
        string folder = Environment.GetEnvironmentVariable("CDP_DATA") ?? BesideTheCheckout();
        string file = Path.Combine(folder, "purchases", "cdnow_sample_transactions.csv");
        Skip.IfNot(File.Exists(file), $"{file} is not here: set CDP_DATA to the development data.");
        string[][] rows = [.. File.ReadLines(file).Select(line => line.Split(','))];
        (int id, int date, int amount) = (
            Array.IndexOf(rows[0], "master_id"),
            Array.IndexOf(rows[0], "date"),
            Array.IndexOf(rows[0], "amount_usd")
        );
        return
        [
            .. rows.Skip(1)
                .GroupBy(row => row[id])
                .Take(Customers)
                .SelectMany(customer => customer)
                .Select(row =>
                    (
                        $"cdnow{row[id]}",
                        new Purchase(
                            DateTimeOffset.Parse(
                                row[date],
                                CultureInfo.InvariantCulture,
                                DateTimeStyles.AssumeUniversal
                            ),
                            decimal.Parse(row[amount], CultureInfo.InvariantCulture)
                        )
                    )
                ),
        ];
    }

    private static string BesideTheCheckout([CallerFilePath] string here = "")
    {
        DirectoryInfo? folder = new FileInfo(here).Directory;
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OrleansCdp.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.Parent?.FullName ?? ".", "shared", "data");
    }
}
