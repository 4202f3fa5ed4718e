using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What a partition remembers of a link: its individual, and which statements led there.</summary>
internal sealed class KnownLink(Destination place)
{
    /// <summary>Statements of a kind remembered, and as many as one event may make.</summary>
    internal const int StatementsMax = 32;

    /// <summary>
    /// Hash of nothing, said of a record that would be compared: once is enough for it to be known, whatever it says else.
    /// </summary>
    internal const ulong NothingToCompare = ulong.MaxValue;

    private HashSet<Identifier>? identifiers;
    private Dictionary<LinkKey, DateTimeOffset>? sameAs;
    private HashSet<ulong>? compared;
    private string? comparedAs;

    /// <summary>Where its events go.</summary>
    public Destination Place { get; private set; } = place;

    /// <summary>Whether anchors say so; null where the claim was not read.</summary>
    public bool? IsAnchored { get; set; }

    /// <summary>
    /// Notes whose the link is. What was settled for another individual is not settled for this one: it is decided
    /// about again, as it is where nothing is remembered.
    /// </summary>
    public void BelongTo(Destination place)
    {
        if (place.Owner != Place.Owner)
        {
            IsAnchored = null;
            identifiers = null;
            sameAs = null;
        }

        Place = place with { IsSentByOwner = false };
    }

    /// <summary>Whether this was compared with what others say, for the same individual.</summary>
    /// <param name="said">Hash of what is said; 0 for nothing.</param>
    /// <param name="individual">The individual it is said of; null for nobody.</param>
    public bool WasCompared(ulong said, string? individual) =>
        (
            said == 0
            || compared?.Contains(said) == true
            || (said == NothingToCompare && (IsAnchored == true || compared is not null))
        ) && (individual is null || individual == comparedAs);

    /// <summary>Remembers that this was compared; forgets everything else when that becomes too much.</summary>
    public void NoteCompared(ulong said, string? individual)
    {
        comparedAs = individual ?? comparedAs;
        if (compared?.Count >= StatementsMax)
        {
            compared.Clear();
        }

        if (said != 0)
        {
            (compared ??= []).Add(said);
        }
    }

    /// <summary>Whether an event says nothing about identity that was not settled before.</summary>
    public bool Covers(LinkEvent e)
    {
        if (e.FollowsAnchor && !e.Identifiers.IsEmpty)
        {
            return false; // Its newest anchor decides, and how new it is must be kept.
        }

        foreach (Identifier identifier in e.Identifiers)
        {
            if (identifier.Verified && identifiers?.Contains(identifier) != true)
            {
                return false;
            }
        }

        return e.SameAs is not { } other
            || (
                sameAs is not null
                && sameAs.TryGetValue(other, out DateTimeOffset known)
                && !AnonymousLinks.Adds(e.Anonymous, known, e.OccurredAt)
            );
    }

    /// <summary>Remembers what an event said; forgets everything else when that becomes too much.</summary>
    public void Learn(LinkEvent e)
    {
        Add(e);
        if (identifiers?.Count > StatementsMax || sameAs?.Count > StatementsMax)
        {
            identifiers = null;
            sameAs = null;
            Add(e);
        }
    }

    private void Add(LinkEvent e)
    {
        foreach (Identifier identifier in e.Identifiers)
        {
            if (identifier.Verified)
            {
                (identifiers ??= []).Add(identifier);
            }
        }

        if (e.SameAs is { } other)
        {
            sameAs ??= [];
            if (
                !sameAs.TryGetValue(other, out DateTimeOffset known)
                || AnonymousLinks.Adds(e.Anonymous, known, e.OccurredAt)
            )
            {
                sameAs[other] = e.OccurredAt;
            }
        }
    }
}

/// <summary>Where the events of a link go.</summary>
/// <param name="Owner">The base individual of the link.</param>
/// <param name="At">Who has its links: itself, or whom it is merged into.</param>
internal readonly record struct Destination(string Owner, string At)
{
    /// <summary>Whether that was decided some time ago: the link may have gone elsewhere since.</summary>
    public bool IsRemembered { get; init; }

    /// <summary>Whether the owner said so, when it was asked.</summary>
    public bool IsSentByOwner { get; init; }

    /// <summary>Where a claim says.</summary>
    public static Destination Of(Claim claim) => new(claim.Owner, claim.PlacedAt ?? claim.Owner);
}

/// <summary>Claims as one chunk sees them: as read, then changed by its own decisions.</summary>
internal sealed class ClaimBook(IReadOnlyDictionary<string, Claim> read)
{
    private readonly Dictionary<string, Claim> claims = new(read, StringComparer.Ordinal);
    private readonly Dictionary<string, Claim> stored = new(read, StringComparer.Ordinal);
    private Dictionary<string, Claim>? owners;

    /// <summary>Who holds a claim; null for nobody.</summary>
    public Claim? HolderOf(string claim) => claims.GetValueOrDefault(claim);

    /// <summary>The claim on a link that a decision was made about.</summary>
    public Claim ClaimOf(LinkKey link) => claims[ClaimKeys.Of(link)];

