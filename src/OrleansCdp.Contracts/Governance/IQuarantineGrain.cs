using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What was refused, kept with its reason until it is replayed. Stateless: key 0.</summary>
[Alias("cdp.quarantine")]
public interface IQuarantineGrain : IGrainWithIntegerKey
{
    /// <summary>Most items of one list or one add.</summary>
    const int ItemsMax = 2_500;

    /// <summary>Bytes kept of a payload; of a larger one the beginning is kept and it cannot be replayed.</summary>
    const int PayloadBytesMax = 64 * 1024;

    /// <summary>
    /// The stream that those items are kept under which name none that there is. No stream can have this name.
    /// </summary>
    const string NoStream = "(none)";

    /// <summary>Keeps items, durable when it returns.</summary>
    [Alias("add")]
    Task AddAsync(Immutable<QuarantineItem[]> items);

    /// <summary>Items that were not replayed, oldest first.</summary>
    [Alias("list")]
    Task<ImmutableArray<QuarantineItem>> ListAsync(QuarantineFilter filter);

    /// <summary>Notes that items went through after all: they leave the list, and the count.</summary>
    [Alias("replayed")]
    Task MarkReplayedAsync(ImmutableArray<long> ids);
}

/// <summary>How a quarantined payload goes in again.</summary>
public enum QuarantineOrigin
{
    /// <summary>A record as sent to <c>/v1/streams</c>: JSON text.</summary>
    Record = 0,

    /// <summary>A message of the tracking API: JSON text.</summary>
    Message = 1,

    /// <summary>An admitted event refused by the fold: a <see cref="Events.LinkEvent"/> as JSON.</summary>
    Event = 2,

    /// <summary>A CloudEvent in structured mode: JSON text, with the envelope that names and dates it.</summary>
    CloudEvent = 3,

    /// <summary>
    /// A row of a CSV file, byte for byte, that does not fit its header or is not UTF-8. It cannot go in again: the
    /// file has to be mended and sent anew.
    /// </summary>
    Row = 4,
}

/// <summary>One refused event.</summary>
[GenerateSerializer, Immutable, Alias("cdp.quarantine-item")]
public sealed record QuarantineItem
{
    /// <summary>Given by the store.</summary>
    [Id(0)]
    public long Id { get; init; }

    /// <summary>The data stream it was sent to.</summary>
    [Id(1)]
    public required string Stream { get; init; }

    /// <summary>A <see cref="Events.ReasonCodes"/> value.</summary>
    [Id(2)]
    public required string Code { get; init; }

    /// <summary>The reason in words, without personal data.</summary>
    [Id(3)]
    public required string Message { get; init; }

    /// <summary>JSON pointer to the offending value, or null.</summary>
    [Id(4)]
    public string? Pointer { get; init; }

    /// <summary>How to replay it.</summary>
    [Id(5)]
    public QuarantineOrigin Origin { get; init; }

    /// <summary>The payload, at most <see cref="IQuarantineGrain.PayloadBytesMax"/>.</summary>
    [Id(6)]
    public required byte[] Payload { get; init; }

    /// <summary>Whether the payload is only the beginning of what was sent.</summary>
    [Id(7)]
    public bool Truncated { get; init; }

    /// <summary>When it was refused.</summary>
    [Id(8)]
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// Where the event is in the log: it was counted as received there, and enters quarantine once however often it is
    /// delivered. Null for what never came that far.
    /// </summary>
    [Id(9)]
    public LogPosition? Position { get; init; }
}

/// <summary>Which items to list. Null means any.</summary>
[GenerateSerializer, Immutable, Alias("cdp.quarantine-filter")]
public sealed record QuarantineFilter
{
    /// <summary>Data stream.</summary>
    [Id(0)]
    public string? Stream { get; init; }

    /// <summary>Reason code.</summary>
    [Id(1)]
    public string? Code { get; init; }

    /// <summary>Refused at or after.</summary>
    [Id(2)]
    public DateTimeOffset? From { get; init; }

    /// <summary>Refused before.</summary>
    [Id(3)]
    public DateTimeOffset? To { get; init; }

    /// <summary>Only ids above this one.</summary>
    [Id(4)]
    public long After { get; init; }

    /// <summary>At most this many, up to <see cref="IQuarantineGrain.ItemsMax"/>.</summary>
    [Id(5)]
    public int Limit { get; init; } = 100;

    /// <summary>Only these ids; empty for any.</summary>
    [Id(6)]
    public ImmutableArray<long> Ids { get; init; } = [];
}
