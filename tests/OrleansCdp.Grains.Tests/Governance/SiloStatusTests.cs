namespace OrleansCdp.Governance;

/// <summary>Each silo is asked for what only it knows.</summary>
public sealed class SiloStatusTests : IAsyncLifetime
{
    private readonly Cluster cluster = new() { SiloCount = 2 };

    public Task InitializeAsync() => cluster.InitializeAsync();

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Every_silo_speaks_for_itself()
    {
        ClusterStatus status = await cluster.Grains.GetGrain<IStatusGrain>(0).GetAsync();

        status.Members.Select(member => member.Address).ShouldBe(status.Silos);
        status.Members.Length.ShouldBe(2);
        status.Members.Select(member => member.Name).ShouldBeUnique();
        status.Members.ShouldAllBe(member =>
            member.Name.Length > 0 && member.SavesWaiting == 0 && member.Definitions != null
        );
    }

    [Fact]
    public async Task Nobody_speaks_for_a_silo_that_is_gone() =>
        (
            await cluster.Grains.GetGrain<ISiloStatusGrain>("10.0.0.1:11111@42").GetAsync()
        ).ShouldBeNull();
}
