using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Events;

/// <summary>How events are taken in and handed on.</summary>
public sealed class IngestOptions
{
    /// <summary>Where these options are in the configuration.</summary>
    public const string Section = "Cdp:Ingest";

    /// <summary>How long an event id is known, so that it counts once.</summary>
    /// <value>From 1 hour to 7 days. Default: 25 hours, which leaves 24 at any moment of an hour.</value>
    [Range(typeof(TimeSpan), "01:00:00", "7.00:00:00")]
    public TimeSpan DuplicateRetention { get; init; } = TimeSpan.FromHours(25);

    /// <summary>
    /// Event ids one partition keeps in memory, about 20 bytes each; beyond it the oldest are forgotten before
    /// <see cref="DuplicateRetention"/>, which is logged as a warning.
    /// </summary>
    /// <value>From 10,000 to 1 billion. Default: 10 million, which lasts for 110 events a second all day.</value>
    [Range(10_000, 1_000_000_000)]
    public int EventIdsMax { get; init; } = 10_000_000;

    /// <summary>Events that may wait for one partition's writer; more are refused for now.</summary>
    /// <value>From 2,500 to 1,000,000. Default: 50,000.</value>
    [Range(Limits.AppendBatchMax, 1_000_000)]
    public int WaitingEventsMax { get; init; } = 50_000;

    /// <summary>Events of one partition written in one commit (whole batches; the last may pass it).</summary>
    /// <value>From 1 to 100,000. Default: 5,000.</value>
    [Range(1, 100_000)]
    public int RoundEventsMax { get; init; } = 5_000;

    /// <summary>
    /// Events of one partition and lane that may be in the log and not yet in their durable state (its lag in
    /// <c>/v1/status</c>). While there are more, further ones are refused, to be sent again: HTTP 429 with
    /// <c>Retry-After</c>, for a .NET producer <see cref="LogBehindException"/>.
    /// </summary>
    /// <value>
    /// From 100 to 10 million. Default: 50,000, which is about four seconds of a partition that has a third of 40,000
    /// events a second; with 20,000 such a load is applied a fifth slower.
    /// </value>
    [Range(100, 10_000_000)]
    public int LagEventsMax { get; init; } = 50_000;

    /// <summary>The longest that a producer is told to wait because of <see cref="LagEventsMax"/>.</summary>
    /// <value>From 1 second to 5 minutes. Default: 1 second.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RetryAfterMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Links whose individual one partition keeps in memory.</summary>
    /// <value>From 100 to 10,000,000. Default: 100,000.</value>
    [Range(100, 10_000_000)]
    public int LinkCacheMax { get; init; } = 100_000;
}

[OptionsValidator]
internal sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;
