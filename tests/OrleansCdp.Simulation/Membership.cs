using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net;
using Orleans.Runtime;

namespace OrleansCdp;

/// <summary>The cluster as one silo knows it.</summary>
internal sealed class Membership(int number) : IClusterMembershipService, ILocalSiloDetails
{
    private long version;

    public SiloAddress SiloAddress { get; } =
        SiloAddress.New(new IPEndPoint(IPAddress.Loopback, number), number);

    public SiloAddress GatewayAddress => SiloAddress;

    public string Name => SiloAddress.ToParsableString();

    public string ClusterId => "simulation";

    public string DnsHostName => "localhost";

    public ClusterMembershipSnapshot CurrentSnapshot { get; private set; } =
        new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, new MembershipVersion(0));

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates =>
        throw new NotSupportedException("Nothing simulated listens to it.");

    /// <summary>Hears which silos there are.</summary>
    public void Hear(IEnumerable<string> names) =>
        CurrentSnapshot = new ClusterMembershipSnapshot(
            names
                .Select(SiloAddress.FromParsableString)
                .ToImmutableDictionary(
                    silo => silo,
                    silo => new ClusterMember(silo, SiloStatus.Active, silo.ToParsableString())
                ),
            new MembershipVersion(++version)
        );

    public ValueTask Refresh(
        MembershipVersion minimumVersion = default,
        CancellationToken cancellationToken = default
    ) => ValueTask.CompletedTask;

    public Task<bool> TryKill(SiloAddress siloAddress) =>
        throw new NotSupportedException("Silos are killed by the seed.");
}

/// <summary>Meters that nobody reads.</summary>
internal sealed class UnreadMeters : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose() { }
}
