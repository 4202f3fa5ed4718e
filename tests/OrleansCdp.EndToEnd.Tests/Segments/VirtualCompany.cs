using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// People and their accounts on a virtual clock: it goes from event to event, and stops between them at every moment that somebody's
/// segments name.
/// </summary>
/// <param name="set">The segments.</param>
/// <param name="insights">The insights.</param>
/// <param name="events">What happens, the earliest first.</param>
/// <param name="isForgetful">Whether activations of people come and go.</param>
internal sealed class VirtualCompany(
    SegmentSet set,
    InsightSet insights,
    IReadOnlyList<RealEvent> events,
    bool isForgetful
)
{
    private readonly Dictionary<string, VirtualPerson> people = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VirtualAccount> accounts = new(StringComparer.Ordinal);
    private readonly PriorityQueue<string, DateTimeOffset> dues = new();
    private readonly List<(DateTimeOffset At, bool ByTime)> firsts = [];

    /// <summary>How far the clock is.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>How many events have happened.</summary>
    public int Happened { get; private set; }

    /// <summary>How often somebody was looked at because of the time alone.</summary>
    public int Looks { get; private set; }

    /// <summary>Entries and exits of each segment.</summary>
    public SortedDictionary<string, Moves> Moves { get; } = new(StringComparer.Ordinal);

    /// <summary>When each segment was entered first, and first left by time alone; and whether it was time that did it.</summary>
    public IReadOnlyList<(DateTimeOffset At, bool ByTime)> Firsts => firsts;

    /// <summary>The next moment that any person's segments name; null for none.</summary>
    public DateTimeOffset? NextDueAt
    {
        get
        {
            while (dues.TryPeek(out string? id, out DateTimeOffset at))
            {
                if (DueOf(id) == at)
                {
                    return at;
                }

                dues.Dequeue(); // It has another by now.
            }

            return null;
        }
    }

    /// <summary>Who is in which segment.</summary>
    public ILookup<string, string> Members() =>
        people
            .Values.SelectMany(person => person.Members)
            .ToLookup(one => one.Segment, one => one.Member, StringComparer.Ordinal);

    /// <summary>Lets the time pass up to a moment, with all that happens and is due at it.</summary>
    public void PassTo(DateTimeOffset moment)
    {
        while (true)
        {
            DateTimeOffset? eventAt =
                Happened < events.Count ? events[Happened].Event.ReceivedAt : null;
            DateTimeOffset? dueAt = NextDueAt;
            if (dueAt <= moment && !(eventAt < dueAt))
            {
                Now = dueAt.Value;
                Wake(dues.Dequeue());
            }
            else if (eventAt <= moment)
            {
                Now = eventAt.Value;
                Happen(events[Happened++]);
            }
            else
            {
                Now = moment;
                return;
            }
        }
    }

    private DateTimeOffset? DueOf(string id) =>
        SubjectIds.IsAccount(id) ? accounts[id].DueAt : people[id].DueAt;

    private void Happen(RealEvent one)
    {
        if (SubjectIds.IsAccount(one.Holder))
        {
            AccountOf(one.Holder).Happen(one.Event);
            Tell(one.Holder);
            return;
        }

        VirtualPerson person = PersonOf(one.Holder);
        string? former = person.Account;
        Note(one.Holder, person.Happen(one.Event), byTime: false);
        if (former is not null && former != person.Account)
        {
            accounts[former].Leave(one.Holder);
            Tell(former);
        }

        if (person.Account is { } account && AccountOf(account).Hear(person, one.Holder, Now))
        {
            Tell(account);
        }
    }

    private void Wake(string id)
    {
        Looks++;
        if (SubjectIds.IsAccount(id))
        {
            Tell(id, byTime: true);
        }
        else
        {
            Note(id, people[id].Wake(Now), byTime: true);
        }
    }

    /// <summary>An account looks up what segments ask of it, and tells its people.</summary>
    private void Tell(string id, bool byTime = false)
    {
        VirtualAccount account = accounts[id];
        AccountFacts facts = account.Look(Now);
        foreach (string member in account.People)
        {
            Note(member, people[member].Hear(facts, Now), byTime);
        }

        Await(id, account.DueAt);
    }

    private void Note(string id, ImmutableArray<MembershipChange> changes, bool byTime)
    {
        foreach (MembershipChange change in changes)
        {
            string name = SegmentOrder.SegmentOf(change.Segment);
            Moves moves = Moves.GetValueOrDefault(name);
            if (change.Entered ? moves.Entries == 0 : byTime && moves.ExitsByTime == 0)
            {
                firsts.Add((Now, byTime));
            }

            Moves[name] = moves.With(change.Entered, byTime);
        }

        Await(id, people[id].DueAt);
    }

    private void Await(string id, DateTimeOffset? at)
    {
        if (at is { } due)
        {
            (due > Now).ShouldBeTrue($"{id} would be looked at for ever");
            dues.Enqueue(id, due);
        }
    }

    private VirtualPerson PersonOf(string id) =>
        people.TryGetValue(id, out VirtualPerson? known)
            ? known
            : people[id] = new VirtualPerson(id, set, insights, isForgetful);

    private VirtualAccount AccountOf(string id) =>
        accounts.TryGetValue(id, out VirtualAccount? known)
            ? known
            : accounts[id] = new VirtualAccount(id, set, insights);
}

/// <summary>Who came to a segment and who left it.</summary>
/// <param name="Entries">All who entered; of tiers each.</param>
/// <param name="EntriesByTime">Those of them with no event.</param>
/// <param name="Exits">All who left.</param>
/// <param name="ExitsByTime">Those of them with no event.</param>
internal readonly record struct Moves(int Entries, int EntriesByTime, int Exits, int ExitsByTime)
{
    /// <summary>With one more.</summary>
    public Moves With(bool entered, bool byTime) =>
        new(
            Entries + (entered ? 1 : 0),
            EntriesByTime + (entered && byTime ? 1 : 0),
            Exits + (entered ? 0 : 1),
            ExitsByTime + (!entered && byTime ? 1 : 0)
        );
}
