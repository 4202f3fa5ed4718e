using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Who holds a claim, and how strongly.</summary>
/// <param name="Owner">The individual.</param>
/// <param name="Rank">
/// Rank of the owner's strongest anchor: 0 is the strongest, <see cref="AnchorPolicy.Unanchored"/> is none.
/// </param>
/// <param name="AnchoredAt">For a link that follows its anchor: the event that decided.</param>
[GenerateSerializer, Immutable, Alias("cdp.claim")]
public sealed record Claim(
    [property: Id(0)] string Owner,
    [property: Id(1)] int Rank,
    [property: Id(2)] Stamp AnchoredAt
);

/// <summary>Which identifiers decide who a record belongs to, strongest first.</summary>
public sealed record AnchorPolicy
{
    /// <summary>Rank of an individual that no anchor names.</summary>
    public const int Unanchored = 99;

    /// <summary>
    /// Rank of a link that was given to its individual because it matches: any anchor is stronger, and only that link
    /// leaves when one says so.
    /// </summary>
    public const int Matched = 98;

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

/// <summary>Keys under which claims are held.</summary>
public static class ClaimKeys
{
    /// <summary>The claim on a link.</summary>
    public static string Of(LinkKey link) => $"link:{link}";

    /// <summary>The claim on an anchor.</summary>
    public static string Of(Identifier anchor) => $"{anchor.Type}:{anchor.Value}";
}

/// <summary>Links that must change their individual before the event is applied.</summary>
/// <param name="From">Who has them.</param>
/// <param name="Link">The one link to move; null for all, which absorbs <paramref name="From"/> for ever.</param>
/// <param name="To">Who takes them.</param>
/// <param name="ToRank">Rank of the taker.</param>
public sealed record LinkMove(string From, LinkKey? Link, string To, int ToRank);

/// <summary>Two individuals with anchors of their own that one event says are the same.</summary>
/// <param name="Anchor">The claim both want.</param>
/// <param name="Holder">Who holds it and keeps it.</param>
/// <param name="Claimant">Who wants it.</param>
public sealed record AnchorClash(string Anchor, string Holder, string Claimant);

/// <summary>Who an event belongs to, and what must be true first.</summary>
public sealed record AnchorDecision
{
    /// <summary>The individual the event's link belongs to.</summary>
    public required Claim Target { get; init; }

    /// <summary>Claims nobody held.</summary>
    public ImmutableArray<KeyValuePair<string, Claim>> Claims { get; init; } = [];

    /// <summary>Moves, in order.</summary>
    public ImmutableArray<LinkMove> Moves { get; init; } = [];

    /// <summary>Contradictions for a steward. Nobody is merged by guesswork.</summary>
    public ImmutableArray<AnchorClash> Clashes { get; init; } = [];
}

/// <summary>
/// Decides who a record belongs to. Only anchors are weighed; any other field is enrichment and must not move
/// people.
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
        Claim? owner = held(ClaimKeys.Of(e.Link));
        Claim? named = anchors.Length == 0 ? null : NamedBy(anchors[0], held);
        Claim target = TargetOf(e, stamp, owner, named, isPooled);
        Draft draft = new(target);
        if (owner is null)
        {
            draft.Claims.Add(new(ClaimKeys.Of(e.Link), target));
        }
        else if (owner.Owner != target.Owner)
        {
            // An individual that only its link names is that link: it goes as a whole. Others lose one link.
            bool whole = owner.Rank == AnchorPolicy.Unanchored && !SubjectIds.IsRecord(owner.Owner);
            draft.Moves.Add(new(owner.Owner, whole ? null : e.Link, target.Owner, target.Rank));
        }

        // What a link follows names its own bearer, also when a later event has given the link to another already.
        Claim bearer = e.FollowsAnchor && named is not null ? named : target;
        foreach (Identifier anchor in e.FollowsAnchor ? anchors.Take(1) : anchors)
        {
            Settle(ClaimKeys.Of(anchor), bearer, held, draft);
        }

        if (e.SameAs is { } other && !IsUnsure(bearer))
        {
            SettleSame(other, bearer, held, draft);
        }

        return draft.ToDecision();
    }

    /// <summary>A record of nobody, or of whom it merely matches, proves nothing of another link.</summary>
    private static bool IsUnsure(Claim bearer) =>
        bearer.Rank == AnchorPolicy.Matched || SubjectIds.IsRecord(bearer.Owner);

    private static Claim TargetOf(
        LinkEvent e,
        Stamp stamp,
        Claim? owner,
        Claim? named,
        bool isPooled
    )
    {
        if (named is null)
        {
            return owner
                ?? new(
                    isPooled ? SubjectIds.RecordOf(e.Link) : SubjectIds.IndividualOf(e.Link),
                    AnchorPolicy.Unanchored,
                    default
                );
        }

        if (owner is null)
        {
            return named with { AnchoredAt = stamp };
        }

        // Equal: the event that decided, delivered again because its move was not finished.
        bool follows = e.FollowsAnchor && stamp >= owner.AnchoredAt;
        return follows || (!e.FollowsAnchor && named.Rank < owner.Rank)
            ? named with
            {
                AnchoredAt = stamp,
            }
            : owner;
    }

    private static void Settle(string anchor, Claim target, Func<string, Claim?> held, Draft draft)
    {
        Claim? holder = held(anchor);
        if (holder is null)
        {
            draft.Claims.Add(new(anchor, target with { AnchoredAt = default }));
        }
        else if (holder.Owner != target.Owner && !draft.Absorbs(holder.Owner))
        {
            if (holder.Rank > target.Rank)
            {
                draft.Moves.Add(new(holder.Owner, null, target.Owner, target.Rank));
            }
            else
            {
                draft.Clashes.Add(new(anchor, holder.Owner, target.Owner));
            }
        }
    }

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
            draft.Claims.Add(new(link, target with { AnchoredAt = default }));
        }
        else if (holder.Owner == target.Owner)
        {
            return;
        }
        else if (IsUnsure(holder))
        {
            draft.Moves.Add(new(holder.Owner, other, target.Owner, target.Rank));
        }
        else if (holder.Rank == AnchorPolicy.Unanchored)
        {
            // A visitor who signed in. One who is somebody already stays that (a shared device).
            if (!draft.Absorbs(holder.Owner))
            {
                draft.Moves.Add(new(holder.Owner, null, target.Owner, target.Rank));
            }
        }
    }

    private Claim NamedBy(Identifier anchor, Func<string, Claim?> held) =>
        held(ClaimKeys.Of(anchor))
        ?? new(SubjectIds.IndividualOf(anchor), policy.RankOf(anchor), default);

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

    private sealed class Draft(Claim target)
    {
        public List<KeyValuePair<string, Claim>> Claims { get; } = [];

        public List<LinkMove> Moves { get; } = [];

        public List<AnchorClash> Clashes { get; } = [];

        public bool Absorbs(string individual) =>
            Moves.Exists(move => move.Link is null && move.From == individual);

        public AnchorDecision ToDecision() =>
            new()
            {
                Target = target,
                Claims = [.. Claims],
                Moves = [.. Moves],
                Clashes = [.. Clashes],
            };
    }
}
