using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>Folds states anew from the log, where it tells all of them.</summary>
internal sealed class LogReplay(
    ILogHistory log,
    IStateRepairs store,
    IMembershipStore memberships,
    LogShape shape,
    EventFates fates,
    IInsightSets insights
)
{
    /// <summary>Events read for one state; where there are more it is not rebuilt.</summary>
    public const int EventsMax = 5_000_000;

    /// <summary>The individual that the log's events make, or why it cannot be said.</summary>
    public async Task<(Rebuilt<UnifiedIndividual>? Made, string? WhyNot)> IndividualAsync(string id)
    {
        var links = await store.LinksOfAsync(id, CancellationToken.None);
        if (links is null)
        {
            return (null, "links came to it or left it, which the log does not tell");
        }

        if (links.Count is 0 or > Limits.LinksMax)
        {
            return (null, "the claims do not say which links it has");
        }

        if (links.Values.Any(since => since is null))
        {
            // Links that moved before claims had an age left no mark either.
            return (null, "a link was claimed before it was noted which links move");
        }

        Lanes lanes = new(await log.ExtentsAsync(CancellationToken.None));
        if (links.Any(link => !lanes.IsWhole(PartitionOf(link.Key), link.Value)))
        {
            return (null, "the log may no longer have all of its events");
        }

        Pass pass = new(links.Keys.ToHashSet(), SubjectKind.Individual);
        if (!await ReadAsync(lanes, pass))
        {
            return (null, TooMany);
        }

        UnifiedIndividual made = new()
        {
            Id = id,
            Links = pass.Links.Aggregate(LinkSet.Empty, (set, link) => set.With(link)),
            // What it entered and left is told already: it goes on from there.
            Memberships = await memberships.OfAsync(id, CancellationToken.None),
            CountedAt = [.. AccountsOf(pass.Links).Distinct().Order(StringComparer.Ordinal)],
        };
        return made.IsEmpty
            ? (null, "the log has no event of its links")
            : (new(made, pass.Fates), null);
    }

    /// <summary>All accounts that may have been told of it: it has forgotten which were.</summary>
    private static IEnumerable<string> AccountsOf(IEnumerable<Link> links) =>
        links
            .Select(link => link.Account)
            .OfType<AccountRegister>()
            .SelectMany(register =>
                register.Left.Select(left => left.Account).Prepend(register.Account)
            )
            .Select(SubjectIds.AccountOf);

    /// <summary>The account that the log's events make, or why it cannot be said.</summary>
    public async Task<(Rebuilt<Account>? Made, string? WhyNot)> AccountAsync(string id)
    {
        Lanes lanes = new(await log.ExtentsAsync(CancellationToken.None));
        if (!lanes.AreWhole)
        {
            // Its people are in every partition, and may have said so long ago.
            return (null, "the log no longer has every event, and any may be about it");
        }

        Mentions mentions = new(id);
        if (!await ReadAllAsync(lanes, mentions.Note))
        {
            return (null, TooMany);
        }

        if (mentions.People.Count >= Account.MembersMax)
        {
            return (null, "it has more people than it lists, and which came first is not told");
        }

        Pass own = new(mentions.Own, SubjectKind.Account);
        Pass people = new(mentions.People, SubjectKind.Individual, mentions.IsOf);
        if (!await ReadAsync(lanes, own) || !await ReadAsync(lanes, people))
        {
            return (null, TooMany);
        }

        var owners = await log.ClaimsAsync(
            [.. people.Links.Select(link => ClaimKeys.Of(link.Key))],
            CancellationToken.None
        );
        Account made = own.Links.Aggregate(
            new Account { Id = id },
            (account, link) => account with { Links = account.Links.With(link) }
        );
        foreach (SequencedEvent told in people.Told)
        {
            LinkEvent e = told.Event;
            made = made.Describe(e.Account!.Value, e.AccountTraits, told.Stamp, e.EventId);
        }

        foreach (Link link in people.Links)
        {
            if (
                link.Account is { } register
                && owners.TryGetValue(ClaimKeys.Of(link.Key), out HeldClaim? owner)
            )
            {
                bool belongs = mentions.IsOf(register.Account);
                made = made.Note(new Member(link.Key, owner.Owner, belongs, register.Stamp));
            }
        }

        return made.IsEmpty || made.FactsNotKept > 0
            ? (null, "the log does not tell which of its facts were kept")
            : (new(made, own.Fates), null);
    }

    private const string TooMany = "more events would have to be read than are for one state";

    private int PartitionOf(LinkKey link) => Partitions.Of(link, shape.PartitionCount);

    /// <summary>Reads the events of some links, in sequence order lane by lane, up to the head.</summary>
    /// <returns>False when there are too many.</returns>
    private async Task<bool> ReadAsync(Lanes lanes, Pass pass)
    {
        int read = 0;
        InsightSet computed = await insights.CurrentAsync();
        foreach (var partition in pass.Wanted.GroupBy(PartitionOf))
        {
            long[] subjects = [.. partition.Select(link => (long)Partitions.HashOf(link))];
            foreach (LaneExtent lane in lanes.Of(partition.Key))
            {
                for (long next = lane.First; next <= lane.Head; )
                {
                    LogRange range = new(lane.Lane, lane.Partition, next, lane.Head, subjects);
                    LogStretch stretch = await log.ReadAsync(range, CancellationToken.None);
                    pass.Fold(stretch, lane, fates, computed);
                    next = stretch.Next;
                    read += stretch.Events.Count;
                    if (read > EventsMax)
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    private async Task<bool> ReadAllAsync(Lanes lanes, Action<LinkEvent> take)
    {
        if (lanes.Events > EventsMax)
        {
            return false;
        }

        foreach (LaneExtent lane in lanes.All)
        {
            for (long next = lane.First; next <= lane.Head; )
            {
                LogRange range = new(lane.Lane, lane.Partition, next, lane.Head);
                LogStretch stretch = await log.ReadAsync(range, CancellationToken.None);
                foreach (SequencedEvent e in stretch.Events)
                {
                    take(e.Event);
                }

                next = stretch.Next;
            }
        }

        return true;
    }

    /// <summary>The log's lanes as they were at one instant.</summary>
    private sealed class Lanes(ImmutableArray<LaneExtent> all)
    {
        public ImmutableArray<LaneExtent> All => all;

        public bool AreWhole => all.All(lane => lane.First <= 1);

        public long Events => all.Sum(lane => lane.Head - lane.First + 1);

        public IEnumerable<LaneExtent> Of(int partition) =>
            all.Where(lane => lane.Partition == partition);

        public bool IsWhole(int partition, DateTimeOffset? claimed) =>
            Of(partition).All(lane => lane.IsWholeSince(claimed));
    }

    /// <summary>Who speaks of an account.</summary>
    private sealed class Mentions(string account)
    {
        public HashSet<LinkKey> Own { get; } = [];

        public HashSet<LinkKey> People { get; } = [];

        public bool IsOf(LinkKey link) => SubjectIds.AccountOf(link) == account;

        public void Note(LinkEvent e)
        {
            if (e.Subject == SubjectKind.Account)
            {
                if (!Own.Contains(e.Link) && IsOf(e.Link))
                {
                    Own.Add(e.Link);
                }
            }
            else if (e.Account is { } stated && IsOf(stated))
            {
                People.Add(e.Link);
            }
        }
    }

    /// <summary>Some links on their way through the log.</summary>
    private sealed class Pass(
        IReadOnlySet<LinkKey> wanted,
        SubjectKind subject,
        Func<LinkKey, bool>? isTold = null
    )
    {
        private readonly Dictionary<LinkKey, Link> links = [];
        private readonly ImmutableArray<EventFate>.Builder fated =
            ImmutableArray.CreateBuilder<EventFate>();

        public IReadOnlySet<LinkKey> Wanted => wanted;

        public IEnumerable<Link> Links => links.Values;

        /// <summary>What an account must be told of what was applied.</summary>
        public List<SequencedEvent> Told { get; } = [];

        public ImmutableArray<EventFate> Fates => fated.ToImmutable();

        public void Fold(LogStretch stretch, LaneExtent lane, EventFates fates, InsightSet insights)
        {
            foreach (SequencedEvent e in stretch.Events)
            {
                LinkEvent said = e.Event;
                bool isMet = !stretch.NotMet.Contains(e.Sequence);
                if (said.Subject != subject || !isMet || !wanted.Contains(said.Link))
                {
                    continue;
                }

                Link link = links.GetValueOrDefault(said.Link) ?? new Link { Key = said.Link };
                links[said.Link] = link.Fold(e, out EventOutcome outcome, insights);
                bool isFated = outcome.Kind is OutcomeKind.Suppressed or OutcomeKind.Refused;
                if (isFated && e.Sequence > lane.Checkpoint)
                {
                    fated.Add(fates.Of(e, outcome));
                }

                bool tells = outcome.Kind == OutcomeKind.Applied && !said.AccountTraits.IsEmpty;
                if (tells && said.Account is { } account && isTold?.Invoke(account) == true)
                {
                    Told.Add(e);
                }
            }
        }
    }
}
