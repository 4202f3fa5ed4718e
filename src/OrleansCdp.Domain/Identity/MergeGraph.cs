using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>An individual as one anchor names it, before anything is merged.</summary>
/// <param name="Id">Its id, for ever.</param>
/// <param name="Rank">Rank of the anchor.</param>
/// <param name="Name">
/// The claim key of the anchor, e.g. <c>contactId:003A</c>: decides between equals. Empty where only the id is known.
/// </param>
[GenerateSerializer, Immutable, Alias("cdp.base-individual")]
public sealed record BaseIndividual(
    [property: Id(0)] string Id,
    [property: Id(1)] int Rank,
    [property: Id(2)] string Name
);

/// <summary>What a steward decided about two individuals.</summary>
/// <param name="Id">Number of the decision.</param>
/// <param name="Together">Whether they are one person; otherwise they are two.</param>
/// <param name="Survivor">Whose id stays, if they are one and neither has the stronger anchor.</param>
/// <param name="Other">The other one.</param>
public sealed record StewardDecision(long Id, bool Together, string Survivor, string Other);

/// <summary>Individuals that something says are the same and that stay apart.</summary>
/// <param name="First">One of them.</param>
/// <param name="Second">The other one.</param>
/// <param name="Reason">Why they stay apart, one of <see cref="MergeConflict"/>'s reasons.</param>
public sealed record MergeConflict(string First, string Second, string Reason)
{
    /// <summary>Both are named by an anchor of the strongest kind; such merge by a steward's decision alone.</summary>
    public const string TwoContacts = "two_contacts";

    /// <summary>A steward decided that they are two.</summary>
    public const string KeptApart = "kept_apart";

    /// <summary>More individuals state the anchor than it may have: it identifies nobody any more.</summary>
    public const string SharedAnchor = "shared_anchor";

    /// <summary>
    /// The links of a merged or separated individual cannot be brought to where they belong, for a reason that is none of
    /// <see cref="OrleansCdp.Events.ReasonCodes"/>: whoever tried met an error. It is tried again.
    /// </summary>
    public const string MoveFailed = "move_failed";

    /// <summary>
    /// One link states more individuals than one may: it says of nobody any more that they are the same person.
    /// </summary>
    public const string SharedLink = "shared_link";

    /// <summary>Together with whoever is connected with them they would be more than can be decided about.</summary>
    public const string TooMany = "too_many_connected";
}

/// <summary>
/// Decides which base individuals are one person: a pure function of the set of what links state and of what stewards
/// decided, so that neither the order of arrival nor a merge taken back leaves a trace.
/// </summary>
/// <remarks>
/// A steward's decisions come first. Then anchors below the strongest kind that one link states are joined; then each
/// group joins the contact that proves one of its anchors, of several contacts the one with the lowest id: no two
/// contacts are joined by a rule. Whoever stays apart although a link says otherwise is a conflict.
/// </remarks>
public sealed class MergeGraph
{
    private readonly Dictionary<string, BaseIndividual> bases;
    private readonly Dictionary<string, List<BaseIndividual>> groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> groupOf = new(StringComparer.Ordinal);
    private readonly HashSet<MergeConflict> conflicts = [];
    private readonly HashSet<string> absorbed = new(StringComparer.Ordinal);
    private readonly ImmutableArray<StewardDecision> apart;

    private MergeGraph(
        IEnumerable<BaseIndividual> bases,
        IReadOnlyCollection<StewardDecision> decisions
    )
    {
        this.bases = bases.ToDictionary(one => one.Id, StringComparer.Ordinal);
        foreach (BaseIndividual one in this.bases.Values)
        {
            groups[one.Id] = [one];
            groupOf[one.Id] = one.Id;
        }

        apart = [.. decisions.Where(decision => !decision.Together)];
    }

