using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What <see cref="IMergeStore"/> keeps, in memory: always decided about as a whole.</summary>
public sealed class MergeBook
{
    private readonly Dictionary<string, BaseIndividual> bases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> roots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> placed = new(StringComparer.Ordinal);
    private readonly HashSet<string> live = new(StringComparer.Ordinal);
    private readonly Dictionary<LinkKey, ImmutableArray<string>> statements = [];
    private readonly List<StewardDecision> decisions = [];
    private HashSet<MergeConflict> conflicts = [];

    /// <summary>Who stays apart although something says otherwise.</summary>
    public IReadOnlyCollection<MergeConflict> Conflicts => conflicts;

    /// <summary>Everybody.</summary>
    public IReadOnlyCollection<string> Individuals => bases.Keys;

    /// <summary>Keeps proofs.</summary>
    public Regrouped Prove(
        IReadOnlyCollection<AnchorProof> proofs,
        IReadOnlyCollection<BaseIndividual> bearing
    )
    {
        foreach (BaseIndividual one in proofs.SelectMany(proof => proof.Bases).Concat(bearing))
        {
            if (one.Name.Length > 0 || !bases.ContainsKey(one.Id))
            {
                bases[one.Id] = one;
            }

            roots.TryAdd(one.Id, one.Id);
        }

        foreach (AnchorProof proof in proofs)
        {
            statements[proof.Link] =
            [
                .. statements
                    .GetValueOrDefault(proof.Link, [])
                    .Union(proof.Bases.Select(one => one.Id)),
            ];
        }

        live.UnionWith(bearing.Select(one => one.Id));
        return Regroup();
    }

    /// <summary>Keeps a steward's decision, or forgets it.</summary>
    public Regrouped Decide(StewardDecision decision, bool withdrawn = false)
    {
        decisions.RemoveAll(one => one.Id == decision.Id);
        foreach (string id in new[] { decision.Survivor, decision.Other })
        {
            live.Add(id);
        }

        if (!withdrawn)
        {
            decisions.Add(decision);
        }

        return Regroup();
    }

    /// <summary>Who has everybody's links.</summary>
    public string RootOf(string individual) => roots.GetValueOrDefault(individual, individual);

    /// <summary>Who has an individual's links now.</summary>
    public string PlaceOf(string individual) =>
        live.Contains(individual)
            ? placed.GetValueOrDefault(individual, individual)
            : RootOf(individual);

    /// <summary>Whether an individual's links are on their way.</summary>
    public bool IsMoving(string individual) =>
        live.Contains(individual) && PlaceOf(individual) != RootOf(individual);

    /// <summary>Notes where links are.</summary>
    public bool NotePlaced(string individual, string root)
    {
        placed[individual] = root;
        return true;
    }

    /// <summary>A claim with where its owner's links are.</summary>
    public Claim Placed(Claim claim) =>
        claim with
        {
            PlacedAt = PlaceOf(claim.Owner) is { } at && at != claim.Owner ? at : null,
            IsMoving = IsMoving(claim.Owner),
        };

    /// <summary>Whose links are on their way.</summary>
    public ImmutableArray<string> Moving() =>
        [.. live.Where(IsMoving).Order(StringComparer.Ordinal)];

    private Regrouped Regroup()
    {
        MergeGroups groups = MergeGraph.Of(
            bases.Values,
            statements,
            decisions,
            Limits.ContactsPerAnchorMax
        );
        foreach ((string id, string root) in groups.Roots)
        {
            roots[id] = root;
        }

        ImmutableArray<MergeConflict> fresh =
        [
            .. groups.Conflicts.Where(c => !conflicts.Contains(c)),
        ];
        conflicts = [.. groups.Conflicts];
        return new Regrouped(Moving(), fresh);
    }
}