    /// <summary>The claim on a link before any decision of this chunk; null for none.</summary>
    public Claim? FormerClaimOf(LinkKey link) => read.GetValueOrDefault(ClaimKeys.Of(link));

    /// <summary>
    /// Whether matching may be moving the link of a claim: when that was read it was held because it matches, or by nobody.
    /// </summary>
    public bool IsMatched(string claim) =>
        read.TryGetValue(claim, out Claim? held)
        && (held.Rank == AnchorPolicy.Matched || SubjectIds.IsRecord(held.Owner));

    /// <summary>Owners of claims whose links are on their way.</summary>
    public IEnumerable<string> Moving() =>
        read.Values.Where(claim => claim.IsMoving).Select(claim => claim.Owner);

    /// <summary>The claims, as read, that must go where a move's links go.</summary>
    public IEnumerable<string> ReadOf(LinkMove move) =>
        move.Whole
            ? read.Where(claim => claim.Value.Owner == move.From).Select(claim => claim.Key)
            : [ClaimKeys.Of(move.Link)];

    /// <summary>
    /// Why a claim is where a move brings it: only that of the link which moves is decided about, the others have gone along.
    /// </summary>
    public ClaimCause CauseOf(string claim, LinkMove move) =>
        claim == ClaimKeys.Of(move.Link) || !read.TryGetValue(claim, out Claim? held)
            ? move.Cause
            : held.Cause;

    /// <summary>
    /// How strongly a claim is held where a move brings it. One that merely matched and has gone along does so still.
    /// </summary>
    /// <param name="claim">The claim.</param>
    /// <param name="move">The move.</param>
    /// <param name="rank">Rank of the anchor that decided.</param>
    public int RankOf(string claim, LinkMove move, int rank) =>
        claim != ClaimKeys.Of(move.Link) && read.TryGetValue(claim, out Claim? held)
            ? held.RankAlong(rank)
            : rank;

    /// <summary>The claims that are stored for an individual, as far as this chunk has seen.</summary>
    public IEnumerable<KeyValuePair<string, Claim>> HeldBy(string individual) =>
        stored.Where(claim => claim.Value.Owner == individual);

    /// <summary>Notes what is stored of claims this chunk wanted: its own, or those of somebody who came first.</summary>
    public void NoteStored(IReadOnlyDictionary<string, Claim> held)
    {
        foreach (var claim in held)
        {
            stored[claim.Key] = claim.Value;
        }
    }

    /// <summary>A link's stored claim with the stamp of the anchor that decides now; null when it has it.</summary>
    public Claim? RestampedOf(string link) =>
        stored.TryGetValue(link, out Claim? before) && before.AnchoredAt < claims[link].AnchoredAt
            ? before with
            {
                AnchoredAt = claims[link].AnchoredAt,
            }
            : null;

    /// <summary>
    /// The rank of a link's owner where an anchor has confirmed whom it was only held to match; null elsewhere.
    /// </summary>
    public int? ConfirmedRankOf(string link) =>
        stored.TryGetValue(link, out Claim? before)
        && before.Rank == AnchorPolicy.Matched
        && claims[link] is { Rank: < AnchorPolicy.Matched } now
        && now.Owner == before.Owner
            ? now.Rank
            : null;

    /// <summary>Makes a decision visible to the next one.</summary>
    public void Apply(LinkKey link, AnchorDecision decision)
    {
        foreach (var claim in decision.Claims)
        {
            claims[claim.Key] = Known(claim.Value);
        }

        foreach (LinkMove move in decision.Moves)
        {
            string[] moved = move.Whole
                ? [.. claims.Keys.Where(key => claims[key].Owner == move.From)]
                : [ClaimKeys.Of(move.Link)];
            foreach (string claim in moved)
            {
                Claim held = claims[claim];
                bool isMoved = claim == ClaimKeys.Of(move.Link);
                int rank = isMoved ? move.ToRank : held.RankAlong(move.ToRank);
                claims[claim] = Known(
                    new Claim(move.To, rank, held.AnchoredAt)
                    {
                        Cause = isMoved ? move.Cause : held.Cause,
                        KeptFrom = held.KeptFrom,
                    }
                );
            }
        }

        if (decision.Raised is { } raised && claims[raised.Key].AnchoredAt < raised.Value)
        {
            claims[raised.Key] = claims[raised.Key] with { AnchoredAt = raised.Value };
        }

        claims[ClaimKeys.Of(link)] = Known(
            decision.Target with
            {
                KeptFrom = FormerClaimOf(link)?.KeptFrom ?? [],
            }
        );
    }

    /// <summary>A claim with what is known of its owner, as far as claims were read that say so.</summary>
    private Claim Known(Claim claim)
    {
        if (owners is null)
        {
            owners = new(StringComparer.Ordinal);
            foreach (Claim one in read.Values)
            {
                owners[one.Owner] = one;
            }
        }

        return owners.TryGetValue(claim.Owner, out Claim? known)
            ? claim with
            {
                PlacedAt = known.PlacedAt,
                IsFixed = known.IsFixed,
                IsTied = known.IsTied,
                IsProven = known.IsProven,
            }
            : claim;
    }
}
