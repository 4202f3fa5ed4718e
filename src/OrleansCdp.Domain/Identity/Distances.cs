namespace OrleansCdp.Identity;

/// <summary>
/// How far two short texts are apart. Written here because a pair of records takes dozens of these, and the library at
/// hand allocates a kilobyte and takes microseconds for one (the tests compare with it).
/// </summary>
internal static class Distances
{
    /// <summary>
    /// Edits (a letter put in, left out, replaced, or two neighbours exchanged) that make one text the other: optimal
    /// string alignment, a restricted Damerau-Levenshtein distance.
    /// </summary>
    /// <param name="left">At most <see cref="MatchValues.TextMax"/> characters.</param>
    /// <param name="right">Likewise.</param>
    /// <param name="max">What is more than this many is <paramref name="max"/> + 1.</param>
    public static int Edits(ReadOnlySpan<char> left, ReadOnlySpan<char> right, int max)
    {
        Trim(ref left, ref right);
        if (Math.Abs(left.Length - right.Length) > max)
        {
            return max + 1;
        }

        if (left.IsEmpty || right.IsEmpty)
        {
            return Math.Max(left.Length, right.Length);
        }

        int width = right.Length + 1;
        Span<int> rows = stackalloc int[3 * (MatchValues.TextMax + 1)];
        Span<int> before = rows[..width];
        Span<int> above = rows.Slice(width, width);
        Span<int> current = rows.Slice(2 * width, width);
        for (int j = 0; j < width; j++)
        {
            above[j] = j;
        }

        for (int i = 1; i <= left.Length; i++)
        {
            int least = current[0] = i;
            for (int j = 1; j < width; j++)
            {
                int replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                int edits = Math.Min(replaced, Math.Min(above[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    edits = Math.Min(edits, before[j - 2] + 1);
                }

                current[j] = edits;
                least = Math.Min(least, edits);
            }

            if (least > max)
            {
                return max + 1;
            }

            Span<int> free = before;
            before = above;
            above = current;
            current = free;
        }

        return Math.Min(above[width - 1], max + 1);
    }

    /// <summary>The similarity of Jaro and Winkler, from 0 to 1; a common beginning counts more.</summary>
    /// <param name="left">At most <see cref="MatchValues.TextMax"/> characters.</param>
    /// <param name="right">Likewise.</param>
    public static double JaroWinkler(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        const double prefixScale = 0.1;
        const int prefixMax = 4;
        double jaro = Jaro(left, right);
        int prefix = left[..Math.Min(prefixMax, left.Length)].CommonPrefixLength(right);
        return jaro + (prefix * prefixScale * (1 - jaro));
    }

    // Which letters pair up can depend on who is first, so the order is fixed.
    private static double Jaro(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        bool swap =
            left.Length > right.Length
            || (left.Length == right.Length && left.SequenceCompareTo(right) > 0);
        ReadOnlySpan<char> shorter = swap ? right : left;
        ReadOnlySpan<char> longer = swap ? left : right;
        if (shorter.IsEmpty)
        {
            return longer.IsEmpty ? 1 : 0;
        }

        int window = Math.Max((longer.Length / 2) - 1, 0);
        Span<bool> taken = stackalloc bool[MatchValues.TextMax];
        Span<char> matched = stackalloc char[MatchValues.TextMax];
        int matches = 0;
        for (int i = 0; i < shorter.Length; i++)
        {
            int end = Math.Min(i + window + 1, longer.Length);
            for (int j = Math.Max(i - window, 0); j < end; j++)
            {
                if (!taken[j] && shorter[i] == longer[j])
                {
                    taken[j] = true;
                    matched[matches++] = shorter[i];
                    break;
                }
            }
        }

        if (matches == 0)
        {
            return 0;
        }

        int outOfOrder = 0;
        for (int j = 0, k = 0; j < longer.Length; j++)
        {
            if (taken[j] && matched[k++] != longer[j])
            {
                outOfOrder++;
            }
        }

        double m = matches;
        return ((m / shorter.Length) + (m / longer.Length) + ((m - (outOfOrder / 2)) / m)) / 3;
    }

    private static void Trim(ref ReadOnlySpan<char> left, ref ReadOnlySpan<char> right)
    {
        int prefix = left.CommonPrefixLength(right);
        left = left[prefix..];
        right = right[prefix..];
        while (!left.IsEmpty && !right.IsEmpty && left[^1] == right[^1])
        {
            left = left[..^1];
            right = right[..^1];
        }
    }
}
