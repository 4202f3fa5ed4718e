namespace OrleansCdp.Identity;

/// <summary>
/// How well two values of a type agree, in levels from 0. Symmetric. The levels were measured on public sets; graded
/// levels matter more than anything else.
/// </summary>
internal static class Agreement
{
    /// <summary>The level of two names that are similar.</summary>
    public const int FarName = 2;

    /// <summary>The level from which two names are one but for a slip.</summary>
    public const int NearName = 3;

    /// <summary>The highest level of names.</summary>
    public const int EqualName = 4;

    private const double NearJaroWinkler = 0.92;
    private const double FarJaroWinkler = 0.8;
    private const double LocalPartJaroWinkler = 0.9;

    private static readonly string[] NameLevels =
    [
        "different",
        "initial",
        "two edits apart",
        "one edit apart or a nickname",
        "equal",
    ];

    private static readonly string[] DateLevels =
    [
        "different",
        "same year",
        "two of year, month and day",
        "one edit apart or day and month exchanged",
        "equal",
    ];

    private static readonly string[] EmailLevels =
    [
        "different",
        "same domain",
        "similar name before the @",
        "same name before the @ or two edits apart",
        "equal",
    ];

    private static readonly string[] PhoneLevels =
    [
        "different",
        "one digit wrong",
        "last seven digits equal",
        "equal",
    ];

    private static readonly string[] AddressLevels =
    [
        "different",
        "same street or same number",
        "similar",
        "same number, nearly the same street",
        "equal",
    ];

    private static readonly string[] WordsLevels =
    [
        "different",
        "some words in common",
        "many words in common",
        "nearly all words in common",
        "equal",
    ];

    private static readonly string[] CityLevels = ["different", "similar", "nearly equal", "equal"];

    private static readonly string[] CodeLevels = ["different", "one edit apart", "equal"];

    private static readonly string[] CategoryLevels = ["different", "equal"];

    /// <summary>What a type's levels mean, the lowest first.</summary>
    public static ReadOnlySpan<string> LevelsOf(MatchType type) =>
        type switch
        {
            MatchType.GivenName or MatchType.FamilyName => NameLevels,
            MatchType.Date => DateLevels,
            MatchType.Email => EmailLevels,
            MatchType.Phone => PhoneLevels,
            MatchType.Address => AddressLevels,
            MatchType.Organisation or MatchType.Text => WordsLevels,
            MatchType.City => CityLevels,
            MatchType.Category => CategoryLevels,
            _ => CodeLevels,
        };

    /// <summary>The level of two values of one type.</summary>
    /// <param name="left">One of them.</param>
    /// <param name="right">The other, of the same type.</param>
    /// <param name="words">How common words are; null when that is not known.</param>
    public static int LevelOf(ValueForm left, ValueForm right, Frequencies? words) =>
        (left, right) switch
        {
            (NameForm a, NameForm b) => OfNames(a, b),
            (DateForm a, DateForm b) => OfDates(a, b),
            (EmailForm a, EmailForm b) => OfEmails(a, b),
            (AddressForm a, AddressForm b) => OfAddresses(a, b, words),
            (WordsForm a, WordsForm b) => OfWords(a, b, words),
            _ => left.Type switch
            {
                MatchType.Phone => OfPhones(left.Text, right.Text),
                MatchType.City => OfCities(left.Text, right.Text),
                MatchType.Category => OfCategories(left.Text, right.Text),
                _ => OfCodes(left.Text, right.Text),
            },
        };

    /// <summary>The level of two names, first or last.</summary>
    public static int OfNames(NameForm left, NameForm right)
    {
        if (left.Compact == right.Compact)
        {
            return left.Text == right.Text ? EqualName : NearName;
        }

        int shorter = Math.Min(left.Text.Length, right.Text.Length);
        int edits = Distances.Edits(left.Text, right.Text, 2);
        double similarity = edits == 2 ? Distances.JaroWinkler(left.Text, right.Text) : 0;
        if (
            (edits == 1 && shorter >= 3)
            || similarity >= NearJaroWinkler
            || Nicknames.AreOne(left.Nicknames, right.Nicknames)
            || BeginsWith(left, right)
            || BeginsWith(right, left)
        )
        {
            return NearName;
        }

        if (similarity >= FarJaroWinkler && shorter >= 4)
        {
            return FarName;
        }

        return shorter == 1 && left.Text[0] == right.Text[0] ? 1 : 0;
    }

