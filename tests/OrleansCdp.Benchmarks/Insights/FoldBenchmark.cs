using BenchmarkDotNet.Attributes;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>One event of a typical individual: what it costs to fold it in, and to know what then counts.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class FoldBenchmark
{
    private readonly UnifiedIndividual[] successors = new UnifiedIndividual[2];
    private SequencedEvent[] next = [];
    private UnifiedIndividual state = new() { Id = "" };
    private InsightSet insights = InsightSet.None;
    private InsightLedger ledger = new(InsightSet.None, SubjectKind.Individual);
    private int turn;

    /// <summary>What happens.</summary>
    [Params("page view", "product view", "order of 3 lines", "case closed")]
    public string Event { get; set; } = "";

    /// <summary>Whether the shipped insights are computed.</summary>
    [Params(true, false)]
    public bool HasInsights { get; set; }

    /// <summary>Makes the individual.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        insights = HasInsights ? FoldSubject.Shipped : InsightSet.None;
        FoldSubject subject = new(insights);
        state = subject.State;
        next = subject.Next(Event);
        successors[0] = state.Apply([next[0]], insights).Next;
        successors[1] = state.Apply([next[1]], insights).Next;
        ledger = subject.Ledger();
        if (ReferenceEquals(successors[0], state))
        {
            throw new InvalidOperationException($"A {Event} changes nothing.");
        }
    }

    /// <summary>The next state, tallies of what is not kept included.</summary>
    [Benchmark]
    public UnifiedIndividual Fold() => state.Apply([next[0]], insights).Next;

    /// <summary>
    /// What counts, from one state to another that differs by such an event: it goes there and back between two that may follow.
    /// </summary>
    [Benchmark]
    public bool Follow() => ledger.Become(successors[++turn & 1].Links);
}

/// <summary>What it costs to say what all insights of a typical individual come to.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class ValuesBenchmark
{
    private readonly FoldSubject subject = new(FoldSubject.Shipped);
    private InsightLedger ledger = new(InsightSet.None, SubjectKind.Individual);

    /// <summary>Makes the individual.</summary>
    [GlobalSetup]
    public void SetUp() => ledger = subject.Ledger();

    /// <summary>All values at one moment.</summary>
    [Benchmark]
    public int Values() => ledger.Values(subject.Now).Count(value => value.Items > 0);
}
