using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Which identifiers decide who a record belongs to, strongest first.</summary>
public sealed record AnchorPolicy
{
    /// <summary>Rank of an individual that no anchor names, only its link.</summary>
    public const int Unanchored = 99;

    /// <summary>
    /// Rank of a link that was given to its individual because it matches: any anchor is stronger, and only that link
    /// leaves when one says so.
    /// </summary>
    public const int Matched = 98;

    /// <summary>In place of a rank: nothing new is to be decided, only what was promised is to be kept.</summary>
    public const int AsPromised = -1;

    /// <summary>Identifier types, strongest first. Only verified identifiers anchor.</summary>
    /// <value>Default: contactId, email, userId.</value>
    public ImmutableArray<string> Kinds { get; init; } =
    [IdentifierTypes.ContactId, IdentifierTypes.Email, IdentifierTypes.UserId];

    /// <summary>The rank of an identifier, or <see cref="Unanchored"/> when it is no anchor.</summary>
    public int RankOf(Identifier identifier)
    {
        int at = identifier.Verified ? Kinds.IndexOf(identifier.Type) : -1;
        return at < 0 ? Unanchored : at;
    }
}

/// <summary>
/// Decides which base individual a record belongs to. Only anchors are weighed; any other field is enrichment and
/// must not move people. Which base individuals are one person is decided by <see cref="MergeGraph"/>, from all
/// proofs together, so that the order in which they arrive does not matter and any of it can be taken back.
/// </summary>
/// <param name="policy">The anchors, strongest first.</param>
public sealed class Anchoring(AnchorPolicy policy)
{
    private readonly Comparison<Identifier> byRank = (left, right) => Order(policy, left, right);

    /// <summary>The claims a decision about this event needs to know.</summary>
    public IEnumerable<string> ClaimsOf(LinkEvent e)
    {
        yield return ClaimKeys.Of(e.Link);
        foreach (Identifier anchor in AnchorsOf(e))
        {
            yield return ClaimKeys.Of(anchor);
        }

        if (e.SameAs is { } other)
        {
            yield return ClaimKeys.Of(other);
        }
    }

    /// <summary>Decides about one event.</summary>
    /// <param name="e">The event.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="held">Who holds a claim; null for nobody.</param>
    /// <param name="isPooled">
    /// Whether the link waits as a record of its own while no anchor names it, instead of being an individual.
    /// </param>
    public AnchorDecision Decide(
        LinkEvent e,
        Stamp stamp,
        Func<string, Claim?> held,
        bool isPooled = false
    )
    {
        Identifier[] anchors = AnchorsOf(e);
        Draft draft = new();
        if (e.FollowsAnchor && anchors.Length > 1)
        {
            anchors = anchors[..1]; // What a link follows proves nothing about its bearer.
        }

        BaseIndividual[] bases = Array.ConvertAll(anchors, anchor => BaseOf(anchor, held, draft));
        Claim? owner = held(ClaimKeys.Of(e.Link));
        Claim target = TargetOf(e, stamp, owner, bases, isPooled);
        if (e.FollowsAnchor && owner is not null && IsOverruled(owner, target, bases, stamp))
        {
            draft.Overruled.Add(new(ClaimKeys.Of(e.Link), stamp));
        }

        if (owner is null)
        {
            draft.Claims.Add(new(ClaimKeys.Of(e.Link), target));
        }
        else if (owner.Owner != target.Owner)
        {
            // An individual that only its link names is that link: it goes as a whole. Others lose one link.
            draft.Moves.Add(
                new(owner.Owner, e.Link, target.Owner, target.Rank, target.Cause)
                {
                    Whole = IsItsLinks(owner) && owner.Cause.Rule != ClaimCause.SameAs,
                }
            );
        }

        // What a link follows names its own bearer, also when a later event has given the link to another already.
        Claim bearer = e.FollowsAnchor && bases.Length > 0 ? NamedBy(bases[0], e, stamp) : target;
        if (e.SameAs is { } other && !IsUnsure(bearer))
        {
            Claim same = bearer with
            {
                AnchoredAt = AnonymousLinks.WeightOf(e, bearer.Rank),
                Cause = new(ClaimCause.SameAs, e.EventId),
            };
            SettleSame(other, same, held, draft);
        }

        if (!e.FollowsAnchor)
        {
            Prove(e.Link, e.EventId, owner, bases, draft);
        }

        return new AnchorDecision
        {
            Target = target,
            Claims = [.. draft.Claims],
            Moves = [.. draft.Moves],
            Raised = draft.Raised,
            Proofs = [.. draft.Proofs],
            Overruled = [.. draft.Overruled],
            Other = e.SameAs is null || IsUnsure(bearer) ? null : bearer,
        };
    }

