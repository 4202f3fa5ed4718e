using System.Collections.Frozen;
using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>Brings a value of any spelling into the one form in which its type is compared.</summary>
internal static class MatchText
{
    /// <summary>Digits that a phone number has at least; also those that decide whether two may be one.</summary>
    public const int PhoneDigitsMin = 7;

    private const int PhoneDigitsMax = 15;
    private const int DocumentMin = 3;
    private const int YearMin = 1800;
    private const int YearMax = 2199;

    // 31 is 1931, 30 is 2030: nobody who is 95 is described by two digits as often as a child is.
    private const int CenturyPivot = 30;

    private static readonly FrozenSet<string> Titles = FrozenSet.Create(
        StringComparer.Ordinal,
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "sir",
        "herr",
        "frau"
    );

    /// <summary>Normalises a value.</summary>
    /// <returns>Null when it can be none of its type.</returns>
    public static string? Of(MatchField field, string value)
    {
        string? text = field.Type switch
        {
            MatchType.GivenName or MatchType.FamilyName => Name(value),
            MatchType.Date => Date(value, field.DayFirst),
            MatchType.Email => Email(field, value),
            MatchType.Phone => Phone(value, field.Region),
            MatchType.Address => Address(value),
            MatchType.Organisation => Words(value),
            MatchType.Code => Folding.Compact(Fold(value)),
            MatchType.Document => Document(value),
            _ => Fold(value),
        };
        return string.IsNullOrEmpty(text) ? null : text;
    }

    /// <summary>Takes a whole name apart: <c>Dr Ann B. Lee Jr</c>, <c>Lee, Ann</c>, Chinese and Korean ones.</summary>
    /// <returns>Normalised names; null where there is none.</returns>
    public static (string? Given, string? Family) FullName(string value)
    {
        int comma = value.IndexOf(',', StringComparison.Ordinal);
        if (comma > 0 && NameForm.GenerationOf(Fold(value[(comma + 1)..])) == 0)
        {
            string? before = Name(value[..comma]);
            string? behind = Name(value[(comma + 1)..]);
            return before is not null && behind is not null
                ? (behind.Split(' ')[0], before)
                : (null, before ?? behind);
        }

        string? name = Name(value);
        if (name is null)
        {
            return default;
        }

        string[] words = name.Split(' ');
        bool hasGeneration = words.Length > 2 && NameForm.GenerationOf(words[^1]) > 0;
        return (words.Length, hasGeneration) switch
        {
            (1, _) when name.Length is >= 2 and <= 4 && IsEastAsian(name) => (name[1..], name[..1]),
            (1, _) => (null, name),
            (_, true) => (words[0], $"{words[^2]} {words[^1]}"),
            _ => (words[0], words[^1]),
        };
    }

    private static string Fold(string value) => Folding.Fold(value, MatchValues.TextMax);

    private static string? Name(string value)
    {
        string name = Fold(value);
        int blank = name.IndexOf(' ', StringComparison.Ordinal);
        while (blank > 0 && Titles.Contains(name[..blank]))
        {
            name = name[(blank + 1)..];
            blank = name.IndexOf(' ', StringComparison.Ordinal);
        }

        return name.AsSpan().ContainsAnyExceptInRange('0', '9') ? name : null;
    }

    private static string Words(string value) =>
        string.Join(' ', Fold(value).Split(' ').Select(Vocabulary.OfOrganisation));

    private static string? Document(string value)
    {
        string text = Folding.Compact(Fold(value));
        return text.Length >= DocumentMin ? text : null;
    }

    private static string? Email(MatchField field, string value)
    {
        ReadOnlySpan<char> address = value;
        int open = address.LastIndexOf('<');
        int close = address.LastIndexOf('>');
        address = open >= 0 && close > open ? address[(open + 1)..close] : address;
        // The provider's own domain may be longer than the one written, so the length is looked at last.
        string? email = Normalisation.Email(address.ToString());
        string? folded = email is null ? null : field.Folded(email);
        return folded?.Length <= MatchValues.TextMax ? folded : null;
    }

