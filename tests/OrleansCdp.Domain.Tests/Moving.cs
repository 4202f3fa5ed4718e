using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Moves of an individual's own links, as most tests make them.</summary>
internal static class Moving
{
    public static Transition<UnifiedIndividual> Detach(
        this UnifiedIndividual from,
        ImmutableArray<LinkKey> links,
        string target,
        int rank,
        out Departure departure
    ) => from.Detach(links, target, rank, from.Id, default, isSentByOwner: false, out departure);

    public static Transition<UnifiedIndividual> Attach(
        this UnifiedIndividual to,
        ImmutableArray<Link> links,
        out bool refused
    )
    {
        var transition = to.Attach(
            links,
            to.Id,
            byMerge: false,
            isLast: false,
            isWhole: true,
            out string? elsewhere
        );
        refused = elsewhere is not null;
        return transition;
    }
}
