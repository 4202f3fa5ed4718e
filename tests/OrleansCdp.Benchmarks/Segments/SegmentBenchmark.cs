using BenchmarkDotNet.Attributes;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What events of a typical individual cost with few segments and with many: the next state, and who is where then.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class SegmentBenchmark
{
    /// <summary>Events of one life.</summary>
    public const int Events = 100;

    private (UnifiedIndividual State, DateTimeOffset Now)[] lived = [];
    private SequencedEvent next = new(0, null!);
    private SegmentSet set = SegmentSet.None;
    private InsightSet insights = InsightSet.None;
    private InsightLedger ledger = new(InsightSet.None, SubjectKind.Individual);
    private SegmentLedger segments = new(SegmentSet.None);
    private Memberships memberships = Memberships.None;

    /// <summary>What happens.</summary>
    [Params("page view", "product view", "order of 3 lines", "case opened or closed")]
    public string Event { get; set; } = "";

    /// <summary>How many segments there are.</summary>
    [Params(0, 20, 200)]
    public int Segments { get; set; }

    /// <summary>Makes the individual, and what becomes of it.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        set = SegmentMix.Of(Segments);
        insights = SegmentMix.InsightsOf(set);
        FoldSubject subject = new(insights);
        next = subject.Next(Event)[0];
        lived = subject.Live(Event, Events);
    }

    /// <summary>The next state, tallies for segments included.</summary>
    [Benchmark]
    public UnifiedIndividual Fold() => lived[0].State.Apply([next], insights).Next;

    /// <summary>Loads it: everything is evaluated once.</summary>
    [Benchmark]
    public int Load()
    {
        ledger = new InsightLedger(insights, SubjectKind.Individual);
        segments = new SegmentLedger(set, "ind_typical");
        memberships = Memberships.None;
        int entered = Follow(0);
        return Segments == 0 || entered > 0
            ? entered
            : throw new InvalidOperationException("The typical individual is in no segment.");
    }

    /// <summary>Loads it, and lives: what counts, and who is in which segment, from one state to the next.</summary>
    [Benchmark]
    public int Live()
    {
        int changes = Load();
        for (int i = 1; i < lived.Length; i++)
        {
            changes += Follow(i);
        }

        return changes;
    }

    private int Follow(int moment)
    {
        var (state, now) = lived[moment];
        ledger.Become(state.Links);
        SegmentSubject subject = new(
            state.Links,
            ledger,
            AccountFacts.None,
            ReconciliationPolicy.Default
        );
        var (after, changes) = segments.Follow(memberships, subject, now, MembershipCause.Event);
        memberships = after;
        return changes.Length;
    }
}
