using System.Text;

namespace OrleansCdp.Events;

/// <summary>Bodies of an exact size.</summary>
internal static class Sent
{
    /// <summary>A tracking message of exactly so many bytes; what fills it is a field that nobody declared.</summary>
    public static string Message(string user, int bytes, string more = "") =>
        Filled($$"""{"type":"track","event":"e","userId":"{{user}}"{{more}},"pad":"#"}""", bytes);

    /// <summary>Fills the place of <c>#</c> so that the text has exactly so many bytes in UTF-8.</summary>
    public static string Filled(string text, int bytes) =>
        text.Replace(
            "#",
            new string('x', bytes - Encoding.UTF8.GetByteCount(text) + 1),
            StringComparison.Ordinal
        );

    /// <summary>Objects within objects, so many levels with the outermost.</summary>
    public static string Nested(string user, int levels) =>
        $$"""{"type":"track","event":"e","userId":"{{user}}","pad":"""
        + string.Concat(Enumerable.Repeat("""{"a":""", levels - 1))
        + "1"
        + new string('}', levels);
}
