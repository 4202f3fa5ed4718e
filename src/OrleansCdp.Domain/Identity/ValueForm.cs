using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>A normalised value taken apart for comparison.</summary>
internal abstract class ValueForm(MatchType type, string text)
{
    /// <summary>What it was read as.</summary>
    public MatchType Type => type;

    /// <summary>What counts as the value: equal texts are the same value.</summary>
    public string Text => text;

    /// <summary>The text's hash, as in tables of frequencies.</summary>
    public ulong Hash { get; } = MatchField.HashOf(text);

    /// <summary>Takes a normalised text apart.</summary>
    public static ValueForm Of(MatchType type, string text) =>
        type switch
        {
            MatchType.GivenName or MatchType.FamilyName => NameForm.Read(type, text),
            MatchType.Date => new DateForm(text),
            MatchType.Email => new EmailForm(text),
            MatchType.Address => new AddressForm(text),
            MatchType.Organisation or MatchType.Text => new WordsForm(type, text),
            _ => new PlainForm(type, text),
        };
}

/// <summary>A value that is compared as it is: phone, code, document, category, city.</summary>
internal sealed class PlainForm(MatchType type, string text) : ValueForm(type, text);

/// <summary>A first or last name.</summary>
internal sealed class NameForm : ValueForm
{
    private NameForm(MatchType type, string text, int generation)
        : base(type, text)
    {
        Generation = generation;
        Compact = Folding.Compact(text);
        Words = text.Split(' ');
        Nicknames = Identity.Nicknames.SetsOf(Words[0]);
    }

    /// <summary>1 of a senior or I, 2 of a junior or II, and so on; 0 when it does not say.</summary>
    public int Generation { get; }

    /// <summary>The name without blanks.</summary>
    public string Compact { get; }

    /// <summary>The name's words.</summary>
    public string[] Words { get; }

    /// <summary>The sets of names that are used for one another and this one is in.</summary>
    public ReadOnlyMemory<int> Nicknames { get; }

    /// <summary>Reads a name, the generation behind it apart.</summary>
    public static NameForm Read(MatchType type, string text)
    {
        int blank = text.LastIndexOf(' ');
        int generation = blank < 0 ? 0 : GenerationOf(text.AsSpan(blank + 1));
        return new NameForm(type, generation > 0 ? text[..blank] : text, generation);
    }

    /// <summary>The generation a word stands for, else 0.</summary>
    public static int GenerationOf(ReadOnlySpan<char> word) =>
        word switch
        {
            "sr" or "senior" or "i" => 1,
            "jr" or "junior" or "ii" => 2,
            "iii" => 3,
            "iv" => 4,
            _ => 0,
        };
}

/// <summary>A day, as eight digits; impossible ones are kept as they were mistyped.</summary>
internal sealed class DateForm(string text) : ValueForm(MatchType.Date, text)
{
    public int Year { get; } = int.Parse(text.AsSpan(0, 4), CultureInfo.InvariantCulture);

    public int Month { get; } = int.Parse(text.AsSpan(4, 2), CultureInfo.InvariantCulture);

    public int Day { get; } = int.Parse(text.AsSpan(6, 2), CultureInfo.InvariantCulture);
}

/// <summary>An email address.</summary>
internal sealed class EmailForm(string text) : ValueForm(MatchType.Email, text)
{
    private readonly int at = text.LastIndexOf('@');

    public ReadOnlySpan<char> Local => Text.AsSpan(0, at);

    public ReadOnlySpan<char> Domain => Text.AsSpan(at + 1);
}

/// <summary>Words of an organisation's name or of a text.</summary>
internal sealed class WordsForm : ValueForm
{
    public WordsForm(MatchType type, string text)
        : base(type, text)
    {
        Words = Word.ListOf(text.Split(' '));
    }

    /// <summary>Each once, in order.</summary>
    public Word[] Words { get; }
}

/// <summary>A word and its hash.</summary>
internal sealed class Word(string text)
{
    public string Text => text;

    public ulong Hash { get; } = MatchField.HashOf(text);

    /// <summary>Whether it says little: a legal form, a kind of street, a direction.</summary>
    public bool IsGeneric { get; } = Vocabulary.IsGeneric(text);

    /// <summary>Every word once.</summary>
    public static Word[] ListOf(IEnumerable<string> words) =>
        [.. words.Distinct(StringComparer.Ordinal).Select(word => new Word(word))];
}

/// <summary>A street address: numbers, words of the street and place, and postcodes.</summary>
internal sealed class AddressForm : ValueForm
{
    public AddressForm(string text)
        : base(MatchType.Address, text)
    {
        Compact = Folding.Compact(text);
        string[] words = text.Split(' ');
        bool[] postal = Vocabulary.PostcodesAmong(words);
        Numbers =
        [
            .. words.Where((word, i) => !postal[i] && Vocabulary.IsHouseNumber(word)).Distinct(),
        ];
        Postcodes = [.. words.Where((_, i) => postal[i]).Distinct()];
        Words = Word.ListOf(
            words.Where((word, i) => !postal[i] && !Vocabulary.IsHouseNumber(word))
        );
    }

    public string Compact { get; }

    /// <summary>Numbers of houses, flats and floors.</summary>
    public string[] Numbers { get; }

    /// <summary>Postcodes, in one word or two.</summary>
    public string[] Postcodes { get; }

    /// <summary>What is left: the street, the place.</summary>
    public Word[] Words { get; }
}
