using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>From the records of individuals to the customers to whom a model is fitted.</summary>
public sealed class CustomerSummaryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2026, 3, 31, 23, 59, 59, TimeSpan.Zero);
    private static readonly InsightDefinition Value = Shipped(FitRequest.DefaultInsight);

    [Fact]
    public void A_customer_is_summarised_up_to_the_moment_and_later_purchases_do_not_count()
    {
        LinkSet links = Bought(
            ("o1", Start, 10, "EUR"),
            ("o2", Start.AddDays(7), 20, "EUR"),
            ("o3", Start.AddDays(7).AddHours(2), 5, "EUR"),
            ("o4", Start.AddDays(28), 41, "EUR"),
            ("o5", Until.AddSeconds(1), 1_000, "USD")
        );

        CustomerSummary customer = Ask(links, Until, TimeUnit.Week).Customer!;

        customer.ShouldBe(
            new CustomerSummary
            {
                Frequency = 2,
                Recency = 4,
                Age = 89 / 7d,
                MonetaryValue = 33,
                Currency = "EUR",
                FirstAt = Start,
            }
        );
    }

    [Fact]
    public void Who_bought_nothing_until_then_is_no_customer()
    {
        Ask(Bought(("o1", Until.AddDays(1), 10, "EUR")), Until).ShouldBe(CustomerAnswer.Nobody);
        Ask(LinkSet.Empty, Until).ShouldBe(CustomerAnswer.Nobody);
    }

    [Fact]
    public void Purchases_in_several_currencies_have_no_one_currency()
    {
        LinkSet links = Bought(("o1", Start, 10, "EUR"), ("o2", Start.AddDays(9), 20, "USD"));

        CustomerSummary customer = Ask(links, Until).Customer!;

        (customer.Frequency, customer.Currency).ShouldBe((1, null));
        Ask(links, Start.AddDays(1)).Customer!.Currency.ShouldBe("EUR");
    }

    [Fact]
    public void A_version_that_is_computed_no_more_is_told_and_is_not_taken_for_nobody() =>
        CustomerAnswer
            .Of(LinkSet.Empty, Set(Value), new(2, Until, TimeUnit.Day, TimeUnit.Day))
            .ShouldBe(CustomerAnswer.Replaced);

    [Fact]
    public void The_largest_amounts_of_one_day_are_no_more_than_the_bound()
    {
        const decimal most = Limits.AmountMax;
        LinkSet links = Bought(
            ("o1", Start, 10, "EUR"),
            ("o2", Start.AddDays(9), most, "EUR"),
            ("o3", Start.AddDays(9), most, "EUR")
        );

        Ask(links, Until).Customer!.MonetaryValue.ShouldBe(RfmSummary.MonetaryValueMax);
    }

    [Fact]
    public void Values_are_of_the_currency_of_most_repeat_purchases_and_others_keep_their_frequency()
    {
        CustomerSample sample = new(new FitRequest(), Value, 1);
        sample.Add(Customer(frequency: 2, "USD", value: 10));
        sample.Add(Customer(frequency: 1, "USD", value: 11));
        sample.Add(Customer(frequency: 4, "EUR", value: 12));
        sample.Add(Customer(frequency: 9, currency: null, value: 13));
        sample.Add(Customer(frequency: 0, "GBP", value: 0));

        PredictionSample customers = sample.ToSample(Until);

        customers.Currency.ShouldBe("EUR");
        customers.Customers.Select(one => one.Frequency).ShouldBe([2, 1, 4, 9, 0]);
        customers.Customers.Select(one => one.MonetaryValue).ShouldBe([0, 0, 12, 0, 0]);
        (sample.RepeatBuyers, sample.WithoutValue("EUR")).ShouldBe((4, 3));
        customers.Cohort.ShouldBe(
            "purchases as predicted_lifetime_value version 1 has them; "
                + "3 repeat buyers in other currencies without their values"
        );
    }

    [Fact]
    public void Of_as_many_purchases_in_two_currencies_the_first_by_its_code_is_taken()
    {
        CustomerSample sample = new(new FitRequest(), Value, 1);
        sample.Add(Customer(frequency: 2, "USD", value: 10));
        sample.Add(Customer(frequency: 2, "EUR", value: 10));
        sample.Add(Customer(frequency: 9, "euro", value: 10));

        sample.Currency.ShouldBe("EUR");
    }

    [Theory]
    [InlineData("probability_alive", null, null)]
    [InlineData("predicted_lifetime_value", null, null)]
    [InlineData("predicted_lifetime_value", "JPY", "JPY")]
    public void Without_repeat_purchases_the_currency_is_the_one_asked_for(
        string insight,
        string? wanted,
        string? currency
    ) =>
        new CustomerSample(
            new FitRequest { Currency = wanted },
            Shipped(insight),
            1
        ).Currency.ShouldBe(currency);

    [Fact]
    public void Amounts_without_currencies_are_fitted_as_of_none()
    {
        InsightDefinition plain = Compile(
            "plain",
            "source: SalesOrder\nmeasure: purchaseValue\nvalue: order.total"
        );
        CustomerSample sample = new(new FitRequest(), plain, 1);
        sample.Add(Customer(frequency: 2, currency: null, value: 10));

        PredictionSample customers = sample.ToSample(Until);

        customers.Currency.ShouldBe("XXX");
        customers.Customers.Single().MonetaryValue.ShouldBe(10);
        sample.WithoutValue("XXX").ShouldBe(0);
    }

    [Fact]
    public void A_cohort_begins_with_its_first_instant_and_ends_before_its_last()
    {
        CustomerSample sample = new(
            new FitRequest { FirstFrom = Start, FirstBefore = Start.AddDays(1) },
            Value,
            1
        );
        sample.Add(Customer(frequency: 1, "EUR", 1, Start.AddTicks(-1)));
        sample.Add(Customer(frequency: 2, "EUR", 1, Start));
        sample.Add(Customer(frequency: 3, "EUR", 1, Start.AddDays(1).AddTicks(-1)));
        sample.Add(Customer(frequency: 4, "EUR", 1, Start.AddDays(1)));

        PredictionSample customers = sample.ToSample(Until);

        customers.Customers.Select(one => one.Frequency).ShouldBe([2, 3]);
        customers.Cohort!.ShouldEndWith(
            "the first not before 2026-01-01T09:00:00Z; the first before 2026-01-02T09:00:00Z"
        );
    }

    [Fact]
    public void One_more_than_were_asked_for_makes_a_sample_that_says_so()
    {
        CustomerSample sample = new(new FitRequest { CustomersMax = 2 }, Value, 1);
        sample.Add(Customer(frequency: 1, "EUR", 1));
        sample.Add(Customer(frequency: 2, "EUR", 1));
        sample.IsSample.ShouldBeFalse();

        sample.Add(Customer(frequency: 3, "EUR", 1));

        (sample.IsSample, sample.Count).ShouldBe((true, 2));
        sample
            .ToSample(Until)
            .Cohort!.ShouldEndWith("of more the first 2 by their ids, which are hashes");
    }

    [Fact]
    public void A_request_that_makes_no_sense_is_refused_with_its_code()
    {
        Code(new() { Model = "No Name" }).ShouldBe("bad_model");
        Code(new() { Until = Until.AddTicks(1) }).ShouldBe("bad_until");
        Code(new() { Currency = "eur" }).ShouldBe("bad_currency");
        Code(new() { FirstFrom = Start, FirstBefore = Start }).ShouldBe("bad_cohort");
        Code(new() { CustomersMax = 0 }).ShouldBe("bad_limit");
        Code(new() { CustomersMax = PredictionFit.CustomersMax + 1 }).ShouldBe("bad_limit");
        Code(new() { Until = Until, FirstFrom = Start }).ShouldBeNull();

        static string? Code(FitRequest request) => request.WrongAt(Until)?.Code;
    }

    [Fact]
    public void An_insight_by_which_nothing_can_be_fitted_is_refused_with_its_code()
    {
        new FitRequest().WrongWith(null)!.Code.ShouldBe("unknown_insight");
        new FitRequest().WrongWith(Shipped("lifetime_value"))!.Code.ShouldBe("no_prediction");
        new FitRequest { Currency = "EUR" }
            .WrongWith(Shipped("probability_alive"))!
            .Code.ShouldBe("bad_currency");
        new FitRequest().WrongWith(Shipped("probability_alive")).ShouldBeNull();
    }

    private static CustomerAnswer Ask(
        LinkSet links,
        DateTimeOffset until,
        TimeUnit unit = TimeUnit.Day
    ) => CustomerAnswer.Of(links, Set(Value), new(1, until, unit, TimeUnit.Day));

    private static InsightSet Set(InsightDefinition insight) => new([new(insight, 1, 1)], 1);

    private static CustomerSummary Customer(
        int frequency,
        string? currency,
        double value,
        DateTimeOffset? firstAt = null
    ) =>
        new()
        {
            Frequency = frequency,
            Recency = frequency,
            Age = 20,
            MonetaryValue = value,
            Currency = currency,
            FirstAt = firstAt ?? Start,
        };

    private static LinkSet Bought(
        params (string Id, DateTimeOffset At, decimal Total, string Currency)[] orders
    ) =>
        LinkSet.Empty.With(
            Some.Fold([
                .. orders.Select(order =>
                    Some.Event(
                        EventKind.Created,
                        "SalesOrder",
                        record: order.Id,
                        fields:
                        [
                            "currency".Is(order.Currency),
                            new Field("orderedAt", FieldValue.Of(order.At)),
                            "total".Is(order.Total),
                        ]
                    )
                ),
            ])
        );

    private static InsightDefinition Shipped(string name) =>
        Compile(name, ShippedInsights.All[name]);

    private static InsightDefinition Compile(string name, string text)
    {
        DeclaredField[] declared =
        [
            .. ShippedDefinitions
                .All.SelectMany(shipped =>
                    DataStream.Compile(shipped.Key, shipped.Value).Stream!.DeclaredFields
                )
                .Distinct(),
        ];
        var (insight, errors) = InsightDefinition.Compile(name, text, declared);
        errors.ShouldBeEmpty();
        return insight!;
    }
}