    /// <summary>A record of nobody, or of whom it merely matches, proves nothing of another link.</summary>
    private static bool IsUnsure(Claim bearer) =>
        bearer.Rank == AnchorPolicy.Matched || SubjectIds.IsRecord(bearer.Owner);

    /// <summary>Whether an individual is nothing but its links: nothing else names it.</summary>
    private static bool IsItsLinks(Claim owner) =>
        owner.Rank == AnchorPolicy.Unanchored
        && !owner.IsFixed
        && !SubjectIds.IsRecord(owner.Owner);

    private static Claim TargetOf(
        LinkEvent e,
        Stamp stamp,
        Claim? owner,
        BaseIndividual[] bases,
        bool isPooled
    )
    {
        if (bases.Length == 0)
        {
            return owner
                ?? new(
                    isPooled ? SubjectIds.RecordOf(e.Link) : SubjectIds.IndividualOf(e.Link),
                    AnchorPolicy.Unanchored,
                    default
                )
                {
                    Cause = new(ClaimCause.OwnLink, e.EventId),
                };
        }

        Claim named = NamedBy(bases[0], e, stamp);
        if (owner is null || owner.Cause.Rule == ClaimCause.SameAs)
        {
            return named;
        }

        if (e.FollowsAnchor && owner.KeptFrom.Contains(named.Owner))
        {
            return owner; // A steward said so.
        }

        if (!owner.IsAnchored)
        {
            // Merged by a steward it is moved by no rule; of what a link states that follows nobody see the proofs.
            bool stays = owner.IsFixedTo(e.Link) && (!e.FollowsAnchor || owner.IsTied);
            return stays ? owner : named;
        }

        // Equal: the event that decided, delivered again because its move was not finished. A link that follows nobody
        // stays with the first anchor that named it, except for one of the strongest kind: others are proofs.
        bool changes = e.FollowsAnchor
            ? stamp >= owner.AnchoredAt
            : named.Rank == 0 && owner.Rank > 0;
        return changes ? named : owner;
    }

    /// <summary>Whether a link that follows its anchor would go where this one names it, had no steward spoken.</summary>
    private static bool IsOverruled(
        Claim owner,
        Claim target,
        BaseIndividual[] bases,
        Stamp stamp
    ) =>
        bases.Length > 0
        && target.Owner == owner.Owner
        && bases[0].Id != owner.Owner
        && stamp >= owner.AnchoredAt;

    private static Claim NamedBy(BaseIndividual bearer, LinkEvent e, Stamp stamp) =>
        new(bearer.Id, bearer.Rank, stamp) { Cause = new(bearer.Name, e.EventId) };

