using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Governance;

/// <summary>A link as its events in the log make it, beginning with nothing.</summary>
/// <param name="subject">Individual or account.</param>
/// <param name="key">The link.</param>
/// <param name="insights">The insights that are computed; null for none.</param>
internal sealed class HeldLink(SubjectKind subject, LinkKey key, InsightSet? insights = null)
{
    private readonly List<EventCount> fates = [];
    private readonly HashSet<Lane> lanes = [];

    public SubjectKind Subject => subject;

    public LinkKey Key => key;

    public ulong Hash { get; } = Partitions.HashOf(key);

    /// <summary>The state so far.</summary>
    public Link State { get; private set; } = new() { Key = key };

    /// <summary>The account it belongs to by what the checkpoint has passed: what its account must know by now.</summary>
    public AccountRegister? Account { get; private set; }

    /// <summary>Last events below the checkpoint.</summary>
    public long Normal { get; private set; }

    /// <summary>The same, low lane.</summary>
    public long Low { get; private set; }

    /// <summary>Whether it belongs to whom its newest anchor names, and may bear those of others.</summary>
    public bool FollowsAnchor { get; private set; }

    /// <summary>Facts its events told about accounts, the newest of each name.</summary>
    public Dictionary<LinkKey, ImmutableArray<Register>> Told { get; } = [];

    /// <summary>What became of its events, by stream.</summary>
    public IReadOnlyList<EventCount> Fates => fates;

    /// <summary>Whether it has events in both lanes, which may have come in any order of each other.</summary>
    public bool IsInBothLanes => lanes.Count > 1;

    /// <summary>How much of the bound it takes.</summary>
    public int Weight { get; private set; } = 1;

    /// <summary>About how many bytes its insights know of it take.</summary>
    public long KnownBytes { get; private set; }

    /// <summary>Folds an event that a checkpoint has passed.</summary>
    /// <param name="e">The event.</param>
    /// <param name="counts">For which versions of insights it counts; null for all.</param>
    public void Fold(SequencedEvent e, Predicate<long>? counts = null)
    {
        LinkEvent said = e.Event;
        ImmutableArray<Accumulation> before = State.Insights;
        State = State.Fold(e, out EventOutcome outcome, insights);
        if (State.Insights != before)
        {
            State = counts is null ? State : State with { Insights = Counted(before, counts) };
            KnownBytes = State.Insights.Sum(BytesOf);
        }

        Account = State.Account;
        Normal = said.Lane == Lane.Normal ? e.Sequence : Normal;
        Low = said.Lane == Lane.Low ? e.Sequence : Low;
        FollowsAnchor |= said.FollowsAnchor;
        lanes.Add(said.Lane);
        Count(said, outcome);
        bool tells = subject == SubjectKind.Individual && outcome.Kind == OutcomeKind.Applied;
        if (tells && said is { Account: { } account, AccountTraits.IsEmpty: false })
        {
            bool changed = false;
            var known = Told.GetValueOrDefault(account, []);
            Told[account] = Registers.Join(
                known,
                said.AccountTraits,
                e.Stamp,
                said.EventId,
                ref changed
            );
            Weight += Told[account].Length - known.Length;
        }
    }

    /// <summary>Folds an event beyond the checkpoint that the link has met already.</summary>
    public void Follow(SequencedEvent e)
    {
        State = State.Fold(e, out _, insights);
        FollowsAnchor |= e.Event.FollowsAnchor;
    }

    /// <summary>What is known after an event that does not count for all: for those it is what was known before.</summary>
    private ImmutableArray<Accumulation> Counted(
        ImmutableArray<Accumulation> before,
        Predicate<long> counts
    ) =>
        [
            .. before
                .Where(known => !counts(known.Revision))
                .Concat(State.Insights.Where(known => counts(known.Revision)))
                .OrderBy(known => known.Revision),
        ];

    private static long BytesOf(Accumulation known)
    {
        const int each = 96; // An object of its own, and what refers to it.
        long bytes = each;
        foreach (Tally tally in known.Tallies)
        {
            bytes +=
                each
                + (2 * (tally.Part?.Length ?? 0))
                + tally.Beside switch
                {
                    null => 0,
                    DistinctCount count => each + (8 * count.Hashes.Length) + count.Ranks.Length,
                    LatestInstants latest => each + (8 * latest.Ticks.Length),
                    _ => each,
                };
        }

        return bytes;
    }

    private void Count(LinkEvent said, EventOutcome outcome)
    {
        if (outcome.Kind == OutcomeKind.Refused)
        {
            return; // The quarantine has it.
        }

        bool applied = outcome.Kind == OutcomeKind.Applied;
        EventCount fate = new(
            said.Stream,
            applied ? CountKind.Applied : CountKind.Suppressed,
            applied ? "" : outcome.Code!,
            1
        );
        int at = fates.FindIndex(known => known with { Count = 1 } == fate);
        if (at < 0)
        {
            fates.Add(fate);
        }
        else
        {
            fates[at] = fates[at] with { Count = fates[at].Count + 1 };
        }
    }
}
