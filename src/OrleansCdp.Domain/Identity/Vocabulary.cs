using System.Collections.Frozen;

namespace OrleansCdp.Identity;

/// <summary>
/// Words of addresses and company names that are written in several ways or say little. Part of the stored format of
/// matching: words are added, never changed.
/// </summary>
internal static class Vocabulary
{
    private const int HouseNumberMax = 6;
    private const int PostcodeDigitsMin = 5;

    private static readonly FrozenDictionary<string, string> Spellings = new[]
    {
        "st street str strasse saint",
        "ave avenue av aves avenues",
        "blvd boulevard blv boul bvd",
        "rd road",
        "dr drive drv",
        "ln lane",
        "pl place",
        "ct court crt",
        "cct circuit",
        "cres crescent cr crs",
        "hwy highway",
        "pkwy parkway pky",
        "sq square",
        "ter terrace terr tce",
        "cl close",
        "gr grove",
        "way wy",
        "trl trail",
        "cir circle",
        "plz plaza",
        "ste suite",
        "apt apartment appt flat unit",
        "fl floor",
        "bldg building bld",
        "n north",
        "s south",
        "e east",
        "w west",
        "ne northeast",
        "nw northwest",
        "se southeast",
        "sw southwest",
        "no number nr",
        "mt mount",
        "jln jalan",
        "1st first",
        "2nd second",
        "3rd third",
        "4th fourth",
        "5th fifth",
        "6th sixth",
        "7th seventh",
        "8th eighth",
        "9th ninth",
        "10th tenth",
        "11th eleventh",
        "12th twelfth",
    }
        .SelectMany(Pairs)
        .ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> LegalForms = new[]
    {
        "inc incorporated",
        "co company",
        "corp corporation",
        "ltd limited",
        "intl international",
        "bros brothers",
        "mfg manufacturing",
        "and und et y",
    }
        .SelectMany(Pairs)
        .ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Generic = FrozenSet.Create(
        StringComparer.Ordinal,
        (
            "st ave blvd rd dr ln pl ct cct cres hwy pkwy sq ter cl gr way trl cir plz ste apt fl bldg n s e w ne nw se "
            + "sw no inc co corp ltd llc llp lp plc pte pvt gmbh ag kg ohg sa sarl sas srl spa bv nv ab oy as aps pty the "
            + "of and a an at in on for de la le les el los las der die das"
        ).Split(' ')
    );

    /// <summary>Whether a word says little of which address or company it is.</summary>
    public static bool IsGeneric(string word) => Generic.Contains(word);

    /// <summary>The one spelling of a word of an address.</summary>
    public static string OfAddress(string word) => Spellings.GetValueOrDefault(word, word);

    /// <summary>The one spelling of a word of a company's name.</summary>
    public static string OfOrganisation(string word) => LegalForms.GetValueOrDefault(word, word);

    /// <summary>Whether a word of an address is the number of a house, a flat or a floor; not <c>32nd</c>.</summary>
    public static bool IsHouseNumber(string word) =>
        word.Length <= HouseNumberMax
        && char.IsAsciiDigit(word[0])
        && !(
            word.Length > 2
            && word.AsSpan(word.Length - 2) is "st" or "nd" or "rd" or "th"
            && !word.AsSpan(0, word.Length - 2).ContainsAnyExceptInRange('0', '9')
        );

    /// <summary>Which words of an address are a postcode: <c>89132</c>, <c>fl2198</c>, <c>le11 1uu</c>.</summary>
    public static bool[] PostcodesAmong(string[] words)
    {
        var postal = new bool[words.Length];
        for (int i = 1; i < words.Length; i++)
        {
            string word = words[i];
            int letters = word.AsSpan().IndexOfAnyInRange('0', '9');
            bool ends = letters >= 0 && !word.AsSpan(letters).ContainsAnyExceptInRange('0', '9');
            postal[i] =
                ends
                && (
                    (letters == 0 && word.Length >= PostcodeDigitsMin)
                    || (letters is 1 or 2 && word.Length - letters is 4 or 5)
                );
            if (IsInward(word) && IsOutward(words[i - 1]))
            {
                postal[i] = postal[i - 1] = true;
            }
        }

        return postal;
    }

    // The two halves of British and Canadian postcodes.
    private static bool IsOutward(string word) =>
        word.Length is >= 2 and <= 4
        && char.IsAsciiLetter(word[0])
        && word.AsSpan(1).ContainsAnyInRange('0', '9');

    private static bool IsInward(string word) =>
        word.Length == 3
        && char.IsAsciiDigit(word[0])
        && char.IsAsciiLetter(word[1])
        && char.IsAsciiLetterOrDigit(word[2]);

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string line)
    {
        string[] words = line.Split(' ');
        return words.Skip(1).Select(word => KeyValuePair.Create(word, words[0]));
    }
}
