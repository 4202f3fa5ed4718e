using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Events;
using OrleansCdp.Expressions;

namespace OrleansCdp.Insights;

/// <summary>Reads what counts in an insight out of records and events.</summary>
internal static class ItemReader
{
    [ThreadStatic]
    private static ItemFacts? spare;

    /// <summary>Adds the items that a record has in an insight; a deleted record has none.</summary>
    public static void Read(
        InsightDefinition insight,
        in LinkRecord of,
        ItemOrigin origin,
        List<Item> items
    )
    {
        if (of.State.IsDeleted)
        {
            return;
        }

        int before = items.Count;
        foreach (InsightInput input in insight.Inputs)
        {
            if (input.IsOver(of.Object))
            {
                Read(input, of.State, origin, before, items);
            }
        }
    }

    private static void Read(
        InsightInput input,
        RecordState record,
        ItemOrigin origin,
        int before,
        List<Item> items
    )
    {
        ItemFacts facts = spare ??= new ItemFacts();
        switch (input.Source.Kind)
        {
            case ItemKind.Records:
                facts.Be(input.Source, record);
                Add(input, facts, origin, before, items);
                break;
            case ItemKind.Lines:
                foreach (LineRegister line in record.Lines)
                {
                    facts.Be(input.Source, record, line);
                    Add(input, facts, origin, before, items);
                }

                break;
            case ItemKind.Closures:
                ReadClosures(input, record, facts, origin, before, items);
                break;
            default:
                break; // What was done is no record.
        }
    }

    /// <summary>Reads what an event is in one source of an insight.</summary>
    /// <returns>False where it does not count.</returns>
    public static bool TryRead(InsightInput input, LinkEvent done, out Item item)
    {
        ItemFacts facts = spare ??= new ItemFacts();
        facts.Be(input.Source, done);
        return TryRead(input, facts, out item);
    }

    // Of a record that changed more often than is kept, what is not kept counts at the earliest change that is.
    private static void ReadClosures(
        InsightInput input,
        RecordState record,
        ItemFacts facts,
        ItemOrigin origin,
        int before,
        List<Item> items
    )
    {
        for (int i = 0; i < record.ClosuresBefore; i++)
        {
            facts.Be(input.Source, record, record.Status[0].Stamp.At);
            Add(input, facts, origin, before, items);
        }

        bool closed = false;
        foreach (StatusPoint point in record.Status)
        {
            if (point.Closed && !closed)
            {
                facts.Be(input.Source, record, point.Stamp.At);
                Add(input, facts, origin, before, items);
            }

            closed = point.Closed;
        }
    }

    private static void Add(
        InsightInput input,
        ItemFacts facts,
        ItemOrigin origin,
        int before,
        List<Item> items
    )
    {
        if (TryRead(input, facts, out Item item))
        {
            items.Add(item with { Origin = origin, Place = items.Count - before });
        }
    }

    private static bool TryRead(InsightInput input, ItemFacts facts, out Item item)
    {
        item = default;
        if (!input.At.TryGet(facts, out DateTimeOffset at))
        {
            return false;
        }

        bool counts = TryMeasure(input.Items, facts, out Measured value);
        Int128 divisor = 0;
        if (input.Denominator is { } denominator)
        {
            value = counts ? value : default;
            bool divides = TryMeasure(denominator, facts, out Measured divided);
            divisor = divides ? divided.Order : 0;
            counts |= divides;
        }

        if (!counts)
        {
            return false;
        }

        item = new Item(at.UtcTicks, value, divisor, PartOf(input, facts));
        return true;
    }

    private static bool TryMeasure(MeasuredItems side, ItemFacts facts, out Measured value)
    {
        value = new Measured(Exact.One);
        return (side.Where is null || side.Where.Holds(facts))
            && (side.Value is null || TryMeasure(side.Value, facts, out value));
    }

    private static bool TryMeasure(Expression expression, ItemFacts facts, out Measured value)
    {
        value = default;
        switch (expression)
        {
            case Expression<decimal> number:
                if (
                    number.TryGet(facts, out decimal amount)
                    && Exact.TryOf(amount, out Int128 exact)
                )
                {
                    value = new Measured(exact);
                    return true;
                }

                return false;
            case Expression<string> text:
                bool hasText = text.TryGet(facts, out string? said);
                value = new Measured(0, said);
                return hasText;
            case Expression<DateTimeOffset> instant:
                bool hasInstant = instant.TryGet(facts, out DateTimeOffset moment);
                value = new Measured(moment.UtcTicks);
                return hasInstant;
            case Expression<bool> condition:
                bool hasTruth = condition.TryGet(facts, out bool holds);
                value = new Measured(holds ? 1 : 0);
                return hasTruth;
            default:
                throw new InvalidOperationException("No insight measures durations.");
        }
    }

    private static string? PartOf(InsightInput input, ItemFacts facts)
    {
        if (input.Currency is { } currency)
        {
            return currency.TryGet(facts, out string? code) ? Short(code) : MoneySums.NoCurrency;
        }

        return input.By.Length switch
        {
            0 => null,
            1 => Short(TextOf(input.By[0], facts)),
            _ => Short(TextOf(input.By, facts)),
        };
    }

    private static string TextOf(ImmutableArray<Expression> expressions, ItemFacts facts) =>
        string.Join(PartNames.Between, expressions.Select(one => TextOf(one, facts)));

    private static string Short(string key) =>
        key.Length > PartNames.LengthMax ? PartNames.Other : key;

    private static string TextOf(Expression expression, ItemFacts facts) =>
        expression switch
        {
            Expression<string> text => text.TryGet(facts, out string? said)
                ? said.Replace(PartNames.Between, ' ')
                : PartNames.None,
            Expression<decimal> number => number.TryGet(facts, out decimal amount)
                ? FieldValue.Of(amount).Text
                : PartNames.None,
            Expression<DateTimeOffset> instant => instant.TryGet(facts, out DateTimeOffset moment)
                ? Rfc3339.Format(moment)
                : PartNames.None,
            Expression<bool> condition => condition.TryGet(facts, out bool holds)
                ? FieldValue.Of(holds).Text
                : PartNames.None,
            Expression<TimeSpan> duration => duration.TryGet(facts, out TimeSpan span)
                ? span.ToString("c", CultureInfo.InvariantCulture)
                : PartNames.None,
            _ => throw new InvalidOperationException("Not a type of the language."),
        };
}
