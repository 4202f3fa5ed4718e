using System.Collections.Frozen;
using System.Text;

namespace OrleansCdp.Identity;

/// <summary>
/// Folds text to what is compared: lower case, letters without marks, one blank between words, no other signs.
/// Part of the stored format of matching, never changed.
/// </summary>
/// <remarks>
/// The table stands beside the code because the product runs without the platform's tables of Unicode, so that its
/// results are the same on every machine.
/// </remarks>
internal static class Folding
{
    private const string Table = "OrleansCdp.Identity.Shipped.letters.txt";

    private static readonly FrozenDictionary<char, string> Letters = ReadTable();

    /// <summary>Folds a text.</summary>
    /// <param name="text">Any text, in any script.</param>
    /// <param name="max">Characters looked at and kept; what follows is cut off.</param>
    public static string Fold(ReadOnlySpan<char> text, int max)
    {
        StringBuilder folded = new(Math.Min(text.Length, max) + 8);
        bool blank = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (folded.Length >= max)
            {
                break;
            }

            if (IsDropped(rune.Value))
            {
                continue;
            }

            if (!Rune.IsLetterOrDigit(rune) && !IsVowelSign(rune))
            {
                blank = folded.Length > 0;
                continue;
            }

            if (blank)
            {
                folded.Append(' ');
                blank = false;
            }

            Append(folded, Rune.ToLowerInvariant(rune));
        }

        int length = Math.Min(folded.Length, max);
        length -= length > 0 && char.IsHighSurrogate(folded[length - 1]) ? 1 : 0;
        return folded.ToString(0, length).TrimEnd();
    }

    /// <summary>The text without its blanks.</summary>
    public static string Compact(string folded) =>
        folded.Contains(' ', StringComparison.Ordinal)
            ? folded.Replace(" ", "", StringComparison.Ordinal)
            : folded;

    private static void Append(StringBuilder folded, Rune lower)
    {
        if (lower.IsBmp && lower.Value >= 0x80)
        {
            char letter = (char)lower.Value;
            if (Letters.TryGetValue(letter, out string? plain))
            {
                folded.Append(plain);
                return;
            }
        }

        Span<char> units = stackalloc char[2];
        folded.Append(units[..lower.EncodeToUtf16(units)]);
    }

    // Marks above and below letters, vowel points of Hebrew and Arabic, kana's voicing; and apostrophes: o'brien.
    private static bool IsDropped(int rune) =>
        rune
            is '\''
                or '`'
                or 0xb4
                or 0x2018
                or 0x2019
                or 0x2bc
                or (>= 0x300 and <= 0x36f)
                or (>= 0x591 and <= 0x5c7)
                or (>= 0x64b and <= 0x65f)
                or 0x670
                or (>= 0x1ab0 and <= 0x1aff)
                or (>= 0x1dc0 and <= 0x1dff)
                or (>= 0x200b and <= 0x200d)
                or (>= 0x20d0 and <= 0x20ff)
                or 0x3099
                or 0x309a
                or (>= 0xfe00 and <= 0xfe2f)
                or 0xfeff
                or 0xff9e
                or 0xff9f;

    // The vowel signs of Indic scripts are marks by category and letters by meaning.
    private static bool IsVowelSign(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is System.Globalization.UnicodeCategory.SpacingCombiningMark
                or System.Globalization.UnicodeCategory.NonSpacingMark;

    private static FrozenDictionary<char, string> ReadTable()
    {
        using StreamReader reader = new(typeof(Folding).Assembly.GetManifestResourceStream(Table)!);
        Dictionary<char, string> letters = [];
        while (reader.ReadLine() is { } line)
        {
            string[] parts = line.Split(' ', 2);
            foreach (char letter in line[0] == '#' ? "" : parts[1])
            {
                letters[letter] = parts[0];
            }
        }

        return letters.ToFrozenDictionary();
    }
}
