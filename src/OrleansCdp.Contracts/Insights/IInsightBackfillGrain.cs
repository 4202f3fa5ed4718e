using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Orleans.Concurrency;

namespace OrleansCdp.Insights;

/// <summary>Tells new versions of insights what was done before they were made. One grain, key <c>insights</c>.</summary>
[Alias("cdp.insight-backfill")]
public interface IInsightBackfillGrain : IGrainWithStringKey
{
    /// <summary>The grain's only key.</summary>
    const string Key = "insights";

    /// <summary>Begins, or goes on, if anything is to be done; does not wait for it.</summary>
    [Alias("go-on")]
    Task GoOnAsync();

    /// <summary>How far the versions are that are not complete.</summary>
    [AlwaysInterleave]
    [Alias("progress")]
    Task<ImmutableArray<BackfillProgress>> GetProgressAsync();
}

/// <summary>How far a version of an insight is.</summary>
[GenerateSerializer, Immutable, Alias("cdp.backfill-progress")]
public sealed record BackfillProgress
{
    /// <summary>The insight.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Its version.</summary>
    [Id(1)]
    public required int Version { get; init; }

    /// <summary>What its values are stored under.</summary>
    [Id(2)]
    public required long Revision { get; init; }

    /// <summary>Partitions of the log that are done.</summary>
    [Id(3)]
    public int PartitionsDone { get; init; }

    /// <summary>Partitions there are.</summary>
    [Id(4)]
    public int Partitions { get; init; }

    /// <summary>Events read, of <see cref="EventsToRead"/>.</summary>
    [Id(5)]
    public long Events { get; init; }

    /// <summary>Links that were told.</summary>
    [Id(6)]
    public long Links { get; init; }

    /// <summary>When it began.</summary>
    [Id(7)]
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// What was received before this is no longer in the log, and so not in the version; null where everything is there.
    /// </summary>
    [Id(8)]
    public DateTimeOffset? KnownSince { get; init; }

    /// <summary>What keeps it from going on, for people; null when nothing does.</summary>
    [Id(9)]
    public string? Trouble { get; init; }

    /// <summary>
    /// Links that could not be told, for nobody had them for a minute or their state is damaged: what they did before is not in
    /// the version.
    /// </summary>
    [Id(10)]
    public long LinksNotTold { get; init; }

    /// <summary>
    /// Of an insight over people, the round in which everybody is asked what they add; null before it began
    /// (<see cref="IInsightWalkGrain"/> says how far it is).
    /// </summary>
    [Id(11)]
    public long? Walk { get; init; }

    /// <summary>
    /// Events that have to be read, as far as is known: the log grows, and where a partition has more links than are kept in
    /// memory at once, it is read again for the others.
    /// </summary>
    [Id(12)]
    public long EventsToRead { get; init; }

    /// <summary>In the partition that is next, the hash of the first links that are still to be told. A restart goes on there.</summary>
    [Id(13)]
    [JsonIgnore]
    public ulong From { get; init; }

    /// <summary>What is under way; null between two passes and after a restart.</summary>
    [Id(14)]
    public BackfillPass? Pass { get; init; }

    /// <summary>
    /// How much of that is done, 0 to 100: reading is one half of it, telling the links the other. Null where nothing has to be
    /// read.
    /// </summary>
    public int? Percent =>
        EventsToRead == 0
            ? null
            : (int)(100 * (Events - (Pass?.EventsNotTold ?? 0)) / EventsToRead);
}

/// <summary>Some links of one partition, as many as are kept in memory at once: what they did is read, then they are told.</summary>
[GenerateSerializer, Immutable, Alias("cdp.backfill-pass")]
public sealed record BackfillPass
{
    /// <summary>Events to read: those of the partition.</summary>
    [Id(0)]
    public required long Events { get; init; }

    /// <summary>Events read.</summary>
    [Id(1)]
    public long EventsRead { get; init; }

    /// <summary>Links to tell; null until all is read.</summary>
    [Id(2)]
    public int? Links { get; init; }

    /// <summary>Links that were told, or that nobody had.</summary>
    [Id(3)]
    public int LinksDone { get; init; }

    /// <summary>What is still to be done of <see cref="EventsRead"/>: half of each until its link is told.</summary>
    internal double EventsNotTold =>
        Links is { } links
            ? EventsRead / 2.0 * (links - LinksDone) / Math.Max(links, 1)
            : EventsRead / 2.0;
}
