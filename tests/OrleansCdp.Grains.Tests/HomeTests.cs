using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Individuals, accounts and partitions live where their events are, also after silos came or went.</summary>
public sealed class HomeTests : IAsyncLifetime
{
    private const int Links = 60;
    private readonly Cluster cluster = new() { SiloCount = 3 };
    private long sequence;

    public Task InitializeAsync() => cluster.InitializeAsync();

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Individuals_and_accounts_move_to_the_silo_that_owns_their_partition()
    {
        LinkKey[] links = [.. Enumerable.Range(0, Links).Select(LinkOf)];

        await UntilHomeAsync(links);
    }

    [Fact]
    public async Task They_follow_when_a_silo_takes_its_share_of_the_partitions()
    {
        LinkKey[] links = [.. Enumerable.Range(0, Links).Select(LinkOf)];
        await UntilHomeAsync(links);

        await cluster.AddSiloAsync();
        await Eventually.BeAsync(
            () => cluster.Silos.Count == 4 && links.Select(Home).Distinct().Count() == 4,
            "the new silo owns partitions"
        );

        await UntilHomeAsync(links);
    }

    [Fact]
    public async Task A_partitions_writer_follows_its_partition_to_a_new_silo()
    {
        LinkKey[] links = [.. Enumerable.Range(0, Links).Select(LinkOf)];
        await AppendAsync(links, "before");
        await cluster.AddSiloAsync();
        await Eventually.BeAsync(
            () => links.Select(Home).Distinct().Count() == 4,
            "the new silo owns partitions"
        );

        await Eventually.BeAsync(
            async () =>
            {
                await AppendAsync(links, Some.Unique("after"));
                return await AreAtHomeAsync(links, LogOf);
            },
            "every writer is on the silo that owns its partition"
        );
    }

    [Fact]
    public void Who_gets_as_many_batches_from_elsewhere_stays()
    {
        SiloAddress here = SiloAddress.New(System.Net.IPEndPoint.Parse("127.0.0.1:1"), 1);
        SiloAddress there = SiloAddress.New(System.Net.IPEndPoint.Parse("127.0.0.1:2"), 1);
        Residence residence = default;

        for (int batch = 0; batch < 1_000; batch++)
        {
            residence.Note(batch % 2 == 0 ? here : there, now: 1).ShouldBeFalse();
        }
    }

    [Fact]
    public void Who_gets_enough_more_batches_from_one_silo_belongs_there_and_a_change_begins_anew()
    {
        SiloAddress there = SiloAddress.New(System.Net.IPEndPoint.Parse("127.0.0.1:2"), 1);
        Residence residence = default;

        for (int batch = 1; batch < Residences.LeadMin; batch++)
        {
            residence.Note(there, now: 1).ShouldBeFalse();
        }

        residence.Note(there, now: 1).ShouldBeTrue();
        residence.Note(there, now: 2).ShouldBeFalse();
    }

    private static LinkKey LinkOf(int number) => new("crm", "Home", $"h{number}");

    private SiloAddress Home(LinkKey link) =>
        cluster.Services.GetRequiredService<PartitionHomes>().OwnerOf(link);

    private IPartitionLogGrain LogOf(LinkKey link) =>
        cluster.Grains.GetGrain<IPartitionLogGrain>(Partitions.Of(link, Some.PartitionCount));

    private async Task AppendAsync(LinkKey[] links, string id)
    {
        foreach (LinkKey link in links)
        {
            await LogOf(link).AppendAsync(new EventBatch([Some.Event(link, id)]));
        }
    }

    private async Task ApplyAsync(LinkKey[] links)
    {
        sequence++;
        foreach (LinkKey link in links)
        {
            SequencedEvent[] events = [Some.Event(link, $"e{sequence}").At(sequence)];
            await IndividualOf(link)
                .ApplyAsync(events.AsImmutable(), SubjectIds.IndividualOf(link));
            await AccountOf(link).ApplyAsync(events.AsImmutable());
        }
    }

    private IUnifiedIndividualGrain IndividualOf(LinkKey link) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(SubjectIds.IndividualOf(link));

    private IAccountGrain AccountOf(LinkKey link) =>
        cluster.Grains.GetGrain<IAccountGrain>(SubjectIds.AccountOf(link));

    private Task UntilHomeAsync(LinkKey[] links) =>
        Eventually.BeAsync(
            async () =>
            {
                await ApplyAsync(links);
                return await AreAtHomeAsync(links, IndividualOf)
                    && await AreAtHomeAsync(links, AccountOf);
            },
            "every individual and account lives where its partition is"
        );

    private async Task<bool> AreAtHomeAsync(LinkKey[] links, Func<LinkKey, IGrain> grainOf)
    {
        var activations = await cluster.ActivationsAsync();
        return links.All(link =>
            activations[grainOf(link).GetGrainId()].SequenceEqual([Home(link)])
        );
    }
}
