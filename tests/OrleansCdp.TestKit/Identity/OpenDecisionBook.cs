namespace OrleansCdp.Identity;

/// <summary>What the table of open decisions promises: of each link the heaviest one, until that one is closed.</summary>
public sealed class OpenDecisionBook
{
    private readonly SortedDictionary<string, OpenDecision> open = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<OpenDecision> All => open.Values;

    /// <summary>Keeps decisions open.</summary>
    public bool Note(IEnumerable<OpenDecision> noted)
    {
        foreach (OpenDecision one in noted)
        {
            if (!open.TryGetValue(one.Claim, out OpenDecision? known) || known.Weight <= one.Weight)
            {
                open[one.Claim] = one;
            }
        }

        return true;
    }

    /// <summary>Those of some links.</summary>
    public OpenDecision[] Of(IReadOnlyCollection<string> homes) =>
        [
            .. open.Values.Where(one =>
                ClaimKeys.LinkOf(one.Claim) is { } link
                && (
                    homes.Contains($"{link}")
                    || homes.Contains(SubjectIds.RecordOf(link))
                    || homes.Contains(SubjectIds.IndividualOf(link))
                )
            ),
        ];

    /// <summary>Takes decisions away.</summary>
    public bool Close(IEnumerable<OpenDecision> done)
    {
        foreach (OpenDecision one in done)
        {
            if (open.TryGetValue(one.Claim, out OpenDecision? known) && known.IsSameAs(one))
            {
                open.Remove(one.Claim);
            }
        }

        return true;
    }
}
