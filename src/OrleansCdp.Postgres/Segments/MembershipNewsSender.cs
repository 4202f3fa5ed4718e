using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Runtime.Services;

namespace OrleansCdp.Segments;

/// <summary>
/// Tells the other silos that entries or exits were written here: at once, and not more often than every <see cref="Period"/> however
/// many there are. None of them answers, and nobody waits.
/// </summary>
internal sealed partial class MembershipNewsSender(
    IServiceProvider services,
    IClusterMembershipService membership,
    ILocalSiloDetails local,
    MembershipNews news,
    TimeProvider clock,
    ILogger<MembershipNewsSender> logger
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
            foreach (SiloAddress silo in Others())
            {
                await TellAsync(silo);
            }

            await Task.Delay(Period, clock, stop);
        }
    }

    private SiloAddress[] Others() =>
        [
            .. membership
                .CurrentSnapshot.Members.Values.Where(member =>
                    member.Status == SiloStatus.Active
                    && !member.SiloAddress.Equals(local.SiloAddress)
                )
                .Select(member => member.SiloAddress),
        ];

    /// <summary>A silo that cannot be told looks for itself, somewhat later: it keeps nobody else from hearing of it.</summary>
    private async Task TellAsync(SiloAddress silo)
    {
        try
        {
            await GetGrainService(silo).NoteWrittenElsewhereAsync();
        }
        catch (Exception e)
        {
            LogNotTold(silo, e);
        }
    }

    [LoggerMessage(
        LogEvents.MembershipNewsNotTold,
        LogLevel.Warning,
        "{Silo} could not be told of entries and exits; it looks for itself within 20 s"
    )]
    private partial void LogNotTold(SiloAddress silo, Exception exception);
}
