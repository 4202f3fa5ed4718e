using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansCdp.Insights;

/// <summary>The people of an account: their sums, their bounds, and that they are loaded as they were saved.</summary>
public sealed class PeopleTreeTests
{
    private static readonly Serializer Serializer = new ServiceCollection()
        .AddSerializer(builder => builder.AddAssembly(typeof(AccountPeopleHead).Assembly))
        .BuildServiceProvider()
        .GetRequiredService<Serializer>();

    private readonly FakeDatabase database = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sums_are_those_of_all_people_whatever_they_said_before(int seed)
    {
        Random random = new(seed);
        PeopleTree tree = PeopleTree.Empty;
        Dictionary<string, int?> plain = [];
        for (int step = 1; step <= 4_000; step++)
        {
            string individual = $"ind_{random.Next(1_000)}";
            int? spent = random.Next(4) == 0 ? null : random.Next(-50, 1_000);
            tree = tree.With(SomePeople.Stored(individual, step, spent));
            plain[individual] = spent;
            if (step % 400 != 0)
            {
                continue;
            }

            int[] all = [.. plain.Values.OfType<int>()];
            SomePeople
                .Said(tree.SumsFor(SomePeople.Insights, Some.Noon))
                .ShouldBe([
                    $"1: {all.Sum()} of {all.Length} by {all.Length}",
                    $"2: {all.Min()} of {all.Length} by {all.Length}",
                    // Above 128 different ones the count is an estimate.
                    SomePeople.Said(tree.SumsFor(SomePeople.Insights, Some.Noon))[2],
                ]);
            tree.SumsFor(SomePeople.Insights, Some.Noon)
                .Single(sum => sum.Revision == 3)
                .ValueOf(SomePeople.Insights.Find(3)!, Some.Noon)
                .Value!.Value.AsNumber()!
                .Value.ShouldBeInRange(
                    all.Distinct().Count() * 0.85m,
                    all.Distinct().Count() * 1.15m
                );
        }

        tree.All.Select(one => one.Individual).Order().ShouldBe(plain.Keys.Order());
        tree.Find("ind_1000").ShouldBeNull();
    }