    /// <summary>Decides.</summary>
    /// <param name="bases">The individuals; whoever any of them is connected with must be among them.</param>
    /// <param name="statements">For each link that states several: whom it states.</param>
    /// <param name="decisions">What stewards decided, in force.</param>
    /// <param name="sharers">Contacts that may prove one anchor; of an anchor with more nobody is proven.</param>
    /// <param name="stated">Individuals that one link may state; a link that states more proves nothing.</param>
    public static MergeGroups Of(
        IReadOnlyCollection<BaseIndividual> bases,
        IReadOnlyDictionary<LinkKey, ImmutableArray<string>> statements,
        IReadOnlyCollection<StewardDecision> decisions,
        int sharers,
        int stated = Limits.AnchorsPerLinkMax
    )
    {
        MergeGraph graph = new(bases, decisions);
        graph.JoinByStewards(decisions);
        graph.JoinByLinks(statements.Values.Where(of => of.Length <= stated), sharers);
        graph.NoteSharedLinks(statements.Values.Where(of => of.Length > stated));
        return graph.ToGroups();
    }

    /// <summary>
    /// The decisions that make an individual part of the one it is merged into: those that name it and join it with
    /// somebody who would be one person with that one also without it. Decisions that joined others to the individual
    /// are none of them, and those stay with it.
    /// </summary>
    /// <param name="bases">As for <see cref="Of"/>.</param>
    /// <param name="statements">As for <see cref="Of"/>.</param>
    /// <param name="decisions">As for <see cref="Of"/>.</param>
    /// <param name="sharers">As for <see cref="Of"/>.</param>
    /// <param name="individual">The merged individual.</param>
    /// <param name="root">Who has its links.</param>
    /// <returns>Their numbers, ascending; none when links alone make it so.</returns>
    public static ImmutableArray<long> TiesOf(
        IReadOnlyCollection<BaseIndividual> bases,
        IReadOnlyDictionary<LinkKey, ImmutableArray<string>> statements,
        IReadOnlyCollection<StewardDecision> decisions,
        int sharers,
        string individual,
        string root
    )
    {
        ILookup<bool, StewardDecision> naming = decisions.ToLookup(one =>
            one.Survivor == individual || one.Other == individual
        );
        MergeGroups without = Of(
            [.. bases.Where(one => one.Id != individual)],
            statements.ToDictionary(one => one.Key, one => one.Value.Remove(individual)),
            [.. naming[false]],
            sharers
        );
        return
        [
            .. naming[true]
                .Where(one => one.Together)
                .Where(one =>
                    without.Roots.TryGetValue(
                        one.Survivor == individual ? one.Other : one.Survivor,
                        out string? other
                    )
                    && other == without.Roots.GetValueOrDefault(root)
                )
                .Select(one => one.Id)
                .Order(),
        ];
    }

    private void JoinByStewards(IEnumerable<StewardDecision> decisions)
    {
        foreach (StewardDecision one in decisions.Where(one => one.Together).OrderBy(one => one.Id))
        {
            if (groupOf.ContainsKey(one.Survivor) && groupOf.ContainsKey(one.Other))
            {
                absorbed.Add(one.Other);
                Union(one.Survivor, one.Other);
            }
        }
    }

    private void JoinByLinks(IEnumerable<ImmutableArray<string>> statements, int sharers)
    {
        HashSet<(BaseIndividual Contact, BaseIndividual Other)> proofs = [];
        HashSet<(BaseIndividual, BaseIndividual)> equals = [];
        foreach (ImmutableArray<string> stated in statements)
        {
            BaseIndividual[] all = InOrder(stated);
            BaseIndividual[] contacts = [.. all.TakeWhile(one => one.Rank == 0)];
            foreach (BaseIndividual other in all.Skip(contacts.Length))
            {
                if (contacts.Length > 0)
                {
                    proofs.Add((contacts[0], other));
                }
                else if (other != all[0])
                {
                    equals.Add((all[0], other));
                }
            }

            foreach (BaseIndividual second in contacts.Skip(1))
            {
                Join(contacts[0], second); // A conflict, unless a steward joined them.
            }
        }

        HashSet<string> shared =
        [
            .. proofs
                .GroupBy(proof => proof.Other.Id)
                .Where(of => of.Count() > sharers)
                .Select(of => of.Key),
        ];
        foreach ((BaseIndividual first, BaseIndividual second) in Sorted(equals))
        {
            if (!IsShared(shared, first, second))
            {
                Join(first, second);
            }
        }

        foreach ((BaseIndividual contact, BaseIndividual other) in Sorted(proofs))
        {
            if (!IsShared(shared, contact, other))
            {
                Join(contact, other);
            }
        }
    }

