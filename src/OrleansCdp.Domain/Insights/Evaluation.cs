using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Expressions;

namespace OrleansCdp.Insights;

/// <summary>Computes one insight at one moment from all that counts in it.</summary>
internal sealed class Evaluation(ActiveInsight insight, DateTimeOffset now)
{
    private readonly InsightDefinition definition = insight.Definition;
    private readonly long nowTicks = now.UtcTicks;
    private readonly PurchaseHistory? purchases = insight.Definition.Prediction is null
        ? null
        : new PurchaseHistory();
    private ItemSum? only;
    private SortedDictionary<string, ItemSum>? byPart;
    private bool isEstimated;
    private long count;
    private long leftOut;
    private long people;

    /// <summary>
    /// Whether things count, or counted once, that are not kept: what no window reaches any more is let go. What people let go
    /// is not known.
    /// </summary>
    public bool HasTallies { get; private set; } =
        insight.Definition is { HasPeople: true, Window: not null };

    /// <summary>Whether an item of some moment counts now: not yet before it, and no more once the window is over.</summary>
    public static bool Counts(InsightDefinition definition, long at, long now) =>
        at <= now && (definition.Window is not { } window || now - at < window.Ticks);

    /// <summary>Adds items of records.</summary>
    /// <param name="items">Sorted by time.</param>
    public void Add(ReadOnlySpan<Item> items)
    {
        int first = definition.Window is { } window
            ? Item.FirstAfter(items, nowTicks - window.Ticks)
            : 0;
        int last = Item.FirstAfter(items, nowTicks);
        if (first >= last)
        {
            return;
        }

        items = items[first..last];
        if (purchases is null && !definition.IsDivided && !definition.IsMoney)
        {
            SumOf(part: null).Add(definition, items, nowTicks);
            return;
        }

        foreach (ref readonly Item item in items)
        {
            if (purchases is null)
            {
                SumOf(item.Part).Add(definition, item, nowTicks);
            }
            else
            {
                count++;
                purchases.Add(item);
            }
        }
    }

    /// <summary>Adds what a link knows of items that are not kept.</summary>
    public void Add(Link link)
    {
        Add(link.Insights);
        foreach (RecordSet set in link.Records)
        {
            if (set.Base.Count > 0 && definition.IsOver(set.Object))
            {
                Accumulation? known = Add(set.Base.Insights);
                leftOut += set.Base.Count - (known?.Records ?? 0);
            }
        }
    }

    /// <summary>Adds what people of an account add to it.</summary>
    public void Add(PeopleSum sum)
    {
        if (sum.Revision != insight.Revision)
        {
            return;
        }

        people += sum.People;
        leftOut += sum.LeftOut;
        HasTallies |= !sum.Tallies.IsEmpty;
        long first = Stretches.FirstAt(definition, nowTicks);
        long last = definition.Window is null ? nowTicks : Stretches.Of(definition, nowTicks);
        foreach (Tally tally in sum.Tallies)
        {
            if (tally.Stretch >= first && tally.Stretch <= last)
            {
                SumOf(tally.Part).Add(definition, tally, nowTicks);
                isEstimated |= definition.Window is not null;
            }
        }
    }

    /// <summary>The value alone, as it is computed with.</summary>
    public PlainValue? ToPlainValue() =>
        purchases is not null || definition.IsDivided
            ? ToValue().Value is { } written
                ? PlainValue.Of(written)
                : null
            : Sole;

    /// <summary>What it comes to.</summary>
    public InsightValue ToValue()
    {
        SortedDictionary<string, ItemSum> sums = byPart ?? new(StringComparer.Ordinal);
        InsightValue value = new()
        {
            Insight = insight,
            At = now,
            Items = count + (only?.Count ?? 0) + sums.Values.Sum(sum => sum.Count),
            IsEstimated =
                isEstimated
                || only is { Different.IsEstimated: true }
                || sums.Values.Any(sum => sum is { Different.IsEstimated: true }),
            LeftOut = leftOut,
            People = people,
        };
        return purchases is not null ? Predicted(value, purchases)
            : definition.IsDivided ? Divided(value, sums)
            : definition.IsMoney ? InCurrencies(value, sums)
            : Only(value);
    }

    /// <summary>The one value; of money none where there are several currencies.</summary>
    private PlainValue? Sole =>
        !definition.IsMoney ? (only ?? new ItemSum()).ToValue(definition, nowTicks)
        : byPart is { Count: 1 } ? byPart.Values.First().ToValue(definition, nowTicks)
        : null;

    private InsightValue Only(InsightValue value)
    {
        FieldValue? one = Sole?.Written;
        return value with
        {
            Value = one,
            Why =
                one is null && definition.Measure == Measure.Ratio && value.Items > 0
                    ? NoValue.DividedByZero
                    : null,
        };
    }