    [Fact]
    public void Who_counts_as_no_person_is_in_the_sums()
    {
        PersonShare nobodys = SomePeople.Share("rec_1", version: 1, spent: 5);
        nobodys = nobodys with { Sums = [.. nobodys.Sums.Select(sum => sum with { People = 0 })] };

        PeopleTree tree = PeopleTree.Empty.With(StoredShare.Of(nobodys));

        SomePeople
            .Said(tree.SumsFor(SomePeople.Insights, Some.Noon))
            .ShouldBe(["1: 5 of 1 by 0", "2: 5 of 1 by 0", "3: 1 of 1 by 0"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(PeopleTree.LeafMax)]
    [InlineData(PeopleTree.LeafMax + 1)]
    [InlineData(20_000)]
    public async Task Whoever_is_in_it_it_is_loaded_as_it_was_saved(int people)
    {
        AccountPeople state = new();
        SnapshotCell<AccountPeople> cell = CellOf();
        await cell.SaveAsync(cell.Prepare(state));
        state = state with
        {
            People = PeopleTree.Of(
                Enumerable.Range(0, people).Select(i => SomePeople.Stored($"ind_{i}", 1, i))
            ),
        };
        await cell.SaveAsync(cell.Prepare(state));
        state = state.Take(SomePeople.Stored("ind_3", 2, null));
        await cell.SaveAsync(cell.Prepare(state));

        AccountPeople loaded = (await CellOf().LoadAsync(default))!;

        loaded.People.Count.ShouldBe(state.People.Count);
        SomePeople
            .Said(loaded.People.SumsFor(SomePeople.Insights, Some.Noon))
            .ShouldBe(SomePeople.Said(state.People.SumsFor(SomePeople.Insights, Some.Noon)));
        loaded.People.Find("ind_3")!.Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_save_writes_the_one_who_changed_however_many_there_are()
    {
        AccountPeople state = new()
        {
            People = PeopleTree.Of(
                Enumerable.Range(0, 5_000).Select(i => SomePeople.Stored($"ind_{i}", 1, i))
            ),
        };
        SnapshotCell<AccountPeople> cell = CellOf();
        await cell.SaveAsync(cell.Prepare(state));

        SnapshotWrite write = cell.Prepare(state.Take(SomePeople.Stored("ind_3", 2, 77)));

        write.PartsWritten.Length.ShouldBeLessThan(5);
        write.Data.Length.ShouldBeLessThan(2 * StateParts.InlineBytesMax);
    }

    [Fact]
    public void An_older_share_changes_nothing_and_who_left_stays_gone()
    {
        AccountPeople state = new AccountPeople()
            .Take(SomePeople.Stored("ind_a", 5, 10))
            .Take(SomePeople.Stored("ind_a", 6, null));

        state.Take(SomePeople.Stored("ind_a", 5, 10)).ShouldBeSameAs(state);
        state.Take(SomePeople.Stored("ind_a", 6, null)).ShouldBeSameAs(state);
        state.People.SumsFor(SomePeople.Insights, Some.Noon).ShouldBeEmpty();
        state
            .Take(SomePeople.Stored("ind_a", 7, 10))
            .People.SumsFor(SomePeople.Insights, Some.Noon)
            .ShouldNotBeEmpty();
    }

    [Fact]
    public void Of_one_state_the_share_of_the_newer_definitions_counts()
    {
        PersonShare share = SomePeople.Share("ind_a", 5, 10);
        AccountPeople state = new AccountPeople().Take(StoredShare.Of(share));

        state.Take(StoredShare.Of(share with { Catalogue = 2, Sums = [] })).ShouldBeSameAs(state);
        state
            .Take(StoredShare.Of(share with { Catalogue = 4, Sums = [] }))
            .People.SumsFor(SomePeople.Insights, Some.Noon)
            .ShouldBeEmpty();
    }

    [Fact]
    public void The_100001st_person_finds_no_room_until_somebody_leaves()
    {
        const int max = IAccountPeopleGrain.PeopleMax;
        AccountPeople full = new()
        {
            People = PeopleTree.Of(
                Enumerable.Range(0, max - 1).Select(i => SomePeople.Stored($"ind_{i}", 1, 1))
            ),
        };

        AccountPeople last = full.Take(SomePeople.Stored("ind_last", 1, 1));
        AccountPeople over = last.Take(SomePeople.Stored("ind_over", 1, 1));

        (last.People.Count, last.NotTaken).ShouldBe((max, 0));
        (over.People.Count, over.NotTaken).ShouldBe((max, 1));
        over.Take(SomePeople.Stored("ind_over", 2, 1)).ShouldBeSameAs(over);
        AccountPeople room = over.Take(SomePeople.Stored("ind_5", 2, null))
            .Take(SomePeople.Stored("ind_over", 2, 1));
        (room.People.Count, room.NotTaken).ShouldBe((max, 0));
        room.People.Find("ind_over").ShouldNotBeNull();
        over.Take(SomePeople.Stored("ind_over", 2, null)).NotTaken.ShouldBe(0);
    }

    [Fact]
    public void What_people_add_has_a_bound_in_bytes_and_who_grows_past_it_is_left_out()
    {
        StoredShare large = StoredShare.Of(WithParts(SomePeople.Share("ind_0", 1, 1), 3_000));
        int fitting = (int)(IAccountPeopleGrain.BytesMax / large.Bytes.Length);
        AccountPeople full = new()
        {
            People = PeopleTree.Of(
                Enumerable
                    .Range(0, fitting - 2)
                    .Select(i =>
                        StoredShare.Of(WithParts(SomePeople.Share($"ind_{i}", 1, 1), 3_000))
                    )
            ),
        };

        AccountPeople last = full.Take(Large("ind_last", 1));
        AccountPeople over = last.Take(Large("ind_over", 1)).Take(Large("ind_more", 1));

        (last.NotTaken, over.NotTaken).ShouldBe((0, 2));
        over.People.Bytes.ShouldBeLessThanOrEqualTo(IAccountPeopleGrain.BytesMax);
        AccountPeople room = over.Take(SomePeople.Stored("ind_3", 2, 1)).Take(Large("ind_over", 2));
        room.NotTaken.ShouldBe(1);
        AccountPeople grown = room.Take(SomePeople.Stored("ind_4", 2, 1))
            .Take(Large("ind_more", 2))
            .Take(Large("ind_3", 3));
        grown.NotTaken.ShouldBe(1);
        grown.People.Find("ind_3")!.IsEmpty.ShouldBeTrue();

        static StoredShare Large(string individual, long version) =>
            StoredShare.Of(WithParts(SomePeople.Share(individual, version, 1), 3_100));
    }

    [Fact]
    public void People_who_find_no_room_are_counted_up_to_a_bound()
    {
        AccountPeople state = new()
        {
            People = PeopleTree.Of(
                Enumerable
                    .Range(0, IAccountPeopleGrain.PeopleMax)
                    .Select(i => SomePeople.Stored($"ind_{i}", 1, 1))
            ),
            Head = new AccountPeopleHead
            {
                NotTaken = [.. Enumerable.Range(1, Account.LeftOutMax - 1).Select(i => (ulong)i)],
            },
        };

        AccountPeople last = state.Take(SomePeople.Stored("ind_x", 1, 1));

        last.NotTaken.ShouldBe(Account.LeftOutMax);
        last.Take(SomePeople.Stored("ind_y", 1, 1)).NotTaken.ShouldBe(Account.LeftOutMax);
    }

    [Fact]
    public void Of_a_share_that_is_too_large_the_largest_insight_is_left_out_and_said_to_be()
    {
        PersonShare share = SomePeople.Share("ind_a", 1, 10);
        PersonShare fits = WithParts(share, 50);
        PersonShare large = WithParts(share, 20_000);

        StoredShare.Of(fits).ToSums()[0].Tallies.Length.ShouldBe(50);
        StoredShare stored = StoredShare.Of(large);

        stored.Bytes.Length.ShouldBeLessThanOrEqualTo(StoredShare.BytesMax);
        (stored.ToSums()[0].Tallies.Length, stored.ToSums()[0].LeftOut).ShouldBe((0, 20_000));
        stored.ToSums()[1].Tallies.ShouldHaveSingleItem();
    }

    private static PersonShare WithParts(PersonShare share, int parts) =>
        share with
        {
            Sums = share.Sums.SetItem(
                0,
                share.Sums[0] with
                {
                    Tallies =
                    [
                        .. Enumerable
                            .Range(0, parts)
                            .Select(i => new Tally { Part = $"part {i}", Count = 1 }),
                    ],
                }
            ),
        };

    private SnapshotCell<AccountPeople> CellOf() =>
        new("ppl_a", database, Serializer, AccountPeopleShape.Instance);
}
