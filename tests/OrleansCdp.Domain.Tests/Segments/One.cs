using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Somebody who is followed from change to change.</summary>
internal sealed class One(SegmentSet segments)
{
    /// <summary>The moment at minute 0.</summary>
    public static readonly DateTimeOffset Start = Some.Noon.AddDays(1);

    private SegmentLedger ledger = new(segments);
    private AccountFacts account = AccountFacts.None;
    private UnifiedIndividual state = new() { Id = "ind_test" };
    private ImmutableArray<MembershipChange> found = [];
    private int said;

    public InsightSet Insights { get; set; } = Segmented.InsightsOf(segments);

    public Memberships Memberships { get; private set; } = Memberships.None;

    public DateTimeOffset? DueAt => ledger.DueAt;

    public bool IsBehind => ledger.IsBehind(Memberships);

    public MembershipChange Last => found[^1];

    public string[] Say(params Field[] traits) => Happen(Some.Traits(++said, traits));

    public string[] Happen(LinkEvent e)
    {
        long sequence = (state.Links.Find(e.Link)?.AppliedNormal ?? 0) + 1;
        state = state.Apply([e.At(sequence)], Insights).Next;
        return Follow(0, MembershipCause.Event);
    }

    /// <summary>The account says everything that it is asked.</summary>
    public string[] Tell(params (string Key, FieldValue Value)[] facts)
    {
        account = new AccountFacts
        {
            Account = "acc_test",
            Version = account.Version + 1,
            Values = [.. facts.Select(fact => new Field(fact.Key, fact.Value))],
        };
        return Follow(0, MembershipCause.Account);
    }

    /// <summary>It comes to an account that has told nothing.</summary>
    public string[] Join(string name = "acc_test")
    {
        account = new AccountFacts { Account = name };
        return Follow(0, MembershipCause.Event);
    }

    /// <summary>It leaves its account.</summary>
    public string[] Leave()
    {
        account = AccountFacts.None;
        return Follow(0, MembershipCause.Event);
    }

    /// <summary>Another activation, which knows what was known of the account, is told something else.</summary>
    public string[] ReloadedTold(params (string Key, FieldValue Value)[] facts)
    {
        ledger = new SegmentLedger(ledger.Set);
        AccountFacts knew = account;
        account = account with
        {
            Version = account.Version + 1,
            Values = [.. facts.Select(fact => new Field(fact.Key, fact.Value))],
        };
        return Follow(0, MembershipCause.Account, state.Links, knew);
    }

    public string[] Look(int minute = 0) => Follow(minute, MembershipCause.Time);

    /// <summary>Nothing was ever evaluated.</summary>
    public void Forget() => Memberships = Memberships.None;

    /// <summary>Another activation, which knows what the links were, takes an event.</summary>
    public string[] Reloaded(SegmentSet set, Field trait)
    {
        ledger = new SegmentLedger(set);
        LinkSet was = state.Links;
        state = state.Apply([Some.Traits(++said, trait).At(said)], Insights).Next;
        return Follow(0, MembershipCause.Event, was);
    }

    /// <summary>Another activation has it, with these segments or others.</summary>
    public void Reload(SegmentSet? others = null, string id = "") =>
        ledger = new SegmentLedger(others ?? ledger.Set, id);

    /// <summary>A version is tried on it.</summary>
    public void TryOut(SegmentTrial trial, string id, int minute = 0) =>
        trial.Look(id, SubjectOf(trial.Insights), account, Memberships, Start.AddMinutes(minute));

    private SegmentSubject SubjectOf(InsightSet computed)
    {
        InsightLedger insights = new(computed, SubjectKind.Individual);
        insights.Become(state.Links);
        return new SegmentSubject(state.Links, insights, account, ReconciliationPolicy.Default);
    }

    private string[] Follow(
        int minute,
        MembershipCause cause,
        LinkSet? was = null,
        AccountFacts? knew = null
    )
    {
        (Memberships, found) = ledger.Follow(
            Memberships,
            SubjectOf(Insights),
            Start.AddMinutes(minute),
            cause,
            was,
            knew
        );
        return
        [
            .. found.Select(one =>
                $"{(one.Entered ? '+' : '-')}{one.Segment} v{one.Version} {one.Cause}"
            ),
        ];
    }
}
