using OrleansCdp.Expressions;

namespace OrleansCdp.Insights;

/// <summary>What the items of one part come to.</summary>
internal sealed class ItemSum
{
    private Int128 sum;
    private Int128 divisor;
    private double faded;
    private Picked? picked;
    private List<Int128>? values;
    private LatestInstants instants = LatestInstants.None;

    public long Count { get; private set; }

    public Differences? Different { get; private set; }

    public void Add(InsightDefinition definition, in Item item, long now)
    {
        Count++;
        switch (definition.Measure)
        {
            case Measure.Min or Measure.Max or Measure.First or Measure.Last:
                Pick(definition, new Picked(item.At, item.Value));
                break;
            case Measure.Distinct:
                (Different ??= new Differences()).Add(item.Value);
                break;
            case Measure.Median:
                (values ??= []).Add(item.Value.Order);
                break;
            case Measure.Instants:
                instants = instants.With(item.At);
                break;
            default:
                sum += item.Value.Order;
                divisor += item.Divisor;
                if (definition.HalfLife is { } halfLife)
                {
                    double age = (now - item.At) / (double)halfLife.Ticks;
                    faded += (double)Exact.ToNumber(item.Value.Order) * double.Exp2(-age);
                }

                break;
        }
    }

    /// <summary>Adds items of one part.</summary>
    /// <param name="definition">The insight.</param>
    /// <param name="items">Sorted by time, the latest not after now.</param>
    /// <param name="now">The moment, UTC ticks.</param>
    public void Add(InsightDefinition definition, ReadOnlySpan<Item> items, long now)
    {
        ReadOnlySpan<Item> telling = definition.Measure switch
        {
            // Told is the last one.
            Measure.Instants or Measure.Last when !items.IsEmpty => items[
                Item.FirstAfter(items, items[^1].At - 1)..
            ],
            Measure.First when !items.IsEmpty => items[..Item.FirstAfter(items, items[0].At)],
            _ => items,
        };
        foreach (ref readonly Item item in telling)
        {
            Add(definition, item, now);
        }

        Count += items.Length - telling.Length;
    }

    public void Add(InsightDefinition definition, Tally tally, long now)
    {
        Count += tally.Count;
        sum += tally.Sum;
        switch (tally.Beside)
        {
            case SecondSum second:
                divisor += second.Sum;
                break;
            case FadingSum fading:
                faded += fading.LeftAt(now, definition.HalfLife!.Value);
                break;
            case Picked one:
                Pick(definition, one);
                break;
            case DistinctCount distinct:
                (Different ??= new Differences()).Add(distinct);
                break;
            case LatestInstants latest:
                instants = instants.Join(latest);
                break;
        }
    }

    public PlainValue? ToValue(InsightDefinition definition, long now) =>
        definition.Measure == Measure.Instants
            ? instants.LastAt(now) is { } last
                ? PlainValue.Of(last)
                : null
            : definition.Measure is Measure.Min or Measure.Max or Measure.First or Measure.Last
                ? picked is { } one
                    ? PlainValue.Of(definition.Type, one.Value)
                    : null
                : ToNumber(definition) is { } number
                    ? PlainValue.Of(number)
                    : null;

    public decimal? ToNumber(InsightDefinition definition) =>
        definition.Measure switch
        {
            Measure.Count or Measure.Sum when definition.HalfLife is not null => Math.Round(
                (decimal)faded,
                Exact.Decimals
            ),
            Measure.Count or Measure.Sum => Exact.ToNumber(sum),
            Measure.Average => Count == 0 ? null : Exact.ToNumber(sum) / Count,
            Measure.Ratio => Arithmetic.Divide(
                Exact.ToNumber(sum),
                Exact.ToNumber(divisor),
                out decimal ratio
            )
                ? ratio
                : null,
            Measure.Distinct => Different?.Count ?? 0,
            Measure.Median => Middle(),
            _ => picked is { } one ? Exact.ToNumber(one.Value.Order) : null,
        };

    private void Pick(InsightDefinition definition, Picked one) =>
        picked = Picked.Of(definition.Measure, picked, one);

    private decimal? Middle()
    {
        if (values is null)
        {
            return null;
        }

        values.Sort();
        decimal upper = Exact.ToNumber(values[values.Count / 2]);
        return values.Count % 2 == 1
            ? upper
            : (Exact.ToNumber(values[(values.Count / 2) - 1]) + upper) / 2;
    }
}
