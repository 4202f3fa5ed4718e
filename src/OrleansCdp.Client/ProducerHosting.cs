using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Streams;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Adds a producer to a .NET host.</summary>
public static class ProducerHosting
{
    private const string Invariant = "Npgsql";
    private const string Schema = "cdp";
    private static readonly TimeSpan GatewayListPeriod = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds an <see cref="ICdpProducer"/> with an Orleans client of its own. Adding it twice adds it once.
    /// </summary>
    /// <example>
    /// <code>
    /// builder.Services.AddCdpProducer(o =&gt; o.Gateways.Add(IPEndPoint.Parse("10.0.0.7:30000")));
    /// ...
    /// await producer.SendAsync("salesforce-contact", contacts, cancel);
    /// </code>
    /// </example>
    /// <param name="services">The host's services, without an Orleans client or silo.</param>
    /// <param name="configure">Says where the cluster is.</param>
    /// <exception cref="OptionsValidationException">An option is missing or out of its range.</exception>
    public static IServiceCollection AddCdpProducer(
        this IServiceCollection services,
        Action<CdpProducerOptions> configure
    )
    {
        if (services.Any(service => service.ServiceType == typeof(ICdpProducer)))
        {
            return services;
        }

        CdpProducerOptions options = new();
        configure(options);
        Demand(new CdpProducerOptionsValidator().Validate(null, options));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddOrleansClient(client => Connect(client, options).AddCdpStreams());
        return services.AddCdpProducer();
    }

    /// <summary>
    /// Adds an <see cref="ICdpProducer"/> beside an Orleans client that has <see cref="AddCdpStreams"/>, or in a
    /// silo of the platform. Adding it twice adds it once.
    /// </summary>
    /// <param name="services">The host's services. Add it after the client, which stops after it then.</param>
    public static IServiceCollection AddCdpProducer(this IServiceCollection services)
    {
        services.AddCdpIntake();
        services.TryAddSingleton<ICdpProducer, CdpProducer>();
        return services;
    }

    /// <summary>
    /// Lets an Orleans client publish on the streams <c>ingest</c> and <c>ingest-low</c> itself:
    /// <see cref="LinkEvent"/>s, each on the stream of its partition (<see cref="EventStreams.Of"/>). Adding it twice
    /// adds it once.
    /// </summary>
    /// <param name="client">A client of the cluster.</param>
    public static IClientBuilder AddCdpStreams(this IClientBuilder client)
    {
        if (
            client.Services.Any(service =>
                service.ServiceType == typeof(IStreamProvider)
                && EventStreams.Ingest.Equals(service.ServiceKey)
            )
        )
        {
            return client;
        }

        client.Services.AddCdpIntake();
        client.Services.AddCdpWireExceptions();
        foreach (Lane lane in Enum.GetValues<Lane>())
        {
            client.AddPersistentStreams(
                EventStreams.ProviderOf(lane),
                ProducerAdapterFactory.Create,
                streams => streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly)
            );
        }

        return client;
    }

    private static IClientBuilder Connect(IClientBuilder client, CdpProducerOptions options)
    {
        client.Configure<ClusterOptions>(o => o.ClusterId = o.ServiceId = options.ClusterId);
        client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = GatewayListPeriod);
        client.Services.AddSingleton(new ClusterPatience(options.ConnectTimeout));
        client.UseConnectionRetryFilter<ClusterConnection>();
        return string.IsNullOrEmpty(options.ConnectionString)
            ? client.UseStaticClustering([.. options.Gateways])
            : client.UseAdoNetClustering(o =>
            {
                o.Invariant = Invariant;
                o.ConnectionString = new NpgsqlConnectionStringBuilder(options.ConnectionString)
                {
                    ApplicationName = "cdp-producer",
                    SearchPath = Schema,
                    MaxPoolSize = 2,
                    Enlist = false,
                }.ConnectionString;
            });
    }

    private static void Demand(ValidateOptionsResult valid)
    {
        if (valid.Failed)
        {
            throw new OptionsValidationException(
                nameof(CdpProducerOptions),
                typeof(CdpProducerOptions),
                valid.Failures
            );
        }
    }
}
