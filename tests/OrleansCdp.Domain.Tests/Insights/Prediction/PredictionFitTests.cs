namespace OrleansCdp.Insights;

/// <summary>From customers to the definition that somebody puts in force.</summary>
public sealed class PredictionFitTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly RfmCounting Weeks = new() { Unit = TimeUnit.Week };
    private static readonly BgNbd Cdnow = new(0.243, 4.414, 0.793, 2.426, TimeUnit.Week);
    private static readonly GammaGamma CdnowValues = new(6.25, 3.74, 15.44);

    [SkippableFact]
    public void The_cdnow_sample_gives_the_published_parameters_through_the_definition()
    {
        RfmSummary[] customers = [.. PurchaseFiles.Cdnow("published").Select(row => row.Summary)];
        PredictionSample sample = new()
        {
            Customers = customers,
            Counting = Weeks,
            Currency = "USD",
            Until = new DateTimeOffset(1997, 9, 30, 23, 59, 59, TimeSpan.Zero),
            Cohort = "a tenth of those who first bought in early 1997",
        };

        var draft = PredictionFit.Of("cdnow", sample, Now).ShouldBeOfType<PredictionFit.Drafted>();
        PredictionModel model = Compile(draft);

        model.ShouldBe(draft.Model);
        // Fader, Hardie, Lee 2005, table 2; Fader, Hardie 2013, section 5.
        model.Purchases.R.ShouldBe(0.243, 5e-4);
        model.Purchases.Alpha.ShouldBe(4.414, 5e-4);
        model.Purchases.A.ShouldBe(0.793, 5e-4);
        model.Purchases.B.ShouldBe(2.426, 5e-4);
        model.Values!.P.ShouldBe(6.25, 5e-3);
        model.Values.Q.ShouldBe(3.74, 5e-3);
        model.Values.Gamma.ShouldBe(15.44, 1e-2);
        model.Currency.ShouldBe("USD");
        model.Fitted!.LogLikelihood!.Value.ShouldBe(-9582.4, 0.05);
        model.Fitted.ValuesLogLikelihood!.Value.ShouldBe(
            customers.Where(c => c.MonetaryValue > 0).Sum(model.Values.LogLikelihood),
            1e-6
        );
        (model.Fitted.Customers, model.Fitted.RepeatBuyers).ShouldBe((2_357, 946));
        (model.Fitted.At, model.Fitted.Until, model.Fitted.Cohort).ShouldBe(
            (Now, sample.Until, sample.Cohort)
        );
    }

    [Fact]
    public void Without_an_interior_maximum_there_is_no_draft_and_the_reason_is_told()
    {
        RfmSummary alike = new(3, 17, 20, 5, TimeUnit.Week);

        var none = PredictionFit
            .Of("shop", Of([.. Enumerable.Repeat(alike, 100)]), Now)
            .ShouldBeOfType<PredictionFit.NotFitted>();

        none.Obstacle.ShouldBe(FitObstacle.NoInteriorMaximum);
        none.Explanation.ShouldContain("runs to");
        PredictionFit
            .Of("shop", Of([]), Now)
            .ShouldBeOfType<PredictionFit.NotFitted>()
            .Obstacle.ShouldBe(FitObstacle.NoRepeatPurchases);
    }

    [Fact]
    public void Values_that_determine_nothing_are_left_out_and_the_draft_says_why()
    {
        RfmSummary[] customers = [.. Customers(2_000).Select(customer => Spending(customer, 5))];

        PredictionFit.Drafted draft = Draft(Of(customers));

        draft
            .Values.ShouldBeOfType<ModelFit<GammaGamma>.NotFitted>()
            .Obstacle.ShouldBe(FitObstacle.NoInteriorMaximum);
        string text = PredictionModelWriter.Draft(draft);
        text.ShouldContain(
            "# WARNING: no values, so what somebody spends is not predicted. No param"
        );
        PredictionModel model = Compile(draft);
        model.ShouldBe(draft.Model);
        (model.Values, model.Currency, model.Fitted!.ValuesLogLikelihood).ShouldBe(
            (null, null, null)
        );
    }

    [Fact]
    public void Without_one_currency_only_purchases_are_fitted()
    {
        PredictionFit.Drafted draft = Draft(Of(Customers(2_000)) with { Currency = null });

        draft.Values.ShouldBeNull();
        draft.Model.Values.ShouldBeNull();
        PredictionModelWriter.Draft(draft).ShouldContain("no one currency.\nunit: week");
        Compile(draft).ShouldBe(draft.Model);
    }

    [Fact]
    public void A_draft_says_to_how_many_it_was_fitted()
    {
        RfmSummary[] customers = Customers(2_000);
        int repeats = customers.Count(customer => customer.Frequency > 0);
        int first = Array.FindIndex(customers, customer => customer.Frequency > 0);
        customers[first] = Spending(customers[first], 0);

        PredictionFit.Drafted draft = Draft(Of(customers));

        draft.Purchases.SampleSize.ShouldBe(2_000);
        draft.Values.ShouldBeOfType<ModelFit<GammaGamma>.Fitted>().SampleSize.ShouldBe(repeats - 1);
        (draft.Model.Fitted!.Customers, draft.Model.Fitted.RepeatBuyers).ShouldBe((2_000, repeats));
        string text = PredictionModelWriter.Draft(draft);
        text.ShouldStartWith("# A draft of `shop`, fitted by maximum likelihood.\n");
        text.ShouldContain("# Purchases: of 2000 customers, in ");
        text.ShouldContain($"# Values: of {repeats - 1} who bought again for a price, in ");
        Compile(draft).ShouldBe(draft.Model);
    }

    [Fact]
    public void Times_and_values_in_no_sane_unit_make_no_model()
    {
        RfmSummary[] customers = Customers(2_000);
        RfmSummary[] brief =
        [
            .. customers.Select(customer => new RfmSummary(
                customer.Frequency,
                customer.Recency * 1e-12,
                customer.Age * 1e-12,
                customer.MonetaryValue,
                customer.Unit
            )),
        ];
        RfmSummary[] dear =
        [
            .. customers.Select(customer => Spending(customer, customer.MonetaryValue * 1e-12)),
        ];

        var none = PredictionFit
            .Of("shop", Of(brief), Now)
            .ShouldBeOfType<PredictionFit.NotFitted>();
        none.Obstacle.ShouldBe(FitObstacle.OutOfBounds);
        none.Explanation.ShouldStartWith("Their times are too small");
        Draft(Of(dear))
            .Values.ShouldBeOfType<ModelFit<GammaGamma>.NotFitted>()
            .Obstacle.ShouldBe(FitObstacle.OutOfBounds);
    }

    [Fact]
    public void So_many_customers_are_fitted_and_no_more()
    {
        RfmSummary once = new(0, 0, 20, 0, TimeUnit.Week);
        RfmSummary[] tooMany = [.. Enumerable.Repeat(once, PredictionFit.CustomersMax + 1)];

        PredictionFit
            .Of("shop", Of(tooMany[1..]), Now)
            .ShouldBeOfType<PredictionFit.NotFitted>()
            .Obstacle.ShouldBe(FitObstacle.NoRepeatPurchases);
        Should.Throw<ArgumentOutOfRangeException>(() => PredictionFit.Of("shop", Of(tooMany), Now));
    }

    [Fact]
    public void A_sample_that_no_definition_could_tell_of_is_refused()
    {
        PredictionSample good = Of(Customers(500)) with
        {
            Cohort = new string('x', PredictionModel.TextMax),
            Until = Now,
        };

        Compile(Draft(good)).Fitted!.Cohort.ShouldBe(good.Cohort);
        foreach (
            PredictionSample bad in new[]
            {
                good with
                {
                    Cohort = good.Cohort + "x",
                },
                good with
                {
                    Until = Now.AddTicks(1),
                },
                good with
                {
                    Currency = "euro",
                },
                good with
                {
                    Counting = new RfmCounting(),
                },
            }
        )
        {
            Should.Throw<ArgumentException>(() => PredictionFit.Of("shop", bad, Now));
        }
    }

    private static RfmSummary[] Customers(int count) =>
        Simulated.Customers(Cdnow, CdnowValues, count, seed: 7);

    private static RfmSummary Spending(RfmSummary customer, double mean) =>
        new(
            customer.Frequency,
            customer.Recency,
            customer.Age,
            customer.Frequency == 0 ? 0 : mean,
            customer.Unit
        );

    private static PredictionSample Of(RfmSummary[] customers) =>
        new()
        {
            Customers = customers,
            Counting = Weeks,
            Currency = "EUR",
        };

    private static PredictionFit.Drafted Draft(PredictionSample sample) =>
        PredictionFit.Of("shop", sample, Now).ShouldBeOfType<PredictionFit.Drafted>();

    private static PredictionModel Compile(PredictionFit.Drafted draft)
    {
        var (model, errors) = PredictionModel.Compile(
            draft.Model.Name,
            PredictionModelWriter.Draft(draft)
        );
        errors.ShouldBeEmpty();
        return model!;
    }
}
