using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansCdp.Events;

/// <summary>A producer that may read the database's list of silos needs no address of any.</summary>
public sealed class ProducerByDatabaseTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task A_producer_finds_the_cluster_in_its_database_also_where_it_starts_first()
    {
        string database = await postgres.CreateEmptyDatabaseAsync();
        RunningHost cdp = new() { ConnectionString = database };
        Task<IHost> sender = ProducerHost.StartAsync(services =>
            services.AddCdpProducer(o => o.ConnectionString = database)
        );
        await cdp.StartAsync();
        try
        {
            await cdp.Api.DefineAsync(ProducerHost.Stream);
            ICdpProducer producer = (await sender).Services.GetRequiredService<ICdpProducer>();

            SendResult sent = await producer.SendJsonAsync(
                ProducerHost.Stream,
                """{"Id":"d1","FirstName":"Dora"}"""u8.ToArray()
            );

            sent.Accepted.ShouldBe(1);
            await Eventually.BeAsync(
                async () => await cdp.Api.ProfileAsync("contactId", "d1") is not null,
                "the contact is visible"
            );
            await cdp.Api.DrainAsync();
        }
        finally
        {
            await ProducerHost.StopAsync(await sender);
            await cdp.DisposeAsync();
        }
    }
}
