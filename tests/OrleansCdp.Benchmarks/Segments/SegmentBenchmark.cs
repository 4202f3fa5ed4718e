using BenchmarkDotNet.Attributes;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>One event of a typical individual, with few segments and with many.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class SegmentBenchmark
{
    private readonly UnifiedIndividual[] successors = new UnifiedIndividual[2];
    private SequencedEvent[] next = [];
    private UnifiedIndividual state = new() { Id = "" };
    private InsightSet insights = InsightSet.None;
    private InsightLedger ledger = new(InsightSet.None, SubjectKind.Individual);
    private SegmentLedger segments = new(SegmentSet.None);
    private Memberships memberships = Memberships.None;
    private DateTimeOffset now;
    private int turn;

    /// <summary>What happens.</summary>
    [Params("page view", "product view", "order of 3 lines", "case closed")]
    public string Event { get; set; } = "";

    /// <summary>How many segments there are.</summary>
    [Params(0, 20, 200)]
    public int Segments { get; set; }

    /// <summary>Makes the individual, and evaluates it once.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        SegmentSet set = SegmentMix.Of(Segments);
        insights = SegmentMix.InsightsOf(set);
        FoldSubject subject = new(insights);
        state = subject.State;
        now = subject.Now;
        next = subject.Next(Event);
        successors[0] = state.Apply([next[0]], insights).Next;
        successors[1] = state.Apply([next[1]], insights).Next;
        ledger = subject.Ledger();
        segments = new SegmentLedger(set, state.Id);
        memberships = Memberships.None;
        Evaluate();
        if (Segments > 0 && memberships.Segments.IsEmpty)
        {
            throw new InvalidOperationException("The typical individual is in no segment.");
        }
    }

    /// <summary>The next state, tallies for segments included.</summary>
    [Benchmark]
    public UnifiedIndividual Fold() => state.Apply([next[0]], insights).Next;

    /// <summary>What counts, and who is in which segment, from one state to another that differs by such an event.</summary>
    [Benchmark]
    public int Evaluate()
    {
        LinkSet links = successors[++turn & 1].Links;
        ledger.Become(links);
        SegmentSubject subject = new(
            links,
            ledger,
            AccountFacts.None,
            ReconciliationPolicy.Default
        );
        var (after, changes) = segments.Follow(memberships, subject, now, MembershipCause.Event);
        memberships = after;
        return changes.Length;
    }
}
