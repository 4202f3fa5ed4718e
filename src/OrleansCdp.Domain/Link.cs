using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>An identifier as a link's events stated it, and how lately.</summary>
/// <param name="Identifier">The identifier; verified if any statement was.</param>
/// <param name="Stamp">The newest event that vouched for it; if none did, the newest that stated it.</param>
[GenerateSerializer, Immutable, Alias("cdp.link-identifier")]
public sealed record LinkIdentifier(
    [property: Id(0)] Identifier Identifier,
    // Id 1 held the oldest statement: what a link forgets and hears again has no oldest one.
    [property: Id(2)] Stamp Stamp
)
{
    /// <summary>
    /// Whether this stays before another where both cannot: verified first, then stated last. A statement can only
    /// raise an identifier, so the best of all are the same in whatever order they arrive.
    /// </summary>
    public bool Outranks(LinkIdentifier other) =>
        Identifier.Verified == other.Identifier.Verified
            ? Stamp > other.Stamp
            : Identifier.Verified;
}

/// <summary>
/// One source's view of one subject: the pure fold of its events. An individual is the merge of its links, so
/// merging is moving a link and unmerging is moving it back.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.link")]
public sealed record Link
{
    /// <summary>The link's key.</summary>
    [Id(0)]
    public required LinkKey Key { get; init; }

    /// <summary>Last applied sequence of the normal lane: what comes again up to it changes nothing.</summary>
    [Id(1)]
    public long AppliedNormal { get; init; }

    /// <summary>Last applied sequence of the low lane.</summary>
    [Id(2)]
    public long AppliedLow { get; init; }

    /// <summary>Facts about the subject.</summary>
    [Id(3)]
    public ImmutableArray<Register> Traits { get; init; } = [];

    /// <summary>
    /// What names the subject, sorted by type and value; at most <see cref="Limits.IdentifiersMax"/>: the verified and
    /// the lately stated stay.
    /// </summary>
    [Id(4)]
    public ImmutableArray<LinkIdentifier> Identifiers { get; init; } = [];

    /// <summary>Records, one set per object, sorted by object.</summary>
    [Id(5)]
    public ImmutableArray<RecordSet> Records { get; init; } = [];

    /// <summary>What the subject did.</summary>
    [Id(6)]
    public EngagementState Engagement { get; init; } = EngagementState.None;

    /// <summary>The account the subject belongs to; null when no event spoke of one.</summary>
    [Id(7)]
    public AccountRegister? Account { get; init; }

    /// <summary>Receipt of the newest event folded in.</summary>
    [Id(8)]
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Earliest event by the source's clock.</summary>
    [Id(9)]
    public Stamp First { get; init; } = new(long.MaxValue, 0, 0);

    /// <summary>Whether any event of it was folded in.</summary>
    public bool HasBegun => First.At != long.MaxValue;

    /// <summary>
    /// How often the link changed its individual: tells a link that comes back from an old copy of it.
    /// </summary>
    [Id(10)]
    public int Moves { get; init; }

    /// <summary>Whether more identifiers were stated than are kept.</summary>
    [Id(11)]
    public bool IdentifiersLeftOut { get; init; }

    /// <summary>What insights know of what the subject did, sorted by revision.</summary>
    [Id(12)]
    public ImmutableArray<Accumulation> Insights
    {
        get => field.IsDefault ? [] : field; // In states of first versions.
        init;
    } = [];

    /// <summary>Folds one event in. An event folded before changes nothing.</summary>
    /// <param name="e">An event of this link; events of a lane come in sequence order.</param>
    /// <param name="outcome">What became of it. A refused event leaves the link as it was.</param>
    /// <param name="insights">The insights that are computed; null for none.</param>
    public Link Fold(SequencedEvent e, out EventOutcome outcome, InsightSet? insights = null)
    {
        LinkEvent said = e.Event;
        if (e.Sequence <= (said.Lane == Lane.Normal ? AppliedNormal : AppliedLow))
        {
            outcome = EventOutcome.Known;
            return this;
        }

        Stamp stamp = e.Stamp;
        bool changed = false;
        ImmutableArray<LinkIdentifier> identifiers = JoinIdentifiers(
            said.Identifiers,
            stamp,
            out bool leftOut
        );
        ImmutableArray<Register> traits = Registers.Join(
            Traits,
            said.Traits,
            stamp,
            said.EventId,
            ref changed
        );
        AccountRegister? account = JoinAccount(said.Account, stamp, ref changed);
        changed |= !AreTheSame(identifiers, Identifiers) || !said.AccountTraits.IsEmpty;
        ImmutableArray<RecordSet> records = Records;
        bool isDone = said.Kind == EventKind.Engagement;
        outcome = EventOutcome.Applied;
        if (traits.Length > Limits.TraitsMax)
        {
            outcome = EventOutcome.Refused(ReasonCodes.LimitExceeded);
        }
        else if (!isDone && said.RecordId is not null)
        {
            records = JoinRecord(e, insights, out outcome);
            outcome =
                changed && outcome.Kind != OutcomeKind.Refused ? EventOutcome.Applied : outcome;
        }
        else if (!isDone && !changed && HasBegun)
        {
            outcome = EventOutcome.Suppressed(ReasonCodes.NothingNew);
        }

        long normal = said.Lane == Lane.Normal ? e.Sequence : AppliedNormal;
        long low = said.Lane == Lane.Normal ? AppliedLow : e.Sequence;
        return outcome.Kind == OutcomeKind.Refused
            ? this with
            {
                AppliedNormal = normal,
                AppliedLow = low,
            }
            : this with
            {
                AppliedNormal = normal,
                AppliedLow = low,
                Identifiers = identifiers,
                IdentifiersLeftOut = IdentifiersLeftOut || leftOut,
                Traits = traits,
                Account = account,
                Records = records,
                Engagement = isDone ? Engagement.Count(e) : Engagement,
                Insights = isDone && insights is not null ? insights.Add(this, said) : Insights,
                ReceivedAt = said.ReceivedAt > ReceivedAt ? said.ReceivedAt : ReceivedAt,
                First = stamp < First ? stamp : First,
            };
    }

