using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What is computed step by step is what somebody with the whole history before him would say.</summary>
public sealed class InsightOracleTests
{
    private static readonly ImmutableArray<Told> All =
    [
        .. OracleOfRecords.All,
        .. OracleOfDone.All,
    ];

    private static readonly InsightSet Insights = Computed.SetOf([
        .. All.Select(told => (told.Name, told.Text)),
    ]);

    private static readonly Gen<int> AnySeed = Gen.Int[0, int.MaxValue];

    [Fact]
    public void Values_are_those_of_a_recompute_however_events_arrive() =>
        Gen.Select(Histories.Any(80), AnySeed, AnySeed)
            .Sample(
                (history, seed, minutes) =>
                {
                    InsightLedger ledger = Followed(history, new Random(seed), out _);

                    // Things done are not kept, so nobody can ask what was known of them before.
                    Oracle.ShouldTell(
                        ledger,
                        history,
                        Histories.End.AddMinutes(minutes % 700_000),
                        All
                    );
                    Oracle.ShouldTell(
                        ledger,
                        history,
                        Some.Noon.AddMinutes(minutes % 1_200_000 - 600_000),
                        All.Where(told => told.IsOfRecords)
                    );
                },
                iter: 250 * Laws.Thoroughness
            );

    [Fact]
    public void A_ledger_that_followed_every_step_is_one_that_is_made_of_the_end() =>
        Gen.Select(Histories.Any(60), AnySeed)
            .Sample(
                (history, seed) =>
                {
                    InsightLedger followed = Followed(
                        history,
                        new Random(seed),
                        out UnifiedIndividual individual
                    );

                    InsightLedger made = Computed.LedgerOf(Insights, individual);
                    Computed
                        .Said(followed, Histories.End)
                        .ShouldBe(Computed.Said(made, Histories.End));
                    foreach (ActiveInsight insight in Insights.All)
                    {
                        followed
                            .Contributions(insight, Histories.End)
                            .ShouldBe(made.Contributions(insight, Histories.End));
                    }
                },
                iter: 100 * Laws.Thoroughness
            );

    [Fact]
    public void Values_are_the_same_in_whatever_order_links_and_lanes_interleave() =>
        Gen.Select(Histories.Any(60), AnySeed, AnySeed)
            .Sample(
                (history, seed, other) =>
                {
                    // Ties of the source's clock and revision are decided by arrival within a link.
                    LinkEvent[] tied = [.. history.Select(e => e with { Version = 0 })];
                    InsightLedger one = Followed(tied, new Random(seed), out _);
                    InsightLedger two = Followed(tied, new Random(other), out _);

                    ShouldBeAlike(one, two);
                },
                iter: 100 * Laws.Thoroughness
            );

    private static InsightLedger Followed(
        LinkEvent[] history,
        Random random,
        out UnifiedIndividual individual
    )
    {
        individual = new UnifiedIndividual { Id = "ind_test" };
        InsightLedger ledger = new(Insights, SubjectKind.Individual);
        foreach (SequencedEvent[] batch in Histories.Batches(Histories.Number(history), random))
        {
            individual = individual.Apply(batch, Insights).Next;
            ledger.Become(individual.Links);
        }

        return ledger;
    }

    private static void ShouldBeAlike(InsightLedger one, InsightLedger two)
    {
        foreach (var (left, right) in one.Values(Histories.End).Zip(two.Values(Histories.End)))
        {
            string name = left.Insight.Definition.Name;
            if (left.Insight.Definition.HalfLife is null)
            {
                Computed.Said(left).ShouldBe(Computed.Said(right), name);
            }
            else
            {
                Oracle
                    .IsAbout(
                        left.Value!.Value.AsNumber()!.Value,
                        right.Value!.Value.AsNumber()!.Value
                    )
                    .ShouldBeTrue(name);
            }
        }
    }
}
