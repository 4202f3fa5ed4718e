using System.Collections.Immutable;
using CsCheck;

namespace OrleansCdp.Identity;

/// <summary>Who is one person is a function of the set of statements and decisions.</summary>
public sealed class MergeGraphLawTests
{
    private static readonly BaseIndividual[] Bases =
    [
        .. Enumerable.Range(0, 8).Select(i => new BaseIndividual($"ind_c{i}", 0, $"contactId:{i}")),
        .. Enumerable.Range(0, 4).Select(i => new BaseIndividual($"ind_e{i}", 1, $"email:{i}")),
        .. Enumerable.Range(0, 3).Select(i => new BaseIndividual($"ind_u{i}", 2, $"userId:{i}")),
    ];

    private static readonly Gen<string> AnyBase = Gen.Int[0, Bases.Length - 1]
        .Select(i => Bases[i].Id);

    private static readonly Gen<string[][]> Statements = AnyBase.Array[2, 3].Array[0, 24];

    private static readonly Gen<StewardDecision[]> Decisions = Gen.Select(
            Gen.Bool,
            AnyBase,
            AnyBase
        )
        .Array[0, 4]
        .Select(all => all.Select((d, i) => new StewardDecision(i, d.Item1, d.Item2, d.Item3)))
        .Select(all => all.Where(decision => decision.Survivor != decision.Other).ToArray());

    [Fact]
    public void No_order_of_statements_bases_or_decisions_makes_a_difference() =>
        Gen.Select(Statements, Decisions, Gen.Int)
            .Sample(
                (statements, decisions, seed) =>
                {
                    Random random = new(seed);
                    MergeGroups expected = Of(Bases, Numbered(statements), decisions);

                    MergeGroups actual = Of(
                        Shuffled(random, Bases),
                        Shuffled(random, Numbered(statements))
                            .Select(one => (one.Link, Shuffled(random, one.Stated))),
                        Shuffled(random, decisions)
                    );

                    actual.Roots.ShouldBe(expected.Roots, ignoreOrder: true);
                    actual.Conflicts.ShouldBe(expected.Conflicts, ignoreOrder: true);
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void No_rule_joins_two_contacts() =>
        Gen.Select(Statements, Decisions)
            .Sample(
                (statements, decisions) =>
                {
                    StewardDecision[] apart = [.. decisions.Where(one => !one.Together)];

                    MergeGroups groups = Of(Bases, Numbered(statements), apart);

                    groups
                        .Roots.Where(one => Find(one.Key).Rank == 0)
                        .ShouldAllBe(one => one.Key == one.Value);
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void No_rule_joins_whom_a_steward_keeps_apart_nor_parts_whom_one_joined() =>
        Gen.Select(Statements, Decisions)
            .Sample(
                (statements, decisions) =>
                {
                    MergeGroups byStewards = Of(Bases, [], decisions);

                    MergeGroups groups = Of(Bases, Numbered(statements), decisions);

                    foreach (StewardDecision one in decisions)
                    {
                        bool isOne =
                            one.Together
                            || byStewards.Roots[one.Survivor] == byStewards.Roots[one.Other];
                        (groups.Roots[one.Survivor] == groups.Roots[one.Other]).ShouldBe(isOne);
                    }
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void Whoever_is_stated_together_is_one_or_in_conflict_and_nobody_is_both() =>
        Gen.Select(Statements, Decisions)
            .Sample(
                (statements, decisions) =>
                {
                    MergeGroups groups = Of(Bases, Numbered(statements), decisions);

                    groups.Conflicts.ShouldAllBe(c =>
                        groups.Roots[c.First] != groups.Roots[c.Second]
                    );
                    foreach (string[] stated in statements)
                    {
                        BaseIndividual[] all = [.. stated.Distinct().Select(Find).Order(ByRank)];
                        all.ShouldAllBe(other =>
                            groups.Roots[all[0].Id] == groups.Roots[other.Id]
                            || groups.Conflicts.Any(c =>
                                c.First == all[0].Id && c.Second == other.Id
                            )
                        );
                    }
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void The_root_of_a_group_is_in_it_and_has_the_strongest_anchor() =>
        Gen.Select(Statements, Decisions)
            .Sample(
                (statements, decisions) =>
                {
                    MergeGroups groups = Of(Bases, Numbered(statements), decisions);

                    foreach ((string id, string root) in groups.Roots)
                    {
                        groups.Roots[root].ShouldBe(root);
                        Find(root).Rank.ShouldBeLessThanOrEqualTo(Find(id).Rank);
                    }
                },
                iter: 2_000 * Laws.Thoroughness
            );

    private static Comparer<BaseIndividual> ByRank { get; } =
        Comparer<BaseIndividual>.Create((a, b) => (a.Rank, a.Name).CompareTo((b.Rank, b.Name)));

    private static BaseIndividual Find(string id) => Array.Find(Bases, one => one.Id == id)!;

    private static (LinkKey Link, string[] Stated)[] Numbered(string[][] statements) =>
        [
            .. statements.Select(
                (stated, i) => (new LinkKey("test", "link", $"{i}"), stated.Distinct().ToArray())
            ),
        ];

    private static MergeGroups Of(
        IReadOnlyCollection<BaseIndividual> bases,
        IEnumerable<(LinkKey Link, string[] Stated)> statements,
        StewardDecision[] decisions
    ) =>
        MergeGraph.Of(
            bases,
            statements.ToDictionary(one => one.Link, one => one.Stated.ToImmutableArray()),
            decisions,
            sharers: 3
        );

    private static T[] Shuffled<T>(Random random, T[] items)
    {
        T[] copy = [.. items];
        random.Shuffle(copy);
        return copy;
    }
}
