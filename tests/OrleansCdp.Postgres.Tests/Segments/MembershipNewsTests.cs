using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;
using Orleans.Streams;
using static OrleansCdp.Segments.SegmentDatabase;

namespace OrleansCdp.Segments;

/// <summary>A silo that reads entries and exits hears of those that another one writes.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MembershipNewsTests(PostgresServer server)
{
    [Fact]
    public async Task What_another_silo_writes_ends_the_rest_of_the_one_that_reads()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using TestSilo reading = await StartAsync(database, "reading");
        await using TestSilo writing = await StartAsync(database, "writing");
        await SeeingAsync(writing, reading);
        // It rests for ever, unless it hears of something.
        MembershipReceiver reader = NewReader(reading, new FakeTimeProvider());
        Task<IList<IBatchContainer>> read = reader.GetQueueMessagesAsync(1);
        List<string> told = [];

        // What it cannot see yet while a transaction of another database goes on, the next change makes it look at again.
        for (int person = 0; told.Count == 0; person++)
        {
            await SaveAsync(writing, $"ind_{person}");
            await Eventually.BeAsync(() => read.IsCompleted);
            told.AddRange(IdsOf(await read));
            read = reader.GetQueueMessagesAsync(1);
        }

        told[0].ShouldBe("ind_0");
    }

    [Fact]
    public async Task What_comes_within_a_moment_of_a_look_is_read_with_the_next_one()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using TestSilo silo = await StartAsync(database, "one");
        FakeTimeProvider clock = new();
        MembershipReceiver reader = NewReader(silo, clock);
        await reader.Initialize(TimeSpan.FromMinutes(1));
        await SaveSeenAsync(silo, 0);
        IdsOf(await reader.GetQueueMessagesAsync(1)).ShouldBe(["ind_0"], "it had not looked yet");
        await SaveSeenAsync(silo, 1);

        Task<IList<IBatchContainer>> next = reader.GetQueueMessagesAsync(1);
        clock.Advance(MembershipReceiver.Apart - TimeSpan.FromTicks(1));
        await SaveSeenAsync(silo, 2);
        next.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromTicks(1));

        IdsOf(await next).ShouldBe(["ind_1", "ind_2"]);
    }

    [Fact]
    public async Task Another_silo_is_told_once_within_a_period_however_much_is_written()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using TestSilo told = await StartAsync(database, "told");
        await using TestSilo writing = await StartAsync(database, "writing");
        await SeeingAsync(writing, told);
        FakeTimeProvider clock = new();
        MembershipNews news = new();
        MembershipNewsSender sender = ActivatorUtilities.CreateInstance<MembershipNewsSender>(
            writing.Get<IServiceProvider>(),
            news,
            clock
        );
        using CancellationTokenSource stop = new();
        Task sending = sender.RunAsync(stop.Token);
        Signal heard = told.Get<MembershipNews>().Written;

        for (int i = 0; i < 100; i++)
        {
            news.NoteWrittenHere();
            await writing.Get<IMembershipStore>().EndAsync(default); // As long as a save takes.
        }

        await Eventually.BeAsync(() => heard.Times > 0);
        heard.Times.ShouldBe(1);
        await Eventually.BeAsync(() =>
        {
            clock.Advance(MembershipNewsSender.Period);
            return heard.Times > 1;
        });
        heard.Times.ShouldBe(2, "of all that came meanwhile");
        clock.Advance(10 * MembershipNewsSender.Period);
        news.NoteWrittenHere();
        await Eventually.BeAsync(() =>
        {
            clock.Advance(MembershipNewsSender.Period);
            return heard.Times > 2;
        });
        heard.Times.ShouldBe(3, "nothing came for a while, and nobody was told of that");
        await stop.CancelAsync();
        await Eventually.BeAsync(() => sending.IsCompleted);
    }

    private static Task<TestSilo> StartAsync(TestDatabase database, string name) =>
        TestSilo.StartAsync(database, new Journal(), name);

    private static Task SeeingAsync(TestSilo silo, TestSilo other) =>
        Eventually.BeAsync(() =>
            silo.Get<IClusterMembershipService>()
                .CurrentSnapshot.Members.Values.Any(member =>
                    member.SiloAddress.Equals(other.Address) && member.Status == SiloStatus.Active
                )
        );

    private static Task SaveAsync(TestSilo silo, string individual) =>
        silo.Get<ISnapshotStore>()
            .SaveAsync(
                Some.Write(individual, 0, 1) with
                {
                    MembershipChanges = [Change(1, "vip")],
                }
            );

    /// <summary>Saves an entry of one more person, and waits until whoever looks sees it.</summary>
    private static async Task SaveSeenAsync(TestSilo silo, int person)
    {
        await SaveAsync(silo, $"ind_{person}");
        IMembershipStore store = silo.Get<IMembershipStore>();
        await Eventually.BeAsync(async () =>
            (await store.FollowAsync(null, null, 10, default)).Length == person + 1
        );
    }

    private static MembershipReceiver NewReader(TestSilo silo, TimeProvider clock) =>
        ActivatorUtilities.CreateInstance<MembershipReceiver>(silo.Get<IServiceProvider>(), clock);

    private static IEnumerable<string> IdsOf(IEnumerable<IBatchContainer> batches) =>
        batches
            .Cast<MembershipBatch>()
            .SelectMany(batch => batch.Changes, (_, one) => one.Individual);
}
