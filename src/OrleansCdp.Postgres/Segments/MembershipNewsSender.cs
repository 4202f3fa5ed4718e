using Orleans.Runtime;
using Orleans.Runtime.Services;

namespace OrleansCdp.Segments;

/// <summary>
/// Tells the other silos that entries or exits were written here: at once, and not more often than every <see cref="Period"/> however
/// many there are. None of them answers, and nobody waits.
/// </summary>
internal sealed class MembershipNewsSender(
    IServiceProvider services,
    IClusterMembershipService membership,
    ILocalSiloDetails local,
    MembershipNews news,
    TimeProvider clock
) : GrainServiceClient<IMembershipListener>(services), IBackgroundLoop
{
    /// <summary>How soon at the earliest they are told again.</summary>
    internal static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    public string Name => "teller of entries and exits that were written";

    public async Task RunAsync(CancellationToken stop)
    {
        long told = 0;
        while (await news.WrittenHere.WaitAsync(told, Timeout.InfiniteTimeSpan, clock, stop))
        {
            told = news.WrittenHere.Times;
            await TellAsync();
            await Task.Delay(Period, clock, stop);
        }
    }

    private Task TellAsync() =>
        Task.WhenAll(
            membership
                .CurrentSnapshot.Members.Values.Where(member =>
                    member.Status == SiloStatus.Active
                    && !member.SiloAddress.Equals(local.SiloAddress)
                )
                .Select(member => GetGrainService(member.SiloAddress).NoteWrittenElsewhereAsync())
        );
}
