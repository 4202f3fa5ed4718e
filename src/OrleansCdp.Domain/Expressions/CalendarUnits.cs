using System.Globalization;

namespace OrleansCdp.Expressions;

/// <summary>Days, weeks, months and years of a calendar, as they are written and where they begin.</summary>
internal static class CalendarUnits
{
    private const int YearsMax = 100;

    /// <summary>The unit of a word, in the singular or the plural; null for no unit.</summary>
    public static CalendarUnit? Find(string word)
    {
        foreach (CalendarUnit unit in Enum.GetValues<CalendarUnit>())
        {
            if (word == WordOf(unit) || word == WordOf(unit) + "s")
            {
                return unit;
            }
        }

        return null;
    }

    /// <summary>The longest span of a unit: a century.</summary>
    public static int MostOf(CalendarUnit unit) =>
        unit switch
        {
            CalendarUnit.Day => YearsMax * 365,
            CalendarUnit.Week => YearsMax * 52,
            CalendarUnit.Month => YearsMax * 12,
            _ => YearsMax,
        };

    /// <summary>The one way a span is written.</summary>
    public static string Print(int count, CalendarUnit unit) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{count} calendar {WordOf(unit)}{(count == 1 ? "" : "s")}"
        );

    /// <summary>The beginning of a unit that some time after or before the one of an instant.</summary>
    /// <param name="zone">The time zone of the calendar.</param>
    /// <param name="instant">The instant.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="later">How many units later it begins; negative for earlier.</param>
    /// <returns>Null beyond the ends of time.</returns>
    public static DateTimeOffset? BeginningOf(
        TimeZoneInfo zone,
        DateTimeOffset instant,
        CalendarUnit unit,
        int later
    )
    {
        try
        {
            DateTime day = TimeZoneInfo.ConvertTime(instant, zone).Date;
            DateTime first = unit switch
            {
                CalendarUnit.Day => day.AddDays(later),
                CalendarUnit.Week => day.AddDays((7 * later) - (((int)day.DayOfWeek + 6) % 7)),
                CalendarUnit.Month => day.AddDays(1 - day.Day).AddMonths(later),
                _ => day.AddDays(1 - day.DayOfYear).AddYears(later),
            };
            return MidnightOf(zone, first);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>When a day begins: its first instant, also where clocks are set at midnight.</summary>
    private static DateTimeOffset MidnightOf(TimeZoneInfo zone, DateTime day)
    {
        // Where clocks are put forward over midnight the day begins when that is over.
        while (zone.IsInvalidTime(day))
        {
            day = day.AddMinutes(1);
        }

        TimeSpan offset = zone.IsAmbiguousTime(day)
            ? zone.GetAmbiguousTimeOffsets(day).Max()
            : zone.GetUtcOffset(day);
        return new DateTimeOffset(day, offset).ToUniversalTime();
    }

    private static string WordOf(CalendarUnit unit) => unit.ToString().ToLowerInvariant();
}
