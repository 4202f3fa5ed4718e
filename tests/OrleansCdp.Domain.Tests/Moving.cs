using System.Collections.Immutable;
using OrleansCdp.Events;
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

    /// <summary>Merges one into another, all the way.</summary>
    public static (UnifiedIndividual Merged, UnifiedIndividual Root) Merge(
        UnifiedIndividual one,
        UnifiedIndividual root
    )
    {
        root = root.Expect(one.Id, one.OwnLinks.Count(), out string? refused).Next;
        refused.ShouldBeNull();
        one = one.MergeInto(root.Id).Next;
        ImmutableArray<Link> moving = one.WaitingFor(root.Id).Links;
        root = root.Attach(
            moving,
            one.Id,
            byMerge: true,
            isLast: true,
            isWhole: one.IsWhole(),
            out string? elsewhere
        ).Next;
        elsewhere.ShouldBeNull();
        return (one.Release(MovedLink.Of(moving), root.Id).Next.End().Next, root);
    }

    /// <summary>An individual with these links, of one event each.</summary>
    public static UnifiedIndividual With(string id, params LinkKey[] links) =>
        links.Aggregate(
            new UnifiedIndividual { Id = id },
            (individual, link) => individual.Apply([Visit(link, 1)]).Next
        );

    /// <summary>An event of a link that says something new.</summary>
    public static SequencedEvent Visit(LinkKey link, long sequence = 1) =>
        (
            Some.Event(EventKind.Updated, "Individual", link, id: $"e{sequence}") with
            {
                Traits = ["visits".Is(sequence)],
            }
        ).At(sequence);
}
