using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>
/// The active definitions, compiled, in the memory of this process. Polled by version once a second, so that
/// reading it costs nothing.
/// </summary>
public sealed partial class DefinitionCatalogue(
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<DefinitionCatalogue> logger
) : BackgroundService
{
    private static readonly TimeSpan PollPeriod = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource loaded = new();
    private readonly Lock gate = new();
    private volatile Snapshot current = Snapshot.None;

    /// <summary>The streams by name; empty before the first poll.</summary>
    public FrozenDictionary<string, DataStream> Streams => current.Streams;

    /// <summary>The rulesets by name; empty before the first poll.</summary>
    public FrozenDictionary<string, Ruleset> Rulesets => current.Rulesets;

    /// <summary>The models by name; empty before the first poll.</summary>
    public FrozenDictionary<string, PredictionModel> Models => current.Models;

    /// <summary>The insights that are computed; none before the first poll.</summary>
    public InsightSet Insights => current.Insights.Set;

    /// <summary>The segments that are evaluated; none before the first poll.</summary>
    public SegmentSet Segments => current.Segments.Set;

    /// <summary>Version of the catalogue in use; 0 before the first poll.</summary>
    public long Version => current.Version;

    /// <summary>Partitions of the log; 0 before the first poll.</summary>
    public int PartitionCount => current.PartitionCount;

    /// <summary>Done once the first catalogue is in use.</summary>
    public Task Loaded => loaded.Task;

    /// <summary>Fetches and compiles the newest catalogue now.</summary>
    public async Task RefreshAsync()
    {
        var grain = grains.Definitions();
        Catalogue? newer = await grain.GetCatalogueAsync(current.Version);
        if (newer is null)
        {
            return;
        }

        Snapshot before = current;
        Dictionary<(string Kind, string Name, string Hash), object?> compiled = [];
        foreach (DefinitionVersion definition in newer.Definitions)
        {
            var key = (definition.Kind, definition.Name, definition.Hash);
            compiled[key] = before.Compiled.TryGetValue(key, out object? known)
                ? known
                : Compile(definition);
        }

        FrozenDictionary<string, Ruleset> rulesets = compiled
            .Values.OfType<Ruleset>()
            .ToFrozenDictionary(ruleset => ruleset.Name);
        CompiledInsights insights = before.Insights.Next(
            newer,
            compiled.Values.OfType<DataStream>(),
            compiled.Values.OfType<PredictionModel>(),
            LogRefused
        );
        Snapshot next = new(newer.Version, newer.PartitionCount)
        {
            Streams = compiled
                .Values.OfType<DataStream>()
                .ToFrozenDictionary(
                    stream => stream.Name,
                    stream => stream.Under(rulesets.GetValueOrDefault(stream.Ruleset))
                ),
            Rulesets = rulesets,
            Models = compiled
                .Values.OfType<PredictionModel>()
                .ToFrozenDictionary(model => model.Name),
            Insights = insights,
            Segments = before.Segments.Next(
                newer,
                compiled.Values.OfType<DataStream>(),
                insights.Set,
                LogRefused
            ),
            Compiled = compiled.ToFrozenDictionary(),
        };
        lock (gate)
        {
            // Whoever asked before and was slower must not bring back what was replaced since.
            current = next.Version > current.Version ? next : current;
        }

        loaded.TrySetResult();
    }

    /// <summary>
    /// Finds a stream. One that is not known here may have been defined a moment ago: then the newest catalogue is
    /// fetched first, and nobody is told that there is none because this process has not heard of it.
    /// </summary>
    /// <returns>Null when there is none.</returns>
    public async ValueTask<DataStream?> FindAsync(string name)
    {
        if (!Streams.TryGetValue(name, out DataStream? known))
        {
            await RefreshAsync();
            known = Streams.GetValueOrDefault(name);
        }

        return known;
    }

    /// <summary>Finds a ruleset, as <see cref="FindAsync"/> finds a stream.</summary>
    /// <returns>Null when there is none.</returns>
    public async ValueTask<Ruleset?> FindRulesetAsync(string name)
    {
        if (!Rulesets.TryGetValue(name, out Ruleset? known))
        {
            await RefreshAsync();
            known = Rulesets.GetValueOrDefault(name);
        }

        return known;
    }

    /// <summary>Compiles a text of a segment beside the active definitions; null where it does not compile.</summary>
    public SegmentDefinition? CompileSegment(string name, string text) =>
        Propose(name, text).Segment;

    /// <summary>What a text of a segment would be beside the active definitions.</summary>
    internal ProposedSegment Propose(string name, string text)
    {
        Snapshot beside = current;
        SegmentTexts texts = beside.Segments.Texts.With(name, text);
        var (segment, errors) = texts.Compile(name);
        if (
            segment is not null
            && SegmentOrder
                .Of(
                    beside
                        .Segments.Set.All.Select(one => one.Definition)
                        .Where(one => one.Name != name)
                        .Append(segment)
                )
                .Wrong
                is { } circle
        )
        {
            (segment, errors) = (null, [circle.ErrorIn(segment)]);
        }

        return new(
            segment,
            errors,
            segment is null ? [] : [.. texts.MeasuredBy(segment)],
            beside.Segments.Set,
            beside.Insights.Set
        );
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(PollPeriod, clock);
        do
        {
            try
            {
                await RefreshAsync();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPollFailed(e);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Compiles a definition; null, and a word in the log, when that does not succeed here.</summary>
    private object? Compile(DefinitionVersion definition)
    {
        (object? compiled, ImmutableArray<DefinitionError> errors) = definition.Kind switch
        {
            DefinitionKinds.Stream => DataStream.Compile(definition.Name, definition.Text),
            DefinitionKinds.Ruleset => Ruleset.Compile(definition.Name, definition.Text),
            DefinitionKinds.Model => PredictionModel.Compile(definition.Name, definition.Text),
            // An insight or a segment, which need all streams; or of a program to come.
            _ => ((object?)null, ImmutableArray<DefinitionError>.Empty),
        };
        if (!errors.IsEmpty)
        {
            string reason = errors[0].Message;
            LogNotCompiled(definition.Kind, definition.Name, definition.Version, reason);
        }

        return compiled;
    }

    private void LogRefused(DefinitionVersion version, DefinitionError error) =>
        LogNotCompiled(version.Kind, version.Name, version.Version, error.Message);

    [LoggerMessage(
        LogEvents.DefinitionNotCompiled,
        LogLevel.Error,
        "Active {Kind} definition {Name} v{Version} does not compile here: {Reason}"
    )]
    private partial void LogNotCompiled(string kind, string name, int version, string reason);

    [LoggerMessage(
        LogEvents.CataloguePollFailed,
        LogLevel.Warning,
        "Could not poll definitions; the last known ones stay in use"
    )]
    private partial void LogPollFailed(Exception exception);

    private sealed record Snapshot(long Version, int PartitionCount)
    {
        public static Snapshot None { get; } = new(0, 0);

        public FrozenDictionary<string, DataStream> Streams { get; init; } =
            FrozenDictionary<string, DataStream>.Empty;

        public FrozenDictionary<string, Ruleset> Rulesets { get; init; } =
            FrozenDictionary<string, Ruleset>.Empty;

        public FrozenDictionary<string, PredictionModel> Models { get; init; } =
            FrozenDictionary<string, PredictionModel>.Empty;

        public CompiledInsights Insights { get; init; } = CompiledInsights.None;

        public CompiledSegments Segments { get; init; } = CompiledSegments.None;

        /// <summary>What each text was compiled to, so that it is not compiled again when another one changes.</summary>
        public FrozenDictionary<(string, string, string), object?> Compiled { get; init; } =
            FrozenDictionary<(string, string, string), object?>.Empty;
    }
}
