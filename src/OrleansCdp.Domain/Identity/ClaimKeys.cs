using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Keys under which claims are held.</summary>
public static class ClaimKeys
{
    /// <summary>The claim on a link.</summary>
    public static string Of(LinkKey link) => $"link:{link}";

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
