using System.Collections.Immutable;
using System.Globalization;

namespace OrleansCdp.Governance;

/// <summary>Reads times and days as sources write them.</summary>
internal static class Instants
{
    private static readonly long MillisecondsMin = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long MillisecondsMax = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Reads a time in one of the formats; a time without a zone is in <paramref name="zone"/>.</summary>
    public static bool TryRead(
        ReadOnlySpan<char> text,
        ImmutableArray<string> formats,
        TimeZoneInfo zone,
        out long ticks
    )
    {
        text = text.Trim();
        if (formats.IsEmpty)
        {
            return TryIso(text, zone, out ticks)
                || (
                    long.TryParse(
                        text,
                        NumberStyles.AllowLeadingSign,
                        CultureInfo.InvariantCulture,
                        out long ms
                    ) && TryEpoch(ms, out ticks)
                );
        }

        foreach (string format in formats)
        {
            if (TryFormat(text, format, zone, out ticks))
            {
                return true;
            }
        }

        ticks = 0;
        return false;
    }

    /// <summary>Reads milliseconds since 1970.</summary>
    public static bool TryEpoch(long milliseconds, out long ticks)
    {
        bool fits = milliseconds >= MillisecondsMin && milliseconds <= MillisecondsMax;
        ticks = fits ? DateTime.UnixEpoch.Ticks + (milliseconds * TimeSpan.TicksPerMillisecond) : 0;
        return fits;
    }

    /// <summary>Reads a calendar day; of a time the day as written, in no zone.</summary>
    public static bool TryDay(
        ReadOnlySpan<char> text,
        ImmutableArray<string> formats,
        out DateOnly day
    )
    {
        text = text.Trim();
        if (formats.IsEmpty)
        {
            bool time = text.Length > 10 && text[10] is 'T' or ' ';
            day = default;
            return (!time || TryIso(text, TimeZoneInfo.Utc, out _))
                && DateOnly.TryParseExact(
                    time ? text[..10] : text,
                    "yyyy-MM-dd",
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.None,
                    out day
                );
        }

        foreach (string format in formats)
        {
            if (
                DateTime.TryParseExact(
                    text,
                    format,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.RoundtripKind,
                    out DateTime moment
                )
            )
            {
                day = DateOnly.FromDateTime(moment);
                return true;
            }
        }

        day = default;
        return false;
    }

    /// <summary>Reads <c>yyyy-MM-dd[(T| )HH:mm[:ss[.fraction]][Z|+HH[[:]mm]]]</c>.</summary>
    public static bool TryIso(ReadOnlySpan<char> text, TimeZoneInfo zone, out long ticks)
    {
        ticks = 0;
        if (
            text.Length < 10
            || !TryDigits(text[..4], out int year)
            || text[4] != '-'
            || !TryDigits(text.Slice(5, 2), out int month)
            || text[7] != '-'
            || !TryDigits(text.Slice(8, 2), out int day)
            || year is < 1
            || month is < 1 or > 12
            || day < 1
            || day > DateTime.DaysInMonth(year, month)
        )
        {
            return false;
        }

        long local = new DateTime(year, month, day).Ticks;
        ReadOnlySpan<char> rest = text[10..];
        if (rest.IsEmpty)
        {
            return TryZone(local, zone, out ticks);
        }

        if (rest[0] is not ('T' or 't' or ' ') || !TryClock(ref rest, out long clock))
        {
            return false;
        }

        if (rest.IsEmpty)
        {
            return TryZone(local + clock, zone, out ticks);
        }

        return TryOffset(rest, out long offset) && TryShift(local + clock, -offset, out ticks);
    }

    private static bool TryFormat(
        ReadOnlySpan<char> text,
        string format,
        TimeZoneInfo zone,
        out long ticks
    )
    {
        ticks = 0;
        // K and z take the zone from the text; AssumeUniversal only fills in a K that says nothing.
        if (format.AsSpan().ContainsAny('K', 'z'))
        {
            bool read = DateTimeOffset.TryParseExact(
                text,
                format,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out DateTimeOffset moment
            );
            ticks = moment.UtcTicks;
            return read;
        }

        return DateTime.TryParseExact(
                text,
                format,
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out DateTime local
            ) && TryZone(local.Ticks, zone, out ticks);
    }

    private static bool TryClock(ref ReadOnlySpan<char> rest, out long ticks)
    {
        ticks = 0;
        if (
            rest.Length < 6
            || !TryDigits(rest.Slice(1, 2), out int hour)
            || rest[3] != ':'
            || !TryDigits(rest.Slice(4, 2), out int minute)
            || hour > 23
            || minute > 59
        )
        {
            return false;
        }

        ticks = (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute);
        rest = rest[6..];
        if (rest.IsEmpty || rest[0] != ':')
        {
            return true;
        }

        // A leap second is the last moment of its minute: no clock here can show it.
        if (rest.Length < 3 || !TryDigits(rest.Slice(1, 2), out int second) || second > 60)
        {
            return false;
        }

        ticks += Math.Min(second, 59) * TimeSpan.TicksPerSecond;
        rest = rest[3..];
        return rest.IsEmpty || rest[0] is not ('.' or ',') || TryFraction(ref rest, ref ticks);
    }

    private static bool TryFraction(ref ReadOnlySpan<char> rest, ref long ticks)
    {
        int digits = 0;
        long unit = TimeSpan.TicksPerSecond / 10;
        while (digits + 1 < rest.Length && char.IsAsciiDigit(rest[digits + 1]))
        {
            ticks += (rest[digits + 1] - '0') * unit;
            unit /= 10; // digits below a tick say nothing
            digits++;
        }

        rest = rest[(digits + 1)..];
        return digits > 0;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (
            text.Length < 3
            || text[0] is not ('+' or '-')
            || !TryDigits(text.Slice(1, 2), out int hours)
        )
        {
            return false;
        }

        ReadOnlySpan<char> tail = text[3..];
        if (!tail.IsEmpty && tail[0] == ':')
        {
            tail = tail[1..];
        }

        int minutes = 0;
        if (text.Length > 3 && (tail.Length != 2 || !TryDigits(tail, out minutes)))
        {
            return false;
        }

        ticks = (hours * TimeSpan.TicksPerHour) + (minutes * TimeSpan.TicksPerMinute);
        ticks = text[0] == '-' ? -ticks : ticks;
        return hours <= 14 && minutes < 60;
    }

    private static bool TryZone(long local, TimeZoneInfo zone, out long ticks)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc))
        {
            ticks = local;
            return true;
        }

        return TryShift(local, -zone.GetUtcOffset(new DateTime(local)).Ticks, out ticks);
    }

    private static bool TryShift(long local, long shift, out long ticks)
    {
        ticks = local + shift;
        return ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks;
    }

    private static bool TryDigits(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        foreach (char digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            number = (number * 10) + (digit - '0');
        }

        return true;
    }
}
