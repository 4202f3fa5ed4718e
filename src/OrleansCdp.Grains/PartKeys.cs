using System.Globalization;

namespace OrleansCdp;

/// <summary>
/// Names of parts: a letter for the kind, then each name with its length before it, so that no two lists of names
/// make the same key whatever characters they hold. Part of the stored format, never changed.
/// </summary>
internal static class PartKeys
{
    /// <summary>The key of a link's own part.</summary>
    public static string Of(string kind, LinkKey link) => Of(kind, link.ToString());

    /// <summary>The key of a part that is named by one text.</summary>
    public static string Of(string kind, string name) => kind + Sized(name);

    /// <summary>The key of a part of one object's records.</summary>
    public static string Of(string kind, LinkKey link, string recordObject) =>
        Of(kind, link) + Sized(recordObject);

    /// <summary>The key of one record.</summary>
    public static string Of(string kind, LinkKey link, string recordObject, string recordId) =>
        Of(kind, link, recordObject) + Sized(recordId);

    /// <summary>What a key names; empty names where it names less.</summary>
    public static (string Kind, string Link, string Object) Read(string key)
    {
        ReadOnlySpan<char> rest = key.AsSpan(1);
        string link = Take(ref rest);
        return (key[..1], link, Take(ref rest));
    }

    private static string Sized(string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{name.Length}:{name}");

    private static string Take(ref ReadOnlySpan<char> rest)
    {
        int colon = rest.IndexOf(':');
        if (
            colon < 0
            || !int.TryParse(rest[..colon], CultureInfo.InvariantCulture, out int length)
            || length > rest.Length - colon - 1
        )
        {
            return "";
        }

        string name = rest.Slice(colon + 1, length).ToString();
        rest = rest[(colon + 1 + length)..];
        return name;
    }
}