    /// <summary>The newest version of an insight that it knows of; 0 for none.</summary>
    public long NewestRevision
    {
        get
        {
            long newest = Insights.IsEmpty ? 0 : Insights[^1].Revision;
            foreach (RecordSet set in Records)
            {
                newest = set.Base.Insights.IsEmpty
                    ? newest
                    : Math.Max(newest, set.Base.Insights[^1].Revision);
            }

            return newest;
        }
    }

    /// <summary>The link as it would be if no insights were computed.</summary>
    public Link WithoutInsights() =>
        this with
        {
            Insights = [],
            Records =
            [
                .. Records.Select(set => set with { Base = set.Base with { Insights = [] } }),
            ],
        };

    /// <summary>The set of one object's records; null when there are none.</summary>
    public RecordSet? RecordsOf(string recordObject)
    {
        int at = IndexOfSet(recordObject);
        return at < 0 ? null : Records[at];
    }

    /// <summary>Whether another state of this link bears the same identifiers.</summary>
    public bool BearsTheSameAs(Link? other) =>
        other is not null && AreTheSame(Identifiers, other.Identifiers);

    private static bool AreTheSame(
        ImmutableArray<LinkIdentifier> left,
        ImmutableArray<LinkIdentifier> right
    )
    {
        if (left.Equals(right))
        {
            return true;
        }

        if (left.Length != right.Length)
        {
            return false;
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (left[i].Identifier != right[i].Identifier)
            {
                return false;
            }
        }

        return true;
    }

    private ImmutableArray<LinkIdentifier> JoinIdentifiers(
        ImmutableArray<Identifier> said,
        Stamp stamp,
        out bool leftOut
    )
    {
        ImmutableArray<LinkIdentifier> joined = Identifiers;
        LinkIdentifier[]? raised = null;
        foreach (Identifier identifier in said)
        {
            LinkIdentifier stated = new(identifier, stamp);
            int at = joined.IndexOf(
                identifier,
                static (known, key) => Order(known.Identifier, key)
            );
            if (at < 0)
            {
                joined = joined.Insert(~at, stated);
                raised = null;
            }
            else if (stated.Outranks(joined[at]))
            {
                // One copy for all that an event states anew: nearly every event states the same few again.
                raised ??= [.. joined];
                raised[at] = stated;
                joined = ImmutableCollectionsMarshal.AsImmutableArray(raised);
            }
        }

        leftOut = joined.Length > Limits.IdentifiersMax;
        while (joined.Length > Limits.IdentifiersMax)
        {
            joined = joined.RemoveAt(IndexOfLeast(joined));
        }

        return joined;
    }

    // Of equals, which one event stated, the first goes.
    private static int IndexOfLeast(ImmutableArray<LinkIdentifier> identifiers)
    {
        int least = 0;
        for (int i = 1; i < identifiers.Length; i++)
        {
            least = identifiers[least].Outranks(identifiers[i]) ? i : least;
        }

        return least;
    }

    private static int Order(Identifier left, Identifier right)
    {
        int order = string.CompareOrdinal(left.Type, right.Type);
        return order == 0 ? string.CompareOrdinal(left.Value, right.Value) : order;
    }

    private AccountRegister? JoinAccount(LinkKey? account, Stamp stamp, ref bool changed)
    {
        if (account is not { } stated)
        {
            return Account;
        }

        AccountRegister joined =
            Account?.Join(stated, stamp) ?? new AccountRegister { Account = stated, Stamp = stamp };
        changed |= joined.Account != Account?.Account;
        return joined;
    }

    private ImmutableArray<RecordSet> JoinRecord(
        SequencedEvent e,
        InsightSet? insights,
        out EventOutcome outcome
    )
    {
        int at = IndexOfSet(e.Event.Object);
        RecordSet set = at < 0 ? new RecordSet { Object = e.Event.Object } : Records[at];
        RecordSet joined = set.Join(e, out outcome, insights);
        return at < 0 ? Records.Insert(~at, joined) : Records.SetItem(at, joined);
    }

    private int IndexOfSet(string recordObject) =>
        Records.IndexOf(recordObject, static (set, key) => string.CompareOrdinal(set.Object, key));
}
