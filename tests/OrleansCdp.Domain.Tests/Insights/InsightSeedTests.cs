using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>A version made later comes to know all that was done, once, whenever its silo learns of it.</summary>
public sealed class InsightSeedTests
{
    private const long Revision = 2;

    private static readonly InsightDefinition Pages = Computed.Definition(
        "source: Engagement\nmeasure: count\nby: name",
        "pages"
    );

    private static readonly ActiveInsight Made = new(
        Pages,
        Version: 2,
        Revision,
        IsServing: true,
        IsComplete: false
    );

    private static readonly InsightSet Making = new([Made], Revision);

    [Fact]
    public void What_was_done_before_and_after_comes_to_what_a_version_of_always_knows() =>
        Gen.Select(Gen.Int[0, 3].Array[1, 20], Gen.Int[0, 20], Gen.Int[0, 20])
            .Sample(
                (names, known, read) =>
                {
                    SequencedEvent[] log = [.. names.Select((name, i) => Visit(i + 1, name))];
                    int learns = Math.Min(known, log.Length);
                    UnifiedIndividual individual = Nobody
                        .Apply(log.AsSpan(0, learns))
                        .Next.Apply(log.AsSpan(learns), Making)
                        .Next;

                    // The reader of the log may have come to anywhere; it is told where it has to end.
                    InsightSeed seed = SeedOf(log, Math.Min(read, log.Length));
                    individual = individual.Seed(Made, seed, out SeedAnswer answer).Next;
                    if (answer.Outcome == SeedOutcome.OtherEnd)
                    {
                        seed = SeedOf(log, (int)answer.Normal);
                        individual = individual.Seed(Made, seed, out answer).Next;
                    }

                    answer.Outcome.ShouldBe(SeedOutcome.Taken);
                    UnifiedIndividual again = individual.Seed(Made, seed, out answer).Next;
                    answer.Outcome.ShouldBe(SeedOutcome.Taken);
                    again.ShouldBeSameAs(individual);
                    Said(individual).ShouldBe(Said(Nobody.Apply(log, Complete).Next));
                },
                iter: 300 * Laws.Thoroughness
            );

    [Fact]
    public void A_seed_that_ends_elsewhere_is_not_taken()
    {
        SequencedEvent[] log = [Visit(1, 1), Visit(2, 1), Visit(3, 1)];
        UnifiedIndividual individual = Nobody
            .Apply(log.AsSpan(0, 2))
            .Next.Apply(log.AsSpan(2), Making)
            .Next;

        UnifiedIndividual same = individual.Seed(Made, SeedOf(log, 3), out SeedAnswer answer).Next;

        answer.ShouldBe(new SeedAnswer(SeedOutcome.OtherEnd, Normal: 2, Low: 0));
        same.ShouldBeSameAs(individual);
    }

    [Fact]
    public void A_link_that_counted_nothing_yet_begins_where_it_is_asked()
    {
        SequencedEvent[] log = [Visit(1, 1), Visit(2, 1), Visit(3, 1)];
        UnifiedIndividual individual = Nobody.Apply(log).Next;

        individual = individual.Seed(Made, SeedOf(log, 1), out SeedAnswer answer).Next;

        answer.ShouldBe(new SeedAnswer(SeedOutcome.OtherEnd, Normal: 3, Low: 0));
        individual.Links.Links[0].Insights.ShouldHaveSingleItem().IsWhole.ShouldBeFalse();
    }

    [Fact]
    public void A_link_that_is_elsewhere_is_told_there()
    {
        SequencedEvent[] log = [Visit(1, 1)];
        UnifiedIndividual gone = Nobody with { RedirectTo = "ind_other" };

        gone.Seed(Made, SeedOf(log, 1), out SeedAnswer answer).Changed.ShouldBeFalse();

        answer.ShouldBe(new SeedAnswer(SeedOutcome.NotHere, Elsewhere: "ind_other"));
    }

    private static UnifiedIndividual Nobody { get; } = new() { Id = "ind_a" };

    private static InsightSet Complete { get; } = new([Made with { IsComplete = true }], Revision);

    private static string[] Said(UnifiedIndividual individual) =>
        Computed.Said(Computed.LedgerOf(Complete, individual));

    private static InsightSeed SeedOf(SequencedEvent[] log, int end)
    {
        Link read = new() { Key = Some.Customer };
        foreach (SequencedEvent e in log[..end])
        {
            read = read.Fold(e, out _, Making);
        }

        return new InsightSeed(
            Some.Customer,
            SubjectKind.Individual,
            read.Insights.FirstOrDefault()
                ?? new Accumulation { Revision = Revision, IsWhole = true },
            end,
            UpToLow: 0
        );
    }

    private static SequencedEvent Visit(int sequence, int name) =>
        Some.Event(
                EventKind.Engagement,
                "Engagement",
                minute: sequence,
                fields: "name".Is($"page {name}")
            )
            .At(sequence);
}
