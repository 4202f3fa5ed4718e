using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What people add to the insights of their account is what somebody with all their histories before him would say.</summary>
public sealed class PeopleLawTests
{
    private static readonly ImmutableArray<Told> All =
    [
        .. OracleOfRecords.All.Concat(OracleOfDone.All).Select(OfPeople).Where(IsKnownOfPeople),
    ];

    private static readonly InsightSet Insights = Computed.SetOf([
        .. All.Select(told => (told.Name, told.Text)),
    ]);

    private static readonly Gen<int> AnySeed = Gen.Int[0, int.MaxValue];

    [Fact]
    public void Most_definitions_hold_for_people_too() => All.Length.ShouldBeGreaterThan(30);

    [Fact]
    public void An_account_says_what_a_recompute_over_all_its_people_says() =>
        Gen.Select(Histories.Any(30).Array[1, 5], AnySeed, AnySeed)
            .Sample(
                (histories, seed, minutes) =>
                {
                    Random random = new(seed);
                    LinkEvent[][] people = [.. histories.Select(Of)];
                    PeopleSum[] shares =
                    [
                        .. people.SelectMany(person =>
                            InsightLedger.SharesOf(
                                Insights,
                                "ind_1",
                                Computed.Apply(Insights, person).Links,
                                // What is dated later than it is handed over counts later.
                                Histories.End.AddMinutes(-random.Next(1_000_000))
                            )
                        ),
                    ];

                    Oracle.ShouldTell(
                        LedgerOf(Grouped(shares, random)),
                        [.. people.SelectMany(person => person)],
                        Histories.End.AddMinutes(minutes % 700_000),
                        All
                    );
                },
                iter: 150 * Laws.Thoroughness
            );

    [Fact]
    public void Sums_are_the_same_however_people_are_grouped() =>
        Gen.Select(Histories.Any(30).Array[1, 5], AnySeed, AnySeed)
            .Sample(
                (histories, seed, other) =>
                {
                    PeopleSum[] shares =
                    [
                        .. histories
                            .Select(Of)
                            .SelectMany(person =>
                                InsightLedger.SharesOf(
                                    Insights,
                                    "ind_1",
                                    Computed.Apply(Insights, person).Links,
                                    Histories.End
                                )
                            ),
                    ];

                    foreach (
                        var (one, two) in LedgerOf(Grouped(shares, new Random(seed)))
                            .Values(Histories.End)
                            .Zip(LedgerOf(Grouped(shares, new Random(other))).Values(Histories.End))
                    )
                    {
                        one.People.ShouldBe(two.People);
                        if (one.Insight.Definition.HalfLife is null)
                        {
                            Computed.Said(one).ShouldBe(Computed.Said(two));
                        }
                    }
                },
                iter: 100 * Laws.Thoroughness
            );

    private static Told OfPeople(Told told) =>
        told with
        {
            Text = $"of: account\npeople: true\n{told.Text}",
        };

    // Of windows over records see PeopleTests: within one they are known by stretches, as things done are.
    private static bool IsKnownOfPeople(Told told) =>
        InsightDefinition.Compile(told.Name, told.Text, Histories.Declared).Insight is { } insight
        && (
            insight.Window is null
            || insight.Inputs.All(input => input.Source.Kind == ItemKind.Engagements)
        );

    /// <summary>Each person has links and records of their own.</summary>
    private static LinkEvent[] Of(LinkEvent[] history, int person) =>
        [
            .. history.Select(e =>
                e with
                {
                    Link = e.Link with { Id = $"{e.Link.Id}/{person}" },
                    RecordId = e.RecordId is null ? null : $"{e.RecordId}/{person}",
                    EventId = $"{e.EventId}/{person}",
                }
            ),
        ];

    private static InsightLedger LedgerOf(ImmutableArray<PeopleSum> sums) =>
        new(Insights, SubjectKind.Account) { People = new PeopleSums(sums, 0) };

    /// <summary>Some of them are added up before others.</summary>
    private static ImmutableArray<PeopleSum> Grouped(PeopleSum[] shares, Random random)
    {
        random.Shuffle(shares = [.. shares]);
        return
        [
            .. shares
                .GroupBy(share => share.Revision)
                .Select(same =>
                    Sum(
                        same.Key,
                        same.GroupBy(_ => random.Next(3)).Select(some => Sum(same.Key, some))
                    )
                ),
        ];
    }

    private static PeopleSum Sum(long revision, IEnumerable<PeopleSum> some)
    {
        PeopleSummation sum = new(Insights.Find(revision)!);
        foreach (PeopleSum one in some)
        {
            sum.Add(one);
        }

        return sum.ToSum(Histories.End);
    }
}
