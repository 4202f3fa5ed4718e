using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Services;

namespace OrleansCdp.Segments;

/// <summary>Where a silo hears of entries and exits that another one has written.</summary>
[Alias("cdp.membership-news")]
internal interface IMembershipListener : IGrainService
{
    /// <summary>Some were written. Best effort: a silo that does not hear it looks for itself, somewhat later.</summary>
    [OneWay]
    [Alias("written")]
    Task NoteWrittenElsewhereAsync();
}

/// <summary>Wakes the reader of this silo.</summary>
internal sealed class MembershipListener(
    GrainId id,
    Silo silo,
    ILoggerFactory loggers,
    MembershipNews news
) : GrainService(id, silo, loggers), IMembershipListener
{
    public Task NoteWrittenElsewhereAsync()
    {
        news.Written.Set();
        return Task.CompletedTask;
    }
}
