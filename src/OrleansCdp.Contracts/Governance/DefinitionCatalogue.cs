using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>
/// The active data streams and rulesets, compiled, in the memory of this process. Polled by version once a second, so that
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
    private volatile Snapshot current = Snapshot.None;

    /// <summary>The streams by name; empty before the first poll.</summary>
    public FrozenDictionary<string, DataStream> Streams => current.Streams;

    /// <summary>The rulesets by name; empty before the first poll.</summary>
    public FrozenDictionary<string, Ruleset> Rulesets => current.Rulesets;

    /// <summary>Version of the catalogue in use; 0 before the first poll.</summary>
    public long Version => current.Version;

    /// <summary>Partitions of the log; 0 before the first poll.</summary>
    public int PartitionCount => current.PartitionCount;

    /// <summary>Done once the first catalogue is in use.</summary>
    public Task Loaded => loaded.Task;

    /// <summary>Fetches and compiles the newest catalogue now.</summary>
    public async Task RefreshAsync()
    {
        var grain = grains.GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key);
        Catalogue? newer = await grain.GetCatalogueAsync(current.Version);
        if (newer is null)
        {
            return;
        }

        Dictionary<string, DataStream> streams = [];
        Dictionary<string, Ruleset> rulesets = [];
        foreach (DefinitionVersion definition in newer.Definitions)
        {
            ImmutableArray<DefinitionError> errors = definition.Kind switch
            {
                DefinitionKinds.Stream => Add(
                    streams,
                    definition.Name,
                    DataStream.Compile(definition.Name, definition.Text)
                ),
                DefinitionKinds.Ruleset => Add(
                    rulesets,
                    definition.Name,
                    Ruleset.Compile(definition.Name, definition.Text)
                ),
                _ => [], // Of a program to come: nothing here asks for it.
            };
            if (!errors.IsEmpty)
            {
                string reason = errors[0].Message;
                LogNotCompiled(definition.Kind, definition.Name, definition.Version, reason);
            }
        }

        current = new Snapshot(newer.Version, newer.PartitionCount)
        {
            Streams = streams.Values.ToFrozenDictionary(
                stream => stream.Name,
                stream => stream.Under(rulesets.GetValueOrDefault(stream.Ruleset))
            ),
            Rulesets = rulesets.ToFrozenDictionary(),
        };
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

    private static ImmutableArray<DefinitionError> Add<T>(
        Dictionary<string, T> compiled,
        string name,
        (T? Definition, ImmutableArray<DefinitionError> Errors) outcome
    )
        where T : class
    {
        if (outcome.Definition is { } definition)
        {
            compiled[name] = definition;
        }

        return outcome.Errors;
    }

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
    }
}
