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
                    individual = Seed(individual, seed, out SeedAnswer answer);
                    if (answer.Outcome == SeedOutcome.OtherEnd)
                    {
                        seed = SeedOf(log, (int)answer.Normal);
                        individual = Seed(individual, seed, out answer);
                    }

                    answer.Outcome.ShouldBe(SeedOutcome.Taken);
                    UnifiedIndividual again = Seed(individual, seed, out answer);
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

        UnifiedIndividual same = Seed(individual, SeedOf(log, 3), out SeedAnswer answer);

        answer.ShouldBe(new SeedAnswer(SeedOutcome.OtherEnd, Normal: 2, Low: 0));
        same.ShouldBeSameAs(individual);
    }

    [Fact]
    public void A_link_that_counted_nothing_yet_begins_where_it_is_asked()
    {
        SequencedEvent[] log = [Visit(1, 1), Visit(2, 1), Visit(3, 1)];
        UnifiedIndividual individual = Nobody.Apply(log).Next;

        individual = Seed(individual, SeedOf(log, 1), out SeedAnswer answer);

        answer.ShouldBe(new SeedAnswer(SeedOutcome.OtherEnd, Normal: 3, Low: 0));
        individual.Links.Links[0].Insights.ShouldHaveSingleItem().IsWhole.ShouldBeFalse();
    }

    [Fact]
    public void A_link_that_is_elsewhere_is_told_there()
    {
        SequencedEvent[] log = [Visit(1, 1)];
        UnifiedIndividual gone = Nobody with { RedirectTo = "ind_other" };

        Seed(gone, SeedOf(log, 1), out SeedAnswer answer).ShouldBeSameAs(gone);

        answer.ShouldBe(new SeedAnswer(SeedOutcome.NotHere, Elsewhere: "ind_other"));
    }

    [Fact]
    public void Several_versions_of_several_links_are_told_at_once_and_each_answers_for_itself()
    {
        ActiveInsight other = Made with { Revision = 3 };
        InsightSet both = new([Made, other], newest: 4);
        SequencedEvent[] log = [Visit(1, 1), Visit(2, 1), Visit(3, 1)];
        LinkKey elsewhere = Some.Customer with { Id = "elsewhere" };
        // The one version begins after the first event, the other after the second.
        UnifiedIndividual individual = Nobody
            .Apply(log.AsSpan(0, 1))
            .Next.Apply(log.AsSpan(1, 1), Making)
            .Next.Apply(log.AsSpan(2), both)
            .Next;
        InsightSeed seed = SeedOf(log, 1);
        InsightSeed[] seeds =
        [
            seed,
            seed with
            {
                Known = seed.Known with { Revision = 3 },
            },
            seed with
            {
                Known = seed.Known with { Revision = 4 },
            },
            seed with
            {
                Link = elsewhere,
            },
            seed with
            {
                Link = elsewhere,
                Known = seed.Known with { Revision = 4 },
            },
        ];

        var told = individual.Seed(both, seeds, out SeedAnswer[] answers);

        answers.ShouldBe([
            new SeedAnswer(SeedOutcome.Taken),
            new SeedAnswer(SeedOutcome.OtherEnd, Normal: 2),
            new SeedAnswer(SeedOutcome.Taken), // Nobody computes it any more.
            new SeedAnswer(SeedOutcome.NotHere),
            new SeedAnswer(SeedOutcome.Taken),
        ]);
        Link link = told.Next.Links.Links.ShouldHaveSingleItem();
        link.Insights.Select(known => (known.Revision, known.IsWhole))
            .ShouldBe([(2, true), (3, false)]);
    }

    [Fact]
    public void A_call_tells_so_much_and_no_more()
    {
        InsightSeed.DemandFew(Limits.SeedsMax);
        Should.Throw<ArgumentException>(() => InsightSeed.DemandFew(Limits.SeedsMax + 1));
    }

    private static UnifiedIndividual Seed(
        UnifiedIndividual individual,
        InsightSeed seed,
        out SeedAnswer answer
    )
    {
        var told = individual.Seed(Making, [seed], out SeedAnswer[] answers);
        told.Changed.ShouldBe(!ReferenceEquals(told.Next, individual));
        answer = answers.ShouldHaveSingleItem();
        return told.Next;
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
