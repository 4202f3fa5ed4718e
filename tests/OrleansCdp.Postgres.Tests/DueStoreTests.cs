using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>When individuals and accounts are due, as it is stored.</summary>
[Collection(PostgresCollection.Name)]
public sealed class DueStoreTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = LinkEvents.Noon;
    private TestDatabase? database;
    private StoreHost? silo;

    private TestDatabase Database => database!;

    private StoreHost Silo => silo!;

    private IDueStore Store => Silo.Get<IDueStore>();

    private int[] AllSlices => [.. Enumerable.Range(0, Database.Shape.PartitionCount)];

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
    }

    public async Task DisposeAsync()
    {
        await Silo.DisposeAsync();
        await Database.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_save_that_says_nothing_of_it_leaves_what_is_stored(bool isPlain)
    {
        await SaveAsync("ind_a", 1, Noon);

        await Silo.Snapshots.SaveAsync(
            Some.Write("ind_a", 1, 2) with
            {
                Outbox = isPlain ? [] : [new OutboxRow("memberships", 1, [1])],
            }
        );

        (await ReadAsync(Noon)).ShouldBe([("ind_a", Noon)]);
    }

    [Fact]
    public async Task A_save_sets_it_earlier_and_never_later()
    {
        await SaveAsync("ind_a", 1, Noon);
        await SaveAsync("ind_b", 1, Noon);
        await SaveAsync("ind_a", 2, Noon.AddDays(-1));
        await SaveAsync("ind_b", 2, Noon.AddDays(1));

        (await ReadAsync(Noon.AddDays(2))).ShouldBe([
            ("ind_a", Noon.AddDays(-1)),
            ("ind_b", Noon.AddMicroseconds(1)),
        ]);
    }

    [Fact]
    public async Task A_save_that_loses_changes_nothing_of_it()
    {
        await SaveAsync("ind_a", 1, Noon);

        await Should.ThrowAsync<Orleans.Storage.InconsistentStateException>(() =>
            Silo.Snapshots.SaveAsync(Some.Write("ind_a", 7, 8) with { DueAt = Noon.AddDays(-1) })
        );

        (await ReadAsync(Noon)).ShouldBe([("ind_a", Noon)]);
    }

    [Fact]
    public async Task Only_who_is_due_is_read_the_longest_overdue_first()
    {
        await DemandAsync(("ind_a", 3), ("ind_b", 1), ("acc_c", 2), ("ind_d", 4));

        (await ReadAsync(Noon.AddTicks(-10))).ShouldBe([
            ("ind_d", Noon.AddHours(-4)),
            ("ind_a", Noon.AddHours(-3)),
            ("acc_c", Noon.AddHours(-2)),
            ("ind_b", Noon.AddHours(-1)),
        ]);
        (await ReadAsync(Noon.AddHours(-2))).Length.ShouldBe(3);
        (await ReadAsync(Noon.AddHours(-2).AddTicks(-10))).Length.ShouldBe(2);
    }

    [Fact]
    public async Task Of_each_slice_so_many_are_read_those_who_are_longest_overdue()
    {
        // Three slices; of each the last ones have waited longest.
        await Database.ExecuteAsync(
            """
            insert into cdp.due (id, slice, due_at)
            select 'ind_' || i, i % 3, now() - i * interval '1 h' from generate_series(1, 30) i
            """
        );

        (await Store.ReadAsync([0, 2], TimeProvider.System.GetUtcNow(), 2, default))
            .Select(due => due.Id)
            .ShouldBe(["ind_30", "ind_29", "ind_27", "ind_26"]);
    }

    [Fact]
    public async Task Each_is_in_the_slice_that_its_id_hashes_to_however_it_got_there()
    {
        string[] ids = [.. Enumerable.Range(0, 40).Select(i => $"ind_{i}")];
        await DemandAsync([.. ids.Take(20).Select(id => (id, 1))]);
        foreach (string id in ids.Skip(20))
        {
            await SaveAsync(id, 1, Noon.AddHours(-1));
        }

        foreach (int slice in AllSlices)
        {
            (await Store.ReadAsync([slice], Noon, 100, default))
                .Select(due => due.Id)
                .ShouldBe(
                    ids.Where(id => Partitions.Of(id, AllSlices.Length) == slice),
                    ignoreOrder: true
                );
        }

        (await Store.ReadAsync([], Noon, 100, default)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(IDueStore.DueMax, IDueStore.DueMax)]
    [InlineData(IDueStore.DueMax + 1, IDueStore.DueMax)]
    public async Task So_many_are_read_at_once(int due, int read)
    {
        await Database.ExecuteAsync(
            $"""
            insert into cdp.due (id, slice, due_at)
            select 'ind_' || i, 1, now() - interval '1 h' from generate_series(1, {due}) i
            """
        );

        var found = await Store.ReadAsync(
            [0, 1, 2],
            TimeProvider.System.GetUtcNow(),
            int.MaxValue,
            default
        );

        found.Length.ShouldBe(read);
    }

    [Fact]
    public async Task What_came_of_a_look_is_stored_unless_another_one_is_wanted_since()
    {
        await DemandAsync(("ind_a", 1), ("ind_b", 1), ("ind_c", 1), ("ind_d", 1), ("ind_e", 1));
        ImmutableArray<DueSubject> due = await Store.ReadAsync(AllSlices, Noon, 10, default);
        await SaveAsync("ind_c", 1, Noon.AddMinutes(5));
        await SaveAsync("ind_d", 1, Noon.AddHours(-2));
        await Store.DemandAsync([("ind_e", Noon)], default);

        await Store.WriteAsync(
            [
                new Look(Of("ind_a"), Noon.AddDays(1)),
                new Look(Of("ind_b"), null),
                new Look(Of("ind_c"), Noon.AddDays(1)),
                new Look(Of("ind_d"), null),
                new Look(Of("ind_e"), null),
            ],
            default
        );

        (await ReadAsync(Noon.AddDays(2))).ShouldBe([
            ("ind_d", Noon.AddHours(-2)),
            ("ind_c", Noon.AddHours(-1).AddMicroseconds(1)),
            ("ind_e", Noon.AddHours(-1).AddMicroseconds(1)),
            ("ind_a", Noon.AddDays(1)),
        ]);

        DueSubject Of(string id) => due.Single(one => one.Id == id);
    }

    [Fact]
    public async Task Looks_that_fail_are_counted_until_one_succeeds_or_something_new_is_said()
    {
        await DemandAsync(("ind_a", 1));
        (await LookAsync(failed: true)).ShouldBe(0);
        (await LookAsync(failed: true)).ShouldBe(1);
        (await LookAsync(failed: false)).ShouldBe(2);
        (await LookAsync(failed: true)).ShouldBe(0);
        await SaveAsync("ind_a", 1, Noon.AddDays(-1));

        (await LookAsync(failed: true)).ShouldBe(0);

        async Task<int> LookAsync(bool failed)
        {
            DueSubject due = (await Store.ReadAsync(AllSlices, Noon, 1, default)).Single();
            await Store.WriteAsync([new Look(due, due.At.AddMinutes(1), failed)], default);
            return due.Tries;
        }
    }

    [Fact]
    public async Task Who_is_demanded_is_due_then_or_earlier()
    {
        await DemandAsync(("ind_a", 2), ("ind_b", 2), ("ind_c", 2));

        await DemandAsync(("ind_a", 3), ("ind_b", 1));

        (await ReadAsync(Noon)).ShouldBe([
            ("ind_a", Noon.AddHours(-3)),
            ("ind_c", Noon.AddHours(-2)),
            ("ind_b", Noon.AddHours(-2).AddMicroseconds(1)),
        ]);
    }

    [Theory]
    [InlineData(IDueStore.DueMax, false)]
    [InlineData(IDueStore.DueMax + 1, true)]
    public async Task A_statement_takes_so_many(int count, bool refused)
    {
        (string, DateTimeOffset)[] due =
        [
            .. Enumerable.Range(0, count).Select(i => ($"ind_{i}", Noon)),
        ];
        Look[] looks = [.. due.Select(one => new Look(new DueSubject(one.Item1, Noon, 0), null))];
        await DemandAsync(() => Store.DemandAsync(due, default));
        await DemandAsync(() => Store.WriteAsync(looks, default));

        Task DemandAsync(Func<Task> call) =>
            refused ? Should.ThrowAsync<ArgumentOutOfRangeException>(call) : call();
    }

    private Task SaveAsync(string id, long version, DateTimeOffset due) =>
        Silo.Snapshots.SaveAsync(Some.Write(id, version - 1, version) with { DueAt = due });

    private Task DemandAsync(params (string Id, int HoursOverdue)[] due) =>
        Store.DemandAsync(
            [.. due.Select(one => (one.Id, Noon.AddHours(-one.HoursOverdue)))],
            default
        );

    private async Task<(string, DateTimeOffset)[]> ReadAsync(DateTimeOffset now) =>
        [
            .. (await Store.ReadAsync(AllSlices, now, IDueStore.DueMax, default)).Select(due =>
                (due.Id, due.At)
            ),
        ];
}