    private static void SettleSame(
        LinkKey other,
        Claim target,
        Func<string, Claim?> held,
        Draft draft
    )
    {
        string link = ClaimKeys.Of(other);
        Claim? holder = held(link);
        if (holder is null)
        {
            draft.Claims.Add(new(link, target));
        }
        else if (
            holder.KeptFrom.Contains(target.Owner)
            || (holder.IsFixedTo(other) && holder.IsTied && holder.Owner != target.Owner)
        )
        {
            draft.Overruled.Add(new(link, target.AnchoredAt));
        }
        else if (
            holder.Owner == target.Owner
                ? holder.Cause.Rule == ClaimCause.SameAs
                : AnonymousLinks.Takes(other, holder, target)
        )
        {
            draft.Raised = new(link, target.AnchoredAt);
            if (holder.Owner != target.Owner && !draft.TakesFrom(holder.Owner))
            {
                draft.Moves.Add(
                    new(holder.Owner, other, target.Owner, target.Rank, target.Cause)
                    {
                        // Others may live with whom a steward decided about.
                        Whole = AnonymousLinks.IsItsOwn(other, holder) && !holder.IsFixed,
                    }
                );
            }
        }
    }

    /// <summary>
    /// What a link states proves that the bearers are one, and that its owner is, if an anchor of the link itself once
    /// named that one.
    /// </summary>
    private static void Prove(
        LinkKey link,
        string eventId,
        Claim? owner,
        BaseIndividual[] stated,
        Draft draft
    )
    {
        List<BaseIndividual> all = [.. stated];
        if (owner is { IsAnchored: true, Cause.IsOwnAnchor: true })
        {
            all.Add(new BaseIndividual(owner.Owner, owner.Rank, owner.Cause.Rule!));
        }
        else if (owner?.IsFixedTo(link) == true)
        {
            all.Add(new BaseIndividual(owner.Owner, owner.Rank, ClaimKeys.Of(link)));
        }

        ImmutableArray<BaseIndividual> distinct =
        [
            .. all.DistinctBy(one => one.Id)
                .OrderBy(one => one.Rank)
                .ThenBy(one => one.Id, StringComparer.Ordinal),
        ];
        if (stated.Length > 0 && distinct.Length > 1)
        {
            draft.Proofs.Add(new AnchorProof(link, eventId, distinct));
        }
    }

    private BaseIndividual BaseOf(Identifier anchor, Func<string, Claim?> held, Draft draft)
    {
        string claim = ClaimKeys.Of(anchor);
        if (held(claim) is { } holder)
        {
            return new BaseIndividual(holder.Owner, holder.Rank, claim);
        }

        Claim own = new(SubjectIds.IndividualOf(anchor), policy.RankOf(anchor), default);
        draft.Claims.Add(new(claim, own));
        return new BaseIndividual(own.Owner, own.Rank, claim);
    }

    /// <summary>The anchors an event states, strongest first.</summary>
    private Identifier[] AnchorsOf(LinkEvent e)
    {
        int count = 0;
        foreach (Identifier identifier in e.Identifiers)
        {
            count += policy.RankOf(identifier) < AnchorPolicy.Unanchored ? 1 : 0;
        }

        if (count == 0)
        {
            return [];
        }

        Identifier[] anchors = new Identifier[count];
        foreach (Identifier identifier in e.Identifiers)
        {
            if (policy.RankOf(identifier) < AnchorPolicy.Unanchored)
            {
                anchors[--count] = identifier;
            }
        }

        if (anchors.Length > 1)
        {
            Array.Sort(anchors, byRank);
        }

        return anchors;
    }

    private static int Order(AnchorPolicy policy, Identifier left, Identifier right)
    {
        int order = policy.RankOf(left).CompareTo(policy.RankOf(right));
        return order == 0 ? string.CompareOrdinal(left.Value, right.Value) : order;
    }

    private sealed class Draft
    {
        public List<KeyValuePair<string, Claim>> Claims { get; } = [];

        public List<LinkMove> Moves { get; } = [];

        public List<AnchorProof> Proofs { get; } = [];

        public List<KeyValuePair<string, Stamp>> Overruled { get; } = [];

        public KeyValuePair<string, Stamp>? Raised { get; set; }

        public bool TakesFrom(string individual) =>
            Moves.Exists(move => move.Whole && move.From == individual);
    }
}
