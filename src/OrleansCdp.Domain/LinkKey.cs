using System.Diagnostics.CodeAnalysis;

namespace OrleansCdp;

/// <summary>
/// Names one source's view of one subject, e.g. <c>salesforce/Contact/003A</c> or
/// <c>web/anonymous/a1b2</c>. Every event belongs to exactly one link, and a link always hashes to
/// the same partition.
/// </summary>
/// <remarks>A definition whose source or object has a slash in its name does not compile.</remarks>
/// <param name="Source">The system the subject is known in. No slash.</param>
/// <param name="Object">The kind of subject in that system. No slash.</param>
/// <param name="Id">The subject's id there. May hold any character, a slash too.</param>
[GenerateSerializer, Immutable, Alias("cdp.link-key")]
public readonly record struct LinkKey(
    [property: Id(0)] string Source,
    [property: Id(1)] string Object,
    [property: Id(2)] string Id
)
{
    /// <summary>Reads the form that <see cref="ToString"/> writes.</summary>
    /// <returns>False when a part is empty or missing, or the whole exceeds the limit.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out LinkKey key)
    {
        key = default;
        if (text is null || text.Length > Limits.LinkKeyMax)
        {
            return false;
        }

        string[] parts = text.Split('/', 3);
        if (parts.Length != 3 || parts.Any(string.IsNullOrEmpty))
        {
            return false;
        }

        key = new LinkKey(parts[0], parts[1], parts[2]);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Source}/{Object}/{Id}";
}
