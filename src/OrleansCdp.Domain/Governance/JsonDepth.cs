using System.Buffers;

namespace OrleansCdp.Governance;

/// <summary>Measures nesting without following it.</summary>
internal static class JsonDepth
{
    private static readonly SearchValues<byte> Marks = SearchValues.Create("{}[]\""u8);

    /// <summary>Whether valid JSON nests objects and arrays deeper than a bound.</summary>
    public static bool Exceeds(ReadOnlySpan<byte> json, int bound)
    {
        // Few records open that many objects and arrays at all, and counting bytes is vectorised.
        return json.Count((byte)'{') + json.Count((byte)'[') > bound && Measure(json) > bound;
    }

    private static int Measure(ReadOnlySpan<byte> json)
    {
        int depth = 0;
        int deepest = 0;
        int at = json.IndexOfAny(Marks);
        while (at >= 0)
        {
            byte mark = json[at];
            json = json[(at + 1)..];
            if (mark == '"')
            {
                json = SkipString(json);
            }
            else
            {
                depth += mark is (byte)'{' or (byte)'[' ? 1 : -1;
                deepest = Math.Max(deepest, depth);
            }

            at = json.IndexOfAny(Marks);
        }

        return deepest;
    }

    private static ReadOnlySpan<byte> SkipString(ReadOnlySpan<byte> json)
    {
        int at = json.IndexOfAny((byte)'"', (byte)'\\');
        while (at >= 0 && json[at] == '\\')
        {
            json = json[(at + 2)..];
            at = json.IndexOfAny((byte)'"', (byte)'\\');
        }

        return at < 0 ? [] : json[(at + 1)..];
    }
}
