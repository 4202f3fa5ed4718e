using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What <see cref="IMergeStore"/> keeps, in memory: always decided about as a whole.</summary>
public sealed class MergeBook
{
    private readonly Dictionary<string, BaseIndividual> bases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> roots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> placed = new(StringComparer.Ordinal);
    private readonly HashSet<string> live = new(StringComparer.Ordinal);
    private readonly HashSet<string> unsettled = new(StringComparer.Ordinal);
    private readonly Dictionary<LinkKey, ImmutableArray<string>> statements = [];
    private readonly List<StewardDecision> decisions = [];
    private readonly Dictionary<long, StewardDecision[]> overruled = [];
    private HashSet<MergeConflict> conflicts = [];
    private long lastDecision;

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

        foreach (BaseIndividual one in bearing)
        {
            if (live.Add(one.Id) && RootOf(one.Id) != one.Id)
            {
                unsettled.Add(one.Id);
            }
        }

        return Regroup();
    }

    /// <summary>A base individual that was concerned by anything.</summary>
    public BaseIndividual? Find(string individual) => bases.GetValueOrDefault(individual);

    /// <summary>A steward's decision that two are one, or two.</summary>
    public StewardOutcome Decide(BaseIndividual survivor, BaseIndividual other, bool together)
    {
        Prove([], [survivor, other]);
        if (together && RootOf(survivor.Id) == RootOf(other.Id))
        {
            return new StewardOutcome(StewardRefusals.AlreadyMerged);
        }

        if (!together && decisions.Find(kept => IsApart(kept, survivor, other)) is { } known)
        {
            return OutcomeOf(survivor.Id, other.Id) with { Decision = known.Id, IsKnown = true };
        }

        string one = RootOf(survivor.Id);
        string two = RootOf(other.Id);
        StewardDecision[] against =
        [
            .. decisions.Where(kept => together && !kept.Together && Divides(kept, one, two)),
        ];
        decisions.RemoveAll(against.Contains);
        decisions.Add(new StewardDecision(++lastDecision, together, survivor.Id, other.Id));
        overruled[lastDecision] = against;
        return OutcomeOf(survivor.Id, other.Id) with
        {
            Decision = lastDecision,
            Withdrawn = [.. against.Select(kept => kept.Id)],
        };
    }

    /// <summary>Takes back what made an individual part of another one.</summary>
    public StewardOutcome Separate(string individual)
    {
        string former = RootOf(individual);
        if (former == individual)
        {
            return new StewardOutcome(StewardRefusals.NotMerged);
        }

        ImmutableArray<long> decided = MergeGraph.TiesOf(
            bases.Values,
            statements,
            decisions,
            Limits.ContactsPerAnchorMax,
            individual,
            former
        );
        ImmutableArray<long> restored = TakeBack(decided);
        long? decision = null;
        if (decided.IsEmpty)
        {
            decision = ++lastDecision;
            decisions.Add(new StewardDecision(lastDecision, false, former, individual));
        }

        return OutcomeOf(former, individual) with
        {
            Decision = decision,
            Withdrawn = decided,
            Restored = restored,
            FormerRoot = former,
        };
    }

    /// <summary>Withdraws a decision.</summary>
    public StewardOutcome Withdraw(long decision)
    {
        if (decisions.Find(one => one.Id == decision) is not { } found)
        {
            return new StewardOutcome(StewardRefusals.NotMerged);
        }

        string former = RootOf(found.Survivor);
        ImmutableArray<long> restored = TakeBack([decision]);
        return OutcomeOf(found.Survivor, found.Other) with
        {
            Withdrawn = [decision],
            Restored = restored,
            FormerRoot = former,
        };
    }

    private ImmutableArray<long> TakeBack(ImmutableArray<long> taken)
    {
        decisions.RemoveAll(one => taken.Contains(one.Id));
        StewardDecision[] again = [.. taken.SelectMany(id => overruled.GetValueOrDefault(id, []))];
        decisions.AddRange(again);
        return [.. again.Select(one => one.Id)];
    }

    private static bool IsApart(
        StewardDecision kept,
        BaseIndividual survivor,
        BaseIndividual other
    ) =>
        !kept.Together
        && (
            (kept.Survivor == survivor.Id && kept.Other == other.Id)
            || (kept.Survivor == other.Id && kept.Other == survivor.Id)
        );

    private bool Divides(StewardDecision kept, string one, string two) =>
        (RootOf(kept.Survivor) == one && RootOf(kept.Other) == two)
        || (RootOf(kept.Survivor) == two && RootOf(kept.Other) == one);

    private StewardOutcome OutcomeOf(string one, string other)
    {
        Regrouped regrouped = Regroup();
        return new StewardOutcome
        {
            Root = RootOf(one),
            OtherRoot = RootOf(other),
            Regrouped = regrouped,
        };
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
        live.Contains(individual) && unsettled.Contains(individual);

    /// <summary>Notes where links are.</summary>
    public bool NotePlaced(string individual, string root)
    {
        placed[individual] = root;
        if (RootOf(individual) == root)
        {
            unsettled.Remove(individual);
        }

        return true;
    }

    /// <summary>A claim with where its owner's links are.</summary>
    public Claim Placed(string key, Claim claim) =>
        claim with
        {
            PlacedAt = PlaceOf(claim.Owner) is { } at && at != claim.Owner ? at : null,
            IsMoving = IsMoving(claim.Owner),
            IsFixed = IsWeak(claim) && (IsProven(claim.Owner) || DecisionsOf(claim.Owner).Any()),
            IsTied = IsWeak(claim) && DecisionsOf(claim.Owner).Any(one => one.Together),
            IsProven = IsWeak(claim) && IsProven(claim.Owner),
            KeptFrom = ClaimKeys.LinkOf(key) is { } link ? [.. KeptFrom(link)] : [],
        };

    private bool IsWeak(Claim claim) =>
        claim.Rank >= AnchorPolicy.Matched && bases.ContainsKey(claim.Owner);

    private bool IsProven(string individual) =>
        statements.Values.Any(stated => stated.Contains(individual));

    private IEnumerable<StewardDecision> DecisionsOf(string individual) =>
        decisions.Where(one => one.Survivor == individual || one.Other == individual);

    private IEnumerable<string> KeptFrom(LinkKey link) =>
        decisions
            .Where(one => !one.Together)
            .SelectMany(one =>
                SubjectIds.IsNamedBy(one.Survivor, link) ? [one.Other]
                : SubjectIds.IsNamedBy(one.Other, link) ? [one.Survivor]
                : Array.Empty<string>()
            )
            .SelectMany(kept => roots.Keys.Where(id => RootOf(id) == RootOf(kept)))
            .Distinct();

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
        List<RootChange> changed = [];
        foreach ((string id, string root) in groups.Roots)
        {
            if (roots[id] != root)
            {
                if (live.Contains(id))
                {
                    changed.Add(new RootChange(id, roots[id], root));
                }

                roots[id] = root;
                unsettled.Add(id);
            }
        }

        ImmutableArray<MergeConflict> fresh =
        [
            .. groups.Conflicts.Where(c => !conflicts.Contains(c)),
        ];
        conflicts = [.. groups.Conflicts];
        return new Regrouped(Moving(), fresh) { Changed = [.. changed] };
    }
}
