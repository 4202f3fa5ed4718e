using System.Collections.Immutable;
using OrleansCdp.Context;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>What an individual shows of itself to whoever compares it with the log.</summary>
internal static class IndividualEvidences
{
    /// <summary>The evidence; see <see cref="IUnifiedIndividualGrain.GetEvidenceAsync"/>.</summary>
    /// <param name="individual">The individual.</param>
    /// <param name="links">The links asked for; none for all keys.</param>
    /// <param name="served">Tag of the answer that readers get now; null when the next reader has it made.</param>
    /// <param name="policy">How traits are reconciled.</param>
    public static IndividualEvidence EvidenceOf(
        this UnifiedIndividual individual,
        ImmutableArray<LinkKey> links,
        string? served,
        ReconciliationPolicy policy
    )
    {
        if (!links.IsEmpty)
        {
            return new IndividualEvidence
            {
                RedirectTo = individual.ElsewhereAt,
                Links = [.. links.Select(individual.Links.Find).OfType<Link>()],
                Elsewhere =
                [
                    .. links.Select(key => ElsewhereOf(individual, key)).OfType<LinkElsewhere>(),
                ],
            };
        }

        string made =
            individual.IsEmpty || individual.ElsewhereAt is not null
                ? ""
                : ContextAnswer.TagOf(ServiceGraph.Individual(individual, policy));
        return new IndividualEvidence
        {
            RedirectTo = individual.ElsewhereAt,
            Keys = [.. individual.Links.Links.Select(link => link.Key)],
            StateTag = made,
            Merged = individual.Merged.Length,
            ServedTag = served ?? made,
            Memberships = TextOf(individual.Memberships),
        };
    }

    /// <summary>Where somebody is a member, each with the number of the change by which it entered; sorted.</summary>
    public static ImmutableArray<string> TextOf(Memberships memberships) =>
        [
            .. memberships
                .Segments.Where(one => one.IsIn)
                .Select(one => $"{one.FullName} {one.Sequence}")
                .Order(StringComparer.Ordinal),
        ];

    private static LinkElsewhere? ElsewhereOf(UnifiedIndividual individual, LinkKey key)
    {
        if (individual.Links.Find(key) is not null)
        {
            return null;
        }

        string? target =
            individual.Departed.FirstOrDefault(left => left.Link == key)?.Target
            ?? individual.ElsewhereAt;
        return target is null ? null : new LinkElsewhere(key, target);
    }
}
