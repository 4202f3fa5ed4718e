using System.Runtime.InteropServices;

namespace OrleansCdp.Identity;

/// <summary>How many words two texts have in common, rare words counting more.</summary>
/// <param name="Share">The weight of words in common, of all; 0 to 1.</param>
/// <param name="Contained">The weight of words in common, of the lighter text.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Overlap(double Share, double Contained)
{
    private const double WordJaroWinkler = 0.9;
    private const double ContainedMin = 0.95;
    private const int PrefixMin = 3;
    private const double GenericWeight = 0.3;
    private const int WordsMax = 64;

    /// <summary>Whether the shorter text stands in the longer one.</summary>
    public bool IsContained => Contained >= ContainedMin;

    /// <summary>Compares two lists of words.</summary>
    /// <param name="left">Words, each once.</param>
    /// <param name="right">Likewise.</param>
    /// <param name="words">How common words are; null when that is not known.</param>
    public static Overlap Of(Word[] left, Word[] right, Frequencies? words)
    {
        if (left.Length == 0 || right.Length == 0)
        {
            return default;
        }

        // Which words pair up can depend on who is first, so the order is fixed.
        (Word[] first, Word[] second) = IsFirst(left, right) ? (left, right) : (right, left);
        Span<bool> taken = stackalloc bool[WordsMax];
        double firstWeight = WeightOf(first, words);
        double secondWeight = WeightOf(second, words);
        double firstCommon = 0;
        double secondCommon = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            foreach (Word word in first)
            {
                int at = Partner(word, second, taken, exact: pass == 0, first);
                if (at >= 0)
                {
                    taken[at] = true;
                    firstCommon += WeightOf(word, words);
                    secondCommon += WeightOf(second[at], words);
                }
            }
        }

        double lighter = Math.Min(firstWeight, secondWeight);
        double common = firstWeight <= secondWeight ? firstCommon : secondCommon;
        return new Overlap(
            (firstCommon + secondCommon) / (firstWeight + secondWeight),
            common / lighter
        );
    }

    /// <summary>What a word is worth: its rarity where that is known.</summary>
    public static double WeightOf(Word word, Frequencies? words) =>
        words is not null ? Math.Max(words.RarityOf(word.Hash), GenericWeight)
        : word.IsGeneric ? GenericWeight
        : 1;

    private static double WeightOf(Word[] list, Frequencies? words)
    {
        double weight = 0;
        foreach (Word word in list)
        {
            weight += WeightOf(word, words);
        }

        return weight;
    }

    // Equal words pair up first; then those that are spelt alike or cut short, if they have no equal of their own.
    private static int Partner(
        Word word,
        Word[] others,
        ReadOnlySpan<bool> taken,
        bool exact,
        Word[] own
    )
    {
        if (!exact && Contains(others, word))
        {
            return -1;
        }

        for (int i = 0; i < others.Length; i++)
        {
            if (!taken[i] && (exact ? word.Hash == others[i].Hash : IsAlike(word, others[i], own)))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsAlike(Word word, Word other, Word[] own) =>
        !Contains(own, other)
        && (
            IsPrefix(word.Text, other.Text)
            || IsPrefix(other.Text, word.Text)
            || Distances.JaroWinkler(word.Text, other.Text) >= WordJaroWinkler
        );

    private static bool Contains(Word[] list, Word word)
    {
        foreach (Word other in list)
        {
            if (other.Hash == word.Hash)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsPrefix(string shorter, string longer) =>
        shorter.Length >= PrefixMin
        && longer.Length > shorter.Length
        && longer.StartsWith(shorter, StringComparison.Ordinal);

    private static bool IsFirst(Word[] left, Word[] right)
    {
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            int order = string.CompareOrdinal(left[i].Text, right[i].Text);
            if (order != 0)
            {
                return order < 0;
            }
        }

        return left.Length <= right.Length;
    }
}