    private InsightValue Predicted(InsightValue value, PurchaseHistory history)
    {
        if (insight.Model is not { } model)
        {
            return value with { Why = NoValue.NoModel };
        }

        if (history.Summary(now, model.Counting, out bool isOfOneCurrency) is not { } customer)
        {
            return value;
        }

        string? why =
            !Prediction.IsOfValue(definition.Measure) ? null
            : !isOfOneCurrency ? NoValue.SeveralCurrencies
            : model.Values is null || (definition.IsMoney && history.Currency != model.Currency)
                ? NoValue.NotOfThisCurrency
            : null;
        double answer = why is null ? Ask(model, customer) : 0;
        why ??= Math.Abs(answer) <= (double)Limits.AmountMax ? null : NoValue.TooLarge;
        return value with
        {
            Customer = customer,
            Why = why,
            Value = why is null ? FieldValue.Of(Math.Round((decimal)answer, Exact.Decimals)) : null,
        };
    }

    private double Ask(PredictionModel model, RfmSummary customer)
    {
        Prediction asked = definition.Prediction!;
        double horizon = Prediction.TimeOf(asked.Horizon ?? default, model.Counting.Unit);
        return definition.Measure switch
        {
            Measure.Alive => model.Purchases.ProbabilityAlive(customer),
            Measure.Purchases => model.Purchases.ExpectedPurchases(customer, horizon),
            Measure.NoPurchase => model.Purchases.ProbabilityOfNoPurchase(customer, horizon),
            Measure.PurchaseValue => model.Values!.ExpectedValue(customer),
            _ => new LifetimeValue(
                asked.Periods,
                Prediction.TimeOf(asked.Period, model.Counting.Unit),
                (double)asked.DiscountRate
            ).Of(model.Purchases, model.Values!, customer),
        };
    }

    /// <summary>What is known of the customer; null before the first purchase, and where nothing is predicted.</summary>
    public CustomerSummary? ToCustomer(RfmCounting counting)
    {
        bool isOfOneCurrency = false;
        return purchases?.Summary(now, counting, out isOfOneCurrency) is { } customer
            ? new CustomerSummary
            {
                Frequency = customer.Frequency,
                Recency = customer.Recency,
                Age = customer.Age,
                MonetaryValue = customer.MonetaryValue,
                Currency = isOfOneCurrency ? purchases.Currency : null,
                FirstAt = purchases.FirstAt,
                IsIncomplete = leftOut > 0,
            }
            : null;
    }

    /// <summary>What is said where it is not known any more.</summary>
    public InsightValue Forgotten() =>
        new()
        {
            Insight = insight,
            At = now,
            Why = NoValue.NotKept,
        };

    private Accumulation? Add(ImmutableArray<Accumulation> accumulations)
    {
        if (Accumulation.Find(accumulations, insight.Revision) is not { } known)
        {
            return null;
        }

        HasTallies |= known.HeardAt > 0 || !known.Tallies.IsEmpty;
        long first = Stretches.FirstAt(definition, nowTicks);
        long last = Stretches.Of(definition, nowTicks);
        foreach (Tally tally in known.Tallies)
        {
            if (tally.Stretch < first || tally.Stretch > last)
            {
                continue;
            }

            if (purchases is not null)
            {
                count += tally.Count;
                purchases.Add(tally);
                // Of what is not kept only the day in UTC is known.
                isEstimated |= insight.Model is { Counting.Offset.Ticks: not 0 };
            }
            else
            {
                SumOf(tally.Part).Add(definition, tally, nowTicks);
                isEstimated |= definition.Window is not null;
            }
        }

        return known;
    }

    private ItemSum SumOf(string? part)
    {
        if (part is null)
        {
            return only ??= new ItemSum();
        }

        byPart ??= new SortedDictionary<string, ItemSum>(StringComparer.Ordinal);
        if (!byPart.TryGetValue(part, out ItemSum? sum))
        {
            byPart.Add(part, sum = new ItemSum());
        }

        return sum;
    }

    private InsightValue Divided(InsightValue value, SortedDictionary<string, ItemSum> sums)
    {
        (string Key, decimal Value)[] parts =
        [
            .. sums.Select(sum => (sum.Key, Value: sum.Value.ToNumber(definition)!.Value))
                .OrderByDescending(part => part.Value), // Stable: of equal ones by name.
        ];
        decimal total =
            definition.Measure == Measure.Distinct
                ? Differences.CountOf(sums.Values.Select(sum => sum.Different!))
                : parts.Sum(part => part.Value);
        return value with
        {
            Value = FieldValue.Of(total),
            PartCount = parts.Length,
            Parts =
            [
                .. parts
                    .Take(definition.Top)
                    .Select(
                        (part, i) =>
                            new InsightPart(
                                part.Key,
                                part.Value,
                                total > 0 ? (double)part.Value / (double)total : 0,
                                (i > 0 && parts[i - 1].Value == part.Value)
                                    || (i + 1 < parts.Length && parts[i + 1].Value == part.Value)
                            )
                    ),
            ],
        };
    }

    // Amounts of different currencies cannot be added up.
    private InsightValue InCurrencies(InsightValue value, SortedDictionary<string, ItemSum> sums) =>
        value with
        {
            Value = Sole?.Written,
            Why = sums.Count > 1 ? NoValue.SeveralCurrencies : null,
            PartCount = sums.Count,
            Parts =
            [
                .. sums.Select(sum => new InsightPart(
                    sum.Key,
                    sum.Value.ToNumber(definition) ?? 0,
                    Share: 0,
                    IsTied: false
                )),
            ],
        };
}
