namespace OrleansCdp.Insights;

/// <summary>
/// How purchases become a summary. Several purchases of one calendar period count as one with their values added, as the
/// published analyses have it: the models know no two purchases at the same time.
/// </summary>
public sealed record RfmCounting
{
    private const int DaysPerWeek = 7;

    /// <summary>In what time is counted.</summary>
    /// <value>Default: days.</value>
    public TimeUnit Unit { get; init; } = TimeUnit.Day;

    /// <summary>The calendar period whose purchases are one: a day, or a week from Monday to Sunday.</summary>
    /// <value>Default: a day. Days counted in weeks give sevenths of a week, weeks give whole ones.</value>
    public TimeUnit Period { get; init; } = TimeUnit.Day;

    /// <summary>Whose calendar: how far its midnight is before that of UTC.</summary>
    /// <value>Whole minutes within 14 hours. Default: 0, which is UTC.</value>
    public TimeSpan Offset { get; init; } = TimeSpan.Zero;

    /// <summary>The number of the calendar period, counted from one that began on a Monday.</summary>
    internal int PeriodOf(DateTimeOffset at)
    {
        // Day 0 of the calendar, 0001-01-01, is a Monday.
        long ticks = Math.Clamp(at.UtcTicks + Offset.Ticks, 0, DateTime.MaxValue.Ticks);
        int day = (int)(ticks / TimeSpan.TicksPerDay);
        return Period == TimeUnit.Week ? day / DaysPerWeek : day;
    }

    /// <summary>So many periods, in <see cref="Unit"/>.</summary>
    internal double TimeOf(int periods) =>
        (Period, Unit) switch
        {
            (TimeUnit.Day, TimeUnit.Week) => periods / (double)DaysPerWeek,
            (TimeUnit.Week, TimeUnit.Day) => periods * DaysPerWeek,
            _ => periods,
        };
}
