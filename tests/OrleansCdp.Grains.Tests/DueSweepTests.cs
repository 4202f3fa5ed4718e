using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Who is due is woken by the silo that owns the slice, and nobody waits for one that fails.</summary>
public sealed class DueSweepTests : IAsyncLifetime
{
    private readonly Cluster cluster = new() { SiloCount = 2, Clock = new SettableClock() };

    private SettableClock Clock => (SettableClock)cluster.Clock;

    private FakeDue Due => cluster.Database.Due;

    public Task InitializeAsync() => cluster.InitializeAsync();

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task All_who_are_due_are_woken_and_nobody_else_also_more_than_one_round()
    {
        DateTimeOffset now = Clock.GetUtcNow();
        for (int i = 0; i <= IDueStore.DueMax; i++)
        {
            Due.Add($"{(i % 2 == 0 ? "ind" : "acc")}_{i}", now.AddHours(-i));
        }

        Due.Add("ind_later", now.AddDays(1));

        // Nobody has these ids, so they are never due again.
        await Eventually.BeAsync(() => Due.Rows.Length == 1);
        Due.Rows[0].Id.ShouldBe("ind_later");
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    public async Task A_partition_with_as_many_as_are_read_of_it_may_have_more(
        int beyond,
        bool hasMore
    )
    {
        FakeDue due = new();
        DueSweep sweep = ActivatorUtilities.CreateInstance<DueSweep>(cluster.Services, due);
        int slice = (await OwnedSlicesAsync()).First();
        Fill(due, Waking.AtOnceMax + beyond, new HashSet<int> { slice });

        (await sweep.SweepAsync(default)).ShouldBe(hasMore);

        due.Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_one_round_wakes_is_stored_in_statements_of_a_bounded_size()
    {
        FakeDue due = new();
        List<int> sizes = [];
        due.OnWrite = looks =>
        {
            sizes.Add(looks.Count);
            return Task.CompletedTask;
        };
        DueSweep sweep = ActivatorUtilities.CreateInstance<DueSweep>(cluster.Services, due);
        Fill(due, IDueStore.DueMax + 1, await OwnedSlicesAsync());

        await sweep.SweepAsync(default);

        sizes.ShouldBe([IDueStore.DueMax, 1]);
    }

    [Theory]
    [InlineData(0, 0.25)]
    [InlineData(7.5, 0.375)]
    [InlineData(15, 0.5)]
    [InlineData(86_400, 0.5)]
    [InlineData(-1, 0.25)]
    public void The_longer_somebody_has_waited_the_more_of_the_time_is_taken(
        double seconds,
        double share
    ) => DueSweep.PaceOf(TimeSpan.FromSeconds(seconds)).Share.ShouldBe(share, tolerance: 1e-9);

    [Fact]
    public async Task One_that_fails_is_put_off_for_longer_and_longer_and_keeps_nobody_waiting()
    {
        cluster.Database.Snapshots["ind_damaged"] = new Snapshot(1, [1, 2, 3], []);
        DateTimeOffset now = Clock.GetUtcNow();
        Due.Add("ind_damaged", now.AddDays(-1));
        for (int i = 0; i < 40; i++)
        {
            Due.Add($"ind_{i}", now);
        }

        for (int tries = 1; tries <= 3; tries++)
        {
            await Eventually.BeAsync(() => Due.Rows is [{ Tries: var n }] && n == tries);
            Due.Rows[0].At.ShouldBeGreaterThanOrEqualTo(now + Waking.PutOffAfter(tries - 1));
            now = Due.Rows[0].At;
            Clock.Advance(Waking.PutOffAfter(tries - 1));
        }
    }

    [Fact]
    public async Task What_is_said_while_somebody_is_woken_stays()
    {
        DateTimeOffset later = Clock.GetUtcNow().AddDays(1);
        Due.OnWrite = looks =>
        {
            if (looks.Any(look => look.Of.Id == "ind_a"))
            {
                Due.Add("ind_a", later);
            }

            return Task.CompletedTask;
        };
        Due.Add("ind_a", Clock.GetUtcNow());

        await Eventually.BeAsync(() => Due["ind_a"] == later);
    }

    [Fact]
    public async Task What_was_looked_at_and_not_stored_is_looked_at_again()
    {
        bool failed = false;
        Due.OnWrite = looks =>
        {
            if (looks.Any(look => look.Of.Id == "ind_b") && !failed)
            {
                failed = true;
                throw new TimeoutException("The database is away.");
            }

            return Task.CompletedTask;
        };
        Due.Add("ind_b", Clock.GetUtcNow());

        await Eventually.BeAsync(() => failed && Due["ind_b"] is null);
    }

    [Fact]
    public async Task Each_slice_is_swept_by_one_silo()
    {
        await Eventually.BeAsync(() =>
        {
            ImmutableArray<int>[] reads = [.. Due.Reads.DistinctBy(Key)];
            ImmutableArray<int>[] halves = [.. reads.TakeLast(2)];
            return halves.Length == 2
                && !halves[0].Intersect(halves[1]).Any()
                && halves.Sum(half => half.Length) == Some.PartitionCount;
        });

        static string Key(ImmutableArray<int> slices) => string.Join(',', slices);
    }

    /// <summary>What the first silo sweeps, once both own some.</summary>
    private async Task<IReadOnlySet<int>> OwnedSlicesAsync()
    {
        PartitionHomes homes = cluster.Services.GetRequiredService<PartitionHomes>();
        int[] all = [.. Enumerable.Range(0, Some.PartitionCount)];
        await Eventually.BeAsync(() => all.Select(homes.OwnerOf).Distinct().Count() == 2);
        return all.Where(slice => homes.OwnerOf(slice).Equals(homes.Here)).ToHashSet();
    }

    private void Fill(FakeDue due, int count, IReadOnlySet<int> slices)
    {
        foreach (
            string id in Enumerable
                .Range(0, int.MaxValue)
                .Select(i => $"ind_{i}")
                .Where(id => slices.Contains(Partitions.Of(id, Some.PartitionCount)))
                .Take(count)
        )
        {
            due.Add(id, Clock.GetUtcNow());
        }
    }
}

/// <summary>What an activation says of when it is due, and how long one is put off.</summary>
public sealed class StoredDueTests
{
    private static readonly DateTimeOffset Noon = Some.Noon;
    private readonly StoredDue due = new();

    [Fact]
    public void After_loading_it_says_what_it_wants_and_then_only_what_is_earlier()
    {
        due.Demand(null, Noon).ShouldBeNull();
        due.Demand(Noon, Noon).ShouldBe(Noon);
        due.Demand(Noon, Noon).ShouldBeNull();
        due.Demand(Noon.AddTicks(1), Noon).ShouldBeNull();
        due.Demand(null, Noon).ShouldBeNull();
        due.Demand(Noon.AddTicks(-1), Noon).ShouldBe(Noon.AddTicks(-1));
    }

    [Fact]
    public void What_should_have_been_looked_at_long_ago_is_said_again()
    {
        due.Demand(Noon, Noon);
        DateTimeOffset overdue = Noon + StoredDue.Overdue;

        due.Demand(overdue.AddDays(1), overdue.AddTicks(-1)).ShouldBeNull();
        due.Demand(overdue.AddDays(1), overdue).ShouldBe(overdue.AddDays(1));
    }

    [Fact]
    public void A_look_takes_the_place_of_what_was_due()
    {
        due.Demand(Noon, Noon);
        due.Know(Noon.AddDays(1));
        due.Demand(Noon.AddDays(2), Noon).ShouldBeNull();
        due.Know(null);
        due.Demand(Noon.AddDays(2), Noon).ShouldBe(Noon.AddDays(2));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(5, 32)]
    [InlineData(6, 60)]
    [InlineData(int.MaxValue, 60)]
    public void It_is_put_off_for_so_many_minutes(int tries, int minutes) =>
        Waking.PutOffAfter(tries).ShouldBe(TimeSpan.FromMinutes(minutes));
}
