using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;
using static OrleansCdp.Segments.SegmentDatabase;

namespace OrleansCdp.Segments;

/// <summary>Every entry and exit comes to the grains that get their stream, whatever dies.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MembershipStreamTests(PostgresServer server)
{
    private const int People = 40;

    [Fact]
    public async Task Each_comes_once_and_of_an_individual_in_order_while_nothing_fails()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        Journal journal = new();
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");

        await Task.WhenAll(Enumerable.Range(0, People).Select(i => SaveAsync(silo, i, from: 1)));

        await Eventually.BeAsync(() => journal.Memberships.Count >= People * 2);
        journal.Memberships.Select(NameOf).ShouldBeUnique();
        ShouldBeInOrder(journal.Memberships);
        journal.Memberships.First().Change.Events.ShouldBe([new CausingEvent("shop", "e")]);
        await DeliveredAsync(database, People * 2);
        journal.Memberships.Count.ShouldBe(People * 2);
    }

    [Fact]
    public async Task What_a_grain_fails_at_comes_again_until_it_does_not()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        Journal journal = new() { MembershipFailures = 3 };
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");

        await SaveAsync(silo, 0, from: 1);

        await Eventually.BeAsync(() => journal.Memberships.Count >= 2);
        journal.MembershipFailures.ShouldBe(0);
        journal.Memberships.Select(NameOf).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task Another_silo_goes_on_where_everything_was_delivered()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        Journal first = new();
        await using (TestSilo one = await TestSilo.StartAsync(database, first, "one"))
        {
            await SaveAsync(one, 0, from: 1);
            await Eventually.BeAsync(() => first.Memberships.Count >= 2);
            await DeliveredAsync(database, 2);
        }

        Journal second = new();
        await using TestSilo two = await TestSilo.StartAsync(database, second, "two");
        await SaveAsync(two, 1, from: 1);
        await Eventually.BeAsync(() => second.Memberships.Count >= 2);

        second.Memberships.Select(NameOf).ShouldBe(["ind_1/1", "ind_1/2"]);
    }

    [Fact]
    public async Task What_was_written_while_nobody_read_is_delivered()
    {
        await using SegmentDatabase segments = await SegmentDatabase.StartAsync(server);
        await segments.SaveAsync("ind_early", Change(1, "vip"));
        await segments.StopAsync();
        Journal journal = new();

        await using TestSilo silo = await TestSilo.StartAsync(segments.Database, journal, "one");

        await Eventually.BeAsync(() => !journal.Memberships.IsEmpty);
        journal.Memberships.Select(NameOf).ShouldBe(["ind_early/1"]);
    }

    [Fact]
    public async Task What_is_not_delivered_when_a_database_is_restored_elsewhere_still_is()
    {
        await using SegmentDatabase segments = await SegmentDatabase.StartAsync(server);
        await segments.SaveAsync("ind_told", Change(1, "vip"));
        await segments.SaveAsync("ind_untold", Change(1, "vip"));
        // As if they came from where transactions have higher numbers, the second one with the lower of its own.
        await segments.Database.ExecuteAsync(
            """
            update cdp.membership_changes set
                written_by = case individual when 'ind_told' then '4000000000' else '4000000001' end::xid8,
                number = case individual when 'ind_told' then 20 else 10 end;
            update cdp.membership_stream set written_by = '4000000000', number = 20, told = 1
            """
        );
        await segments.StopAsync();
        await DatabaseSetup.PrepareAsync(segments.Database.ConnectionString, new(), default);
        Journal journal = new();

        await using TestSilo silo = await TestSilo.StartAsync(segments.Database, journal, "one");

        await Eventually.BeAsync(() => !journal.Memberships.IsEmpty);
        await DeliveredAsync(segments.Database, 2);
        journal.Memberships.Select(NameOf).ShouldBe(["ind_untold/1"]);
    }

    [Fact]
    public async Task More_than_are_delivered_together_come_in_several_batches_in_order()
    {
        const int count = MembershipStream.BatchMax + 1;
        await using SegmentDatabase segments = await SegmentDatabase.StartAsync(server);
        for (long sequence = 1; sequence <= count; sequence++)
        {
            await segments.SaveAsync("ind_a", Change(sequence, "vip", entered: sequence % 2 == 1));
        }

        await segments.StopAsync();
        Journal journal = new();

        await using TestSilo silo = await TestSilo.StartAsync(segments.Database, journal, "one");

        await Eventually.BeAsync(() => journal.Memberships.Count >= count);
        await DeliveredAsync(segments.Database, count);
        journal
            .Memberships.Select(one => one.Change.Sequence)
            .ShouldBe(Enumerable.Range(1, count).Select(i => (long)i));
    }

    [Fact]
    public async Task A_stream_whose_place_is_from_elsewhere_goes_on()
    {
        await using SegmentDatabase segments = await SegmentDatabase.StartAsync(server);
        await segments.Database.ExecuteAsync(
            "update cdp.membership_stream set written_by = '4000000000', number = 20, told = 7"
        );
        await DatabaseSetup.PrepareAsync(segments.Database.ConnectionString, new(), default);
        await segments.SaveAsync("ind_new", Change(1, "vip"));
        await segments.StopAsync();
        Journal journal = new();

        await using TestSilo silo = await TestSilo.StartAsync(segments.Database, journal, "one");

        await Eventually.BeAsync(() => !journal.Memberships.IsEmpty);
        journal.Memberships.Select(NameOf).ShouldBe(["ind_new/1"]);
    }

    private static async Task SaveAsync(TestSilo silo, int person, long from)
    {
        string id = $"ind_{person}";
        ISnapshotStore store = silo.Get<ISnapshotStore>();
        for (long sequence = from; sequence < from + 2; sequence++)
        {
            MembershipChange change = Change(sequence, "vip", entered: sequence % 2 == 1) with
            {
                Events = [new CausingEvent("shop", "e")],
            };
            await store.SaveAsync(
                Some.Write(id, sequence - 1, sequence) with
                {
                    MembershipChanges = [change],
                }
            );
        }
    }

    private static Task DeliveredAsync(TestDatabase database, long told) =>
        Eventually.BeAsync(async () =>
            await database.NumberAsync("select told from cdp.membership_stream") == told
        );

    private static void ShouldBeInOrder(IEnumerable<FollowedChange> changes)
    {
        foreach (var all in changes.GroupBy(one => one.Individual, StringComparer.Ordinal))
        {
            all.Select(one => one.Change.Sequence).ShouldBeInOrder();
        }
    }

    private static string NameOf(FollowedChange one) => $"{one.Individual}/{one.Change.Sequence}";
}

/// <summary>Notes the entries and exits that it gets.</summary>
[ImplicitStreamSubscription(MembershipStream.Name)]
[GrainType("test-memberships")]
internal sealed class TestMembershipsGrain(Journal journal)
    : Grain,
        ITestMembershipsGrain,
        IStreamSubscriptionObserver,
        IAsyncObserver<FollowedChange>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<FollowedChange>().ResumeAsync(this);

    public Task OnNextAsync(FollowedChange item, StreamSequenceToken? token = null)
    {
        if (journal.MembershipFailures > 0)
        {
            journal.MembershipFailures--;
            throw new TimeoutException("Not yet.");
        }

        journal.Memberships.Enqueue(item);
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}

internal interface ITestMembershipsGrain : IGrainWithStringKey;
