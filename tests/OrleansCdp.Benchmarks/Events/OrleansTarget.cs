using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Contender O: admission in the producer's process, then Orleans to the partitions' writers.</summary>
internal sealed class OrleansTarget : IEventTarget
{
    private const string Cluster = "orleanscdp";
    private readonly IHost client;
    private readonly ContextProbe probe;
    private readonly Intake intake;
    private readonly DataStream[] streams;

    private OrleansTarget(IHost client, ContextProbe probe)
    {
        this.client = client;
        this.probe = probe;
        intake = client.Services.GetRequiredService<Intake>();
        var catalogue = client.Services.GetRequiredService<DefinitionCatalogue>();
        streams = Array.ConvertAll(RecordWriter.Streams, name => catalogue.Streams[name]);
    }

    /// <summary>Connects.</summary>
    /// <param name="connection">The cluster's database.</param>
    /// <param name="address">The gateway's address, for probes.</param>
    public static async Task<OrleansTarget> ConnectAsync(string connection, Uri address)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleansClient(orleans =>
        {
            orleans.Configure<ClusterOptions>(o =>
            {
                o.ClusterId = Cluster;
                o.ServiceId = Cluster;
            });
            orleans.AddCdpPostgres(new CdpPostgresOptions { ConnectionString = connection });
        });
        builder.Services.AddCdpIntake();
        IHost host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredService<DefinitionCatalogue>().Loaded;
        return new OrleansTarget(host, new ContextProbe(address));
    }

    /// <inheritdoc/>
    public async Task SendAsync(IReadOnlyList<EventLine> lines)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        IntakeItem[] items = new IntakeItem[lines.Count];
        for (int i = 0; i < items.Length; i++)
        {
            DataStream stream = streams[lines[i].Stream];
            using var document = JsonDocument.Parse(lines[i].Json);
            items[i] = new IntakeItem
            {
                Stream = stream.Name,
                Payload = lines[i].Json,
                Admission = stream.Admit(document.RootElement, now),
            };
        }

        while (true)
        {
            try
            {
                await intake.SubmitAsync(items);
                return;
            }
            catch (LogBehindException behind)
            {
                await Task.Delay(behind.RetryAfter);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ProbeTimes?> ProbeAsync(int person, long number) =>
        await probe.MeasureAsync(person, number, line => SendAsync([line]));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        probe.Dispose();
        await client.StopAsync();
        client.Dispose();
    }
}
