using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>How far the value of an insight may have gone because other items count in it than before.</summary>
/// <param name="Up">By how much it went up, at most; infinite where that is not known.</param>
/// <param name="Down">By how much it went down, at most.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Movement(double Up, double Down)
{
    /// <summary>It is the same.</summary>
    public static Movement None { get; }

    /// <summary>It may be anything.</summary>
    public static Movement Any { get; } = new(double.PositiveInfinity, double.PositiveInfinity);

    /// <summary>It may be more.</summary>
    public static Movement Upwards { get; } = new(double.PositiveInfinity, 0);

    /// <summary>It may be less.</summary>
    public static Movement Downwards { get; } = new(0, double.PositiveInfinity);
}

/// <summary>
/// Items that came and went, for whoever wants to know how far the insights went that they count in. What came and went again is
/// both.
/// </summary>
internal sealed class MovedItems
{
    private long came;
    private long went;
    private Int128 up;
    private Int128 down;
    private bool isFirst;
    private bool isOther;
    private bool areOfParts;

    /// <summary>Whether any item is another.</summary>
    public bool IsAny => came > 0 || went > 0 || isOther;

    /// <summary>Notes an item that came.</summary>
    /// <param name="item">The item.</param>
    /// <param name="first">Whether it may be the first one.</param>
    /// <param name="ofPart">Whether it may be of another part, or currency, than others.</param>
    public void Come(in Item item, bool first, bool ofPart)
    {
        came++;
        isFirst |= first;
        areOfParts |= ofPart;
        Add(item.Value.Order);
    }

    /// <summary>Notes an item that went.</summary>
    public void Go(in Item item)
    {
        went++;
        Add(-item.Value.Order);
    }

    /// <summary>Notes an item that counts at the same time as before, for something else.</summary>
    public void Become(in Item before, in Item after)
    {
        isOther = true;
        Add(after.Value.Order);
        Add(-before.Value.Order);
    }

    /// <summary>Notes what a version of an insight knows of items that are not kept.</summary>
    /// <param name="before">What it knew; null for nothing.</param>
    /// <param name="after">What it knows; null for nothing.</param>
    /// <param name="now">The moment, UTC ticks.</param>
    public void Compare(Accumulation? before, Accumulation? after, long now) =>
        SortedArrays.Compare(
            before?.Tallies ?? [],
            after?.Tallies ?? [],
            (Moved: this, Now: now),
            static tally => (tally.Stretch, tally.Part),
            Tally.Order,
            static (of, known, tally) => of.Moved.Compare(known, tally, of.Now),
            static (of, gone) => of.Moved.Compare(gone, null, of.Now)
        );

    /// <summary>Nothing came or went.</summary>
    public void Clear()
    {
        (came, went, up, down) = (0, 0, 0, 0);
        (isFirst, isOther, areOfParts) = (false, false, false);
    }

    /// <summary>How far an insight went that they count in.</summary>
    public Movement Of(InsightDefinition insight) =>
        !IsAny ? Movement.None
        : insight.IsDivided || insight.HalfLife is not null ? Movement.Any
        // Without items there is no amount of money, and with several currencies neither.
        : insight.IsMoney && (went > 0 || isOther || areOfParts) ? Movement.Any
        : insight.Measure switch
        {
            Measure.Count => new Movement(came, went),
            // The first amount of money is one, also if it is 0.
            Measure.Sum when insight.IsMoney => new Movement(
                Math.Max(NumberOf(up), double.Epsilon),
                NumberOf(down)
            ),
            Measure.Sum => new Movement(NumberOf(up), NumberOf(down)),
            _ when went > 0 || isOther => Movement.Any,
            Measure.Max => Movement.Upwards,
            Measure.Min => Movement.Downwards,
            Measure.Last when insight.IsMoment => Movement.Upwards,
            Measure.First when insight.IsMoment => isFirst || insight.Window is not null
                ? Movement.Downwards
                : Movement.None,
            _ => Movement.Any,
        };

    private static double NumberOf(Int128 billionths) => (double)billionths / (double)Exact.One;

    private void Compare(Tally? before, Tally? after, long now)
    {
        long more = (after?.Count ?? 0) - (before?.Count ?? 0);
        came += Math.Max(0, more);
        went += Math.Max(0, -more);
        Add((after?.Sum ?? 0) - (before?.Sum ?? 0));
        isFirst |= !Equals(before?.Beside, after?.Beside);
        areOfParts |= (before ?? after)!.Part is not null;
        // What is dated later than now counts at once without a window.
        isOther |= more == 0 || (after?.Beside as Picked)?.At > now;
    }

    private void Add(Int128 billionths)
    {
        up += Int128.Max(0, billionths);
        down += Int128.Max(0, -billionths);
    }
}