    private static int OfDates(DateForm left, DateForm right)
    {
        if (left.Text == right.Text)
        {
            return 4;
        }

        int edits = Distances.Edits(left.Text, right.Text, 2);
        bool exchanged =
            left.Year == right.Year && left.Month == right.Day && left.Day == right.Month;
        if (edits == 1 || exchanged)
        {
            return 3;
        }

        int same =
            (left.Year == right.Year ? 1 : 0)
            + (left.Month == right.Month ? 1 : 0)
            + (left.Day == right.Day ? 1 : 0);
        return same == 2 || edits == 2 ? 2
            : left.Year == right.Year ? 1
            : 0;
    }

    private static int OfEmails(EmailForm left, EmailForm right)
    {
        if (left.Text == right.Text)
        {
            return 4;
        }

        if (left.Local.SequenceEqual(right.Local) || Distances.Edits(left.Text, right.Text, 2) <= 2)
        {
            return 3;
        }

        return Distances.JaroWinkler(left.Local, right.Local) >= LocalPartJaroWinkler ? 2
            : left.Domain.SequenceEqual(right.Domain) ? 1
            : 0;
    }

    private static int OfPhones(string left, string right)
    {
        if (left == right)
        {
            return 3;
        }

        return left.AsSpan(left.Length - MatchText.PhoneDigitsMin)
                .SequenceEqual(right.AsSpan(right.Length - MatchText.PhoneDigitsMin))
                ? 2
            : Distances.Edits(left, right, 1) == 1 ? 1
            : 0;
    }

    // The number decides: without it, `las vegas blvd` makes one of a whole street.
    private static int OfAddresses(AddressForm left, AddressForm right, Frequencies? words)
    {
        if (left.Text == right.Text)
        {
            return 4;
        }

        bool numbersMissing = left.Numbers.Length == 0 || right.Numbers.Length == 0;
        bool numberInCommon = left.Numbers.AsSpan().ContainsAny(right.Numbers);
        Overlap street = Overlap.Of(left.Words, right.Words, words);
        if (numberInCommon)
        {
            return street.Share >= 0.75 || street.IsContained || left.Compact == right.Compact ? 3
                : street.Share >= 0.35 ? 2
                : 1;
        }

        bool sameStreet = street.Share >= 0.75;
        return sameStreet ? (numbersMissing ? 2 : 1) : 0;
    }

    private static int OfWords(WordsForm left, WordsForm right, Frequencies? words)
    {
        if (left.Text == right.Text)
        {
            return 4;
        }

        Overlap overlap = Overlap.Of(left.Words, right.Words, words);
        return overlap.Share >= 0.85 ? 3
            : overlap.Share >= 0.65 || overlap.IsContained ? 2
            : overlap.Share >= 0.4 ? 1
            : 0;
    }

    private static int OfCities(string left, string right)
    {
        if (left == right)
        {
            return 3;
        }

        double similarity = Distances.JaroWinkler(left, right);
        return similarity >= NearJaroWinkler ? 2
            : similarity >= FarJaroWinkler ? 1
            : 0;
    }

    private static int OfCodes(string left, string right) =>
        left == right ? 2
        : Distances.Edits(left, right, 1) == 1 ? 1
        : 0;

    // `m` is `male`.
    private static int OfCategories(string left, string right) =>
        left == right || ((left.Length == 1 || right.Length == 1) && left[0] == right[0]) ? 1 : 0;

    // Mary and Mary Ann.
    private static bool BeginsWith(NameForm whole, NameForm beginning) =>
        whole.Words.Length > beginning.Words.Length
        && beginning.Text.Length > 1
        && whole.Words.AsSpan().StartsWith(beginning.Words);
}