    private void NoteSharedLinks(IEnumerable<ImmutableArray<string>> statements)
    {
        HashSet<(string, string)> noted = [.. conflicts.Select(c => (c.First, c.Second))];
        foreach (ImmutableArray<string> stated in statements)
        {
            BaseIndividual[] all = InOrder(stated);
            foreach (BaseIndividual other in all.Skip(1))
            {
                if (groupOf[all[0].Id] != groupOf[other.Id] && noted.Add((all[0].Id, other.Id)))
                {
                    conflicts.Add(new(all[0].Id, other.Id, MergeConflict.SharedLink));
                }
            }
        }
    }

    private BaseIndividual[] InOrder(ImmutableArray<string> stated) =>
        [.. stated.Select(id => bases[id]).Order(Comparer<BaseIndividual>.Create(Order))];

    private bool IsShared(HashSet<string> shared, BaseIndividual first, BaseIndividual second)
    {
        if (!shared.Contains(first.Id) && !shared.Contains(second.Id))
        {
            return false;
        }

        if (groupOf[first.Id] != groupOf[second.Id])
        {
            conflicts.Add(new(first.Id, second.Id, MergeConflict.SharedAnchor));
        }

        return true;
    }

    private void Join(BaseIndividual first, BaseIndividual second)
    {
        string one = groupOf[first.Id];
        string other = groupOf[second.Id];
        if (one == other)
        {
            return;
        }

        if (ContactOf(one) is not null && ContactOf(other) is not null)
        {
            conflicts.Add(new(first.Id, second.Id, MergeConflict.TwoContacts));
        }
        else if (apart.Any(kept => Divides(kept, one, other)))
        {
            conflicts.Add(new(first.Id, second.Id, MergeConflict.KeptApart));
        }
        else
        {
            Union(first.Id, second.Id);
        }
    }

    private bool Divides(StewardDecision kept, string one, string other) =>
        groupOf.TryGetValue(kept.Survivor, out string? first)
        && groupOf.TryGetValue(kept.Other, out string? second)
        && ((first == one && second == other) || (first == other && second == one));

    private BaseIndividual? ContactOf(string group) => groups[group].Find(one => one.Rank == 0);

    private void Union(string first, string second)
    {
        string into = groupOf[first];
        string from = groupOf[second];
        if (into == from)
        {
            return;
        }

        if (groups[into].Count < groups[from].Count)
        {
            (into, from) = (from, into);
        }

        groups[into].AddRange(groups[from]);
        foreach (BaseIndividual moved in groups[from])
        {
            groupOf[moved.Id] = into;
        }

        groups.Remove(from);
    }

    private MergeGroups ToGroups()
    {
        Dictionary<string, string> roots = new(StringComparer.Ordinal);
        foreach (List<BaseIndividual> group in groups.Values)
        {
            int strongest = group.Min(one => one.Rank);
            BaseIndividual root = group
                .Where(one => one.Rank == strongest)
                .OrderBy(one => absorbed.Contains(one.Id))
                .ThenBy(one => one, Comparer<BaseIndividual>.Create(Order))
                .First();
            foreach (BaseIndividual one in group)
            {
                roots[one.Id] = root.Id;
            }
        }

        // Of those that were joined in the end after all nobody has to hear.
        return new MergeGroups(roots, [.. conflicts.Where(c => roots[c.First] != roots[c.Second])]);
    }

    private static IEnumerable<(BaseIndividual, BaseIndividual)> Sorted(
        IEnumerable<(BaseIndividual First, BaseIndividual Second)> pairs
    ) =>
        pairs
            .OrderBy(pair => pair.First, Comparer<BaseIndividual>.Create(Order))
            .ThenBy(pair => pair.Second, Comparer<BaseIndividual>.Create(Order));

    private static int Order(BaseIndividual left, BaseIndividual right)
    {
        int order = left.Rank.CompareTo(right.Rank);
        order = order == 0 ? string.CompareOrdinal(left.Name, right.Name) : order;
        return order == 0 ? string.CompareOrdinal(left.Id, right.Id) : order;
    }
}

/// <summary>Who is one person.</summary>
/// <param name="Roots">For each base individual, the one that has everybody's links; itself if it is alone.</param>
/// <param name="Conflicts">Whom something says to be one and who are not.</param>
public sealed record MergeGroups(
    IReadOnlyDictionary<string, string> Roots,
    ImmutableArray<MergeConflict> Conflicts
);
