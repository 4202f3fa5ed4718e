namespace OrleansCdp.Identity;

/// <summary>How a Latin name sounds, as the American census writes it; others begin with their first letters.</summary>
internal static class Soundex
{
    private const int Length = 4;

    //                             abcdefghijklmnopqrstuvwxyz
    private const string Codes = "01230120022455012623010202";

    /// <summary>The code of a folded name without blanks.</summary>
    public static string Of(string name)
    {
        if (name.AsSpan().ContainsAnyExceptInRange('a', 'z'))
        {
            return name.Length <= Length ? name : name[..Length];
        }

        Span<char> code = ['0', '0', '0', '0'];
        int at = 0;
        char last = '0';
        foreach (char letter in name)
        {
            char digit = Codes[letter - 'a'];
            if (at == 0)
            {
                code[at++] = letter;
            }
            else if (digit != '0' && digit != last && at < Length)
            {
                code[at++] = digit;
            }

            // h and w do not part two letters that sound alike.
            last = letter is 'h' or 'w' ? last : digit;
        }

        return at == 0 ? "" : code.ToString();
    }
}
