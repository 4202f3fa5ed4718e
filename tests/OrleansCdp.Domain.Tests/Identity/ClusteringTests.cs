using System.Collections.Immutable;
using CsCheck;

namespace OrleansCdp.Identity;

/// <summary>Clusters follow from the set of records: not from their order, nor from who came first.</summary>
public sealed class ClusteringTests
{
    private static readonly MatchThresholds Thresholds = new(3, 2, -3) { Prior = -10 };

    [Fact]
    public void The_order_of_members_edges_and_pairs_decides_nothing() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 1_000_000])
            .Sample(
                (count, seed) =>
                {
                    World world = World.Of(count, seed);
                    string expected = Show(world.Cluster());
                    return Enumerable
                        .Range(0, 3)
                        .All(again => Show(world.Shuffled(seed + again).Cluster()) == expected);
                },
                iter: 1_000 * Laws.Thoroughness
            );

    [Fact]
    public void Every_member_is_in_one_cluster_and_no_constraint_is_broken() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 1_000_000])
            .Sample(
                (count, seed) =>
                {
                    World world = World.Of(count, seed);
                    var clusters = world.Cluster();
                    Dictionary<long, int> at = clusters
                        .SelectMany((cluster, i) => cluster.Select(id => (id, i)))
                        .ToDictionary(member => member.id, member => member.i);
                    bool all = world.Members.All(member => at.ContainsKey(member.Id));
                    bool individuals = clusters.All(cluster =>
                        world
                            .Members.Where(m => m.Individual is not null && cluster.Contains(m.Id))
                            .Select(m => m.Individual)
                            .Distinct()
                            .Count() <= 1
                    );
                    bool apart = world
                        .Pairs.Where(pair => !pair.Together)
                        .All(pair => at[pair.A] != at[pair.B] || SameIndividual(world, pair));
                    return all && at.Count == world.Members.Length && individuals && apart;
                },
                iter: 1_000 * Laws.Thoroughness
            );

    [Fact]
    public void Two_records_are_one_from_the_threshold_on() =>
        (Show(Of([1, 2], (1, 2, 3.0))), Show(Of([1, 2], (1, 2, 2.99)))).ShouldBe(("1 2", "1|2"));

    [Fact]
    public void A_chain_does_not_join_what_speaks_against_it() =>
        Show(Of([1, 2, 3], (1, 2, 8), (2, 3, 7), (1, 3, -30))).ShouldBe("1 2|3");

    [Fact]
    public void A_pair_without_evidence_joins_through_a_third() =>
        Show(Of([1, 2, 3], (1, 2, 8), (2, 3, 7), (1, 3, -10))).ShouldBe("1 2 3");

    [Fact]
    public void The_mean_decides_at_its_threshold()
    {
        // {1, 2} and 3: the mean of 9 and of what speaks against, counted from the prior.
        Show(Of([1, 2, 3], (1, 2, 12), (2, 3, 9), (1, 3, -15))).ShouldBe("1 2 3"); // (9 - 5) / 2
        Show(Of([1, 2, 3], (1, 2, 12), (2, 3, 9), (1, 3, -15.01))).ShouldBe("1 2|3");
    }

    [Fact]
    public void One_pair_counts_twelve_bits_at_most() =>
        Show(
                Of(
                    [1, 2, 3, 4],
                    (1, 2, 12),
                    (2, 3, 99),
                    (1, 3, -99),
                    (3, 4, 12),
                    (1, 4, -99),
                    (2, 4, 0)
                )
            )
            .ShouldBe("1 2|3 4");

    [Fact]
    public void A_score_that_is_not_known_is_asked_for_once_the_smaller_first()
    {
        List<(long, long)> asked = [];
        Clustering.Of(
            [new(3, null), new(1, null), new(2, null)],
            [new(2, 1, 8), new(3, 2, 8)],
            [],
            Thresholds,
            (a, b) =>
            {
                asked.Add((a, b));
                return 5;
            }
        );
        asked.ShouldBe([(1L, 3L)]);
    }

    [Fact]
    public void Individuals_are_never_joined_and_always_kept_together()
    {
        ClusterMember[] two = [new(1, "ind_a"), new(2, "ind_b"), new(3, null)];
        Show(Of(two, [], (1, 2, 20), (2, 3, 9), (1, 3, 8))).ShouldBe("1|2 3");
        ClusterMember[] one = [new(1, "ind_a"), new(2, "ind_a")];
        Show(Of(one, [], (1, 2, -30))).ShouldBe("1 2");
    }

    [Fact]
    public void Authors_that_an_individual_matches_do_not_speak_against_each_other()
    {
        (long, long, double)[] scores = [(1, 2, 8), (1, 3, 7), (2, 3, -30)];
        Show(Of([new(1, "ind_a"), new(2, null), new(3, null)], [], scores)).ShouldBe("1 2 3");
        Show(Of([1, 2, 3], scores)).ShouldBe("1 2|3");
    }

    [Fact]
    public void What_speaks_against_an_individual_itself_keeps_a_record_away() =>
        Show(
                Of(
                    [new(1, "ind_a"), new(2, null), new(3, null)],
                    [],
                    (1, 2, 8),
                    (2, 3, 7),
                    (1, 3, -12)
                )
            )
            .ShouldBe("1 2|3");

    [Fact]
    public void A_steward_comes_before_any_score()
    {
        ClusterMember[] two = [new(1, null), new(2, null)];
        Show(Of(two, [new(2, 1, false)], (1, 2, 30))).ShouldBe("1|2");
        Show(Of(two, [new(2, 1, true)], (1, 2, -30))).ShouldBe("1 2");
        Show(Of(two, [new(1, 2, true), new(1, 2, false)], (1, 2, 30))).ShouldBe("1|2");
        Show(Of([new ClusterMember(1, "ind_a"), new(2, "ind_b")], [new(1, 2, true)]))
            .ShouldBe("1|2");
        Show(Of(two, [new(1, 99, true)])).ShouldBe("1|2");
    }

    [Fact]
    public void Equal_scores_are_decided_by_the_smallest_ids() =>
        Show(Of([1, 2, 3], (1, 2, 5), (2, 3, 5), (1, 3, -40))).ShouldBe("1 2|3");

    [Fact]
    public void Equal_scores_are_decided_by_what_the_records_say_before_their_ids() =>
        Show(
                Of(
                    [new(1, null, Print: 9), new(2, null), new(3, null)],
                    [],
                    (1, 2, 5),
                    (2, 3, 5),
                    (1, 3, -40)
                )
            )
            .ShouldBe("1|2 3");

    [Fact]
    public void Two_hundred_records_of_one_person_are_one_cluster()
    {
        long[] ids = [.. Enumerable.Range(1, 200).Select(i => (long)i)];
        Clustering
            .Of(
                [.. ids.Select(id => new ClusterMember(id, null))],
                [.. ids.Skip(1).Select(id => new MatchEdge(id - 1, id, 5))],
                [],
                Thresholds,
                (_, _) => 4
            )
            .Length.ShouldBe(1);
    }

    private static bool SameIndividual(World world, StewardPair pair)
    {
        string? individual = world.Members.Single(m => m.Id == pair.A).Individual;
        return individual is not null
            && individual == world.Members.Single(m => m.Id == pair.B).Individual;
    }

    private static ImmutableArray<ImmutableArray<long>> Of(
        long[] ids,
        params (long, long, double)[] scores
    ) => Of([.. ids.Select(id => new ClusterMember(id, null))], [], scores);

    private static ImmutableArray<ImmutableArray<long>> Of(
        ClusterMember[] members,
        StewardPair[] pairs,
        params (long A, long B, double Score)[] scores
    ) =>
        Clustering.Of(
            members,
            [.. scores.Select(score => new MatchEdge(score.A, score.B, score.Score))],
            pairs,
            Thresholds,
            (_, _) => -10
        );

    private static string Show(ImmutableArray<ImmutableArray<long>> clusters) =>
        string.Join('|', clusters.Select(cluster => string.Join(' ', cluster)));

    private sealed record World(
        ClusterMember[] Members,
        MatchEdge[] Edges,
        StewardPair[] Pairs,
        int Seed
    )
    {
        public static World Of(int count, int seed)
        {
            Random random = new(seed);
            ClusterMember[] members =
            [
                .. Enumerable
                    .Range(1, count)
                    .Select(i => new ClusterMember(
                        i * 7 % 31,
                        random.Next(4) == 0 ? $"ind_{random.Next(2)}" : null
                    )),
            ];
            (long A, long B)[] pairs =
            [
                .. members.SelectMany(a =>
                    members.Where(b => a.Id < b.Id).Select(b => (a.Id, b.Id))
                ),
            ];
            return new World(
                members,
                [
                    .. pairs
                        .Where(_ => random.Next(2) == 0)
                        .Select(pair => new MatchEdge(pair.A, pair.B, random.Next(-20, 20) / 2.0)),
                ],
                [
                    .. pairs
                        .Where(_ => random.Next(8) == 0)
                        .Select(pair => new StewardPair(pair.A, pair.B, random.Next(2) == 0)),
                ],
                seed
            );
        }

        public World Shuffled(int seed)
        {
            Random random = new(seed);
            World copy = this with
            {
                Members = [.. Members],
                Edges = [.. Edges.Select(e => new MatchEdge(e.B, e.A, e.Score))],
                Pairs = [.. Pairs.Select(p => new StewardPair(p.B, p.A, p.Together))],
            };
            random.Shuffle(copy.Members);
            random.Shuffle(copy.Edges);
            random.Shuffle(copy.Pairs);
            return copy;
        }

        public ImmutableArray<ImmutableArray<long>> Cluster() =>
            Clustering.Of(
                Members,
                Edges,
                Pairs,
                Thresholds,
                (a, b) => ((a * 31) + (b * 17) + Seed) % 24 - 12
            );
    }
}
