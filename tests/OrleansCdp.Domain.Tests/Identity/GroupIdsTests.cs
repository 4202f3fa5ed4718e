using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>A group keeps its id while its members come and go.</summary>
public sealed class GroupIdsTests
{
    [Fact]
    public void A_new_record_joins_a_group_that_keeps_its_id() =>
        Relabel("1 2 3", (1, 7), (2, 7)).ShouldBe([7L]);

    [Fact]
    public void A_record_alone_gets_an_id_nobody_had() => Relabel("1").ShouldBe([100L]);

    [Fact]
    public void Of_two_groups_that_become_one_the_larger_gives_the_id_and_of_equals_the_older()
    {
        Relabel("1 2 3", (1, 5), (2, 9), (3, 9)).ShouldBe([9L]);
        Relabel("1 2", (1, 9), (2, 5)).ShouldBe([5L]);
    }

    [Fact]
    public void Of_a_group_that_splits_the_larger_part_keeps_the_id_and_of_equals_the_smaller_member()
    {
        Relabel("1|2 3", (1, 5), (2, 5), (3, 5)).ShouldBe([100L, 5L]);
        Relabel("1|2", (1, 5), (2, 5)).ShouldBe([5L, 100L]);
    }

    [Fact]
    public void No_id_is_given_twice() =>
        Relabel("1 2|3 4", (1, 5), (2, 9), (3, 5), (4, 9)).Distinct().Count().ShouldBe(2);

    private static ImmutableArray<long> Relabel(
        string clusters,
        params (long Record, long Group)[] before
    )
    {
        long next = 100;
        return GroupIds.Relabel(
            [
                .. clusters
                    .Split('|')
                    .Select(cluster => cluster.Split(' ').Select(long.Parse).ToImmutableArray()),
            ],
            id => before.Where(b => b.Record == id).Select(b => (long?)b.Group).FirstOrDefault(),
            () => next++
        );
    }
}