    private static string? Phone(string value, string? region)
    {
        int extension = value.IndexOfAny(['x', 'X', ';', ',', '#']);
        string number = extension > 0 ? value[..extension] : value;
        string international = Normalisation.Phone(number, region) ?? number;
        if (international.Length > MatchValues.TextMax)
        {
            return null;
        }

        string digits = string.Concat(
            Folding.Compact(Fold(international)).Where(char.IsAsciiDigit)
        );
        return digits.Length is >= PhoneDigitsMin and <= PhoneDigitsMax ? digits : null;
    }

    private static string Address(string value)
    {
        string folded = Fold(GluePostcodes(value));
        return string.Join(' ', folded.Split(' ').Select(Vocabulary.OfAddress));
    }

    // FL-2198 is one word.
    private static string GluePostcodes(string value)
    {
        for (int i = 1; i < value.Length - 4; i++)
        {
            if (value[i] == '-' && char.IsAsciiLetter(value[i - 1]) && char.IsDigit(value[i + 1]))
            {
                value = value.Remove(i, 1);
            }
        }

        return value;
    }

    private static string? Date(string value, bool dayFirst)
    {
        string[] groups = value.Length > MatchValues.TextMax ? [] : DigitsOf(value);
        if (groups.Length == 2 && MonthOf(value) is { } named)
        {
            // Mar 1 1970, 24-May-11, 1970 March 1
            groups =
                groups[0].Length == 4
                    ? [groups[0], named, groups[1]]
                    : [named, groups[0], groups[1]];
            dayFirst = false;
        }

        (string Year, string Month, string Day)? parts = groups switch
        {
            [{ Length: 8 } all] when IsYear(all[..4]) => (all[..4], all[4..6], all[6..]),
            [{ Length: 8 } all] => Ordered(all[..2], all[2..4], all[4..], dayFirst),
            [{ Length: 4 } year, { Length: <= 2 } month, { Length: <= 2 } day, ..] => (
                year,
                month,
                day
            ),
            [{ Length: <= 2 } first, { Length: <= 2 } second, { Length: 2 or 4 } year] => Ordered(
                first,
                second,
                year,
                dayFirst
            ),
            _ => null,
        };
        return parts is { } date && IsYear(date.Year)
            ? $"{date.Year}{date.Month.PadLeft(2, '0')}{date.Day.PadLeft(2, '0')}"
            : null;
    }

    private static (string, string, string) Ordered(
        string first,
        string second,
        string year,
        bool dayFirst
    )
    {
        int pivot = year.Length == 2 ? int.Parse(year, CultureInfo.InvariantCulture) : 0;
        string full =
            year.Length == 4 ? year
            : pivot > CenturyPivot ? $"19{year}"
            : $"20{year}";
        bool swapped = string.CompareOrdinal(first.PadLeft(2, '0'), "12") > 0;
        bool plain = string.CompareOrdinal(second.PadLeft(2, '0'), "12") > 0;
        return swapped || (dayFirst && !plain) ? (full, second, first) : (full, first, second);
    }

    private static string? MonthOf(string value)
    {
        const int shortest = 3;
        const string months = "janfebmaraprmayjunjulaugsepoctnovdec";
        string? word = Fold(value).Split(' ').FirstOrDefault(part => char.IsAsciiLetter(part[0]));
        int at =
            word?.Length >= shortest
                ? months.IndexOf(word[..shortest], StringComparison.Ordinal)
                : -1;
        return at >= 0 && at % shortest == 0 ? $"{(at / shortest) + 1:00}" : null;
    }

    private static bool IsYear(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int year)
        && year is >= YearMin and <= YearMax;

    private static string[] DigitsOf(string value) =>
        string.Concat(value.Select(c => char.IsAsciiDigit(c) ? c : ' '))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // Family name first, mostly one syllable: Han and Hangul.
    private static bool IsEastAsian(string name) =>
        name.All(c => c is (>= '\u4e00' and <= '\u9fff') or (>= '\uac00' and <= '\ud7a3'));
}
