using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Keys under which claims are held.</summary>
public static class ClaimKeys
{
    private const string LinkPrefix = "link:";

    /// <summary>The claim on a link.</summary>
    public static string Of(LinkKey link) => $"{LinkPrefix}{link}";

    /// <summary>The link that a claim is on; null for one on an anchor.</summary>
    public static LinkKey? LinkOf(string claim) =>
        claim.StartsWith(LinkPrefix, StringComparison.Ordinal)
        && LinkKey.TryParse(claim[LinkPrefix.Length..], out LinkKey link)
            ? link
            : null;

    /// <summary>The claim on an anchor.</summary>
    public static string Of(Identifier anchor) => $"{anchor.Type}:{anchor.Value}";

    /// <summary>The claims whose stamp an event may raise, though their owner stays.</summary>
    public static IEnumerable<string> StampedBy(LinkEvent e)
    {
        if (e.FollowsAnchor)
        {
            yield return Of(e.Link);
        }

        if (e.SameAs is { } other)
        {
            yield return Of(other);
        }
    }
}
