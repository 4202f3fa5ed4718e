using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>Keeps the definitions. A new database starts with the shipped ones.</summary>
[GrainType("cdp.definitions")]
[KeepAlive]
internal sealed partial class DefinitionsGrain(
    [PersistentState("definitions")] IPersistentState<DefinitionsState> stored,
    LogShape shape,
    IMatchStore matches,
    ISegmentPreviews previews,
    TimeProvider clock,
    ILogger<DefinitionsGrain> logger
) : Grain, IDefinitionsGrain
{
    // What plans begin with, which have their turns also while something else is being written.
    private DefinitionsState written = new();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        long before = stored.State.Version;
        // In a new database nothing can have happened yet, so the insights it begins with know everything.
        bool isNew = before == 0;
        Seed(DefinitionKinds.Ruleset, ShippedRulesets.All, isNew);
        Seed(DefinitionKinds.Stream, ShippedDefinitions.All, isNew);
        Seed(DefinitionKinds.Insight, ShippedInsights.All, isNew);
        if (stored.State.Version > before)
        {
            await stored.WriteStateAsync(cancellationToken);
        }

        written = stored.State;
    }

    public async Task<PutResult> PutAsync(string kind, string name, string text, string author)
    {
        DefinitionVersion put = VersionOf(stored.State, new(kind, name, text), author);
        var (next, result) = await new DefinitionPuts(stored.State, matches).PutAsync(put);
        await StoreAsync(next);
        if (result.Changed)
        {
            LogPut(kind, name, put.Version, author);
        }

        return result;
    }

    public async Task<ImmutableArray<PlannedDefinition>> PlanAsync(
        ImmutableArray<ProposedDefinition> texts,
        string author,
        CancellationToken cancel
    )
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            texts.Length,
            IDefinitionsGrain.PlannedMax,
            nameof(texts)
        );
        DefinitionsState state = written;
        PlannedDefinition[] planned = new PlannedDefinition[texts.Length];
        int[] left = [.. Enumerable.Range(0, texts.Length)];
        for (int round = 0; round < IDefinitionsGrain.PlanRoundsMax; round++)
        {
            foreach (int i in left)
            {
                (state, planned[i]) = await PlanAsync(state, texts[i], author);
                await Task.Yield(); // Others have their turns between two texts.
                cancel.ThrowIfCancellationRequested();
            }

            int[] refused = [.. left.Where(i => IsRefused(planned[i]))];
            if (refused.Length == left.Length || refused.Length == 0)
            {
                break;
            }

            left = refused;
        }

        return [.. planned];
    }

    public Task CompleteAsync(ImmutableArray<CompleteVersion> versions) =>
        StoreAsync(stored.State.Completing(versions));

    public async Task<ReviewResult> DraftSegmentAsync(string name, string text, string author)
    {
        var (next, result) = Reviews.Draft(
            name,
            VersionOf(stored.State, new(DefinitionKinds.Segment, name, text), author)
        );
        await StoreAsync(next);
        if (result.Changed)
        {
            LogDrafted(author, name, result.Version!.Version);
        }

        return result;
    }

    public async Task<ReviewResult> ReviewSegmentAsync(
        string name,
        int version,
        ReviewRequest request
    )
    {
        SegmentPreview? preview =
            request.Kind == ReviewStepKind.Activate
            && stored.State.ReviewOf(name).Find(version) is { } activated
                ? await previews.FindAsync(activated)
                : null;
        var (next, result) = Reviews.Take(name, version, request, clock.GetUtcNow(), preview);
        await StoreAsync(next);
        if (result.Changed)
        {
            LogReviewed(request.By, request.Kind, name, version);
        }

        return result;
    }

    public Task<ReviewDifference?> CompareSegmentAsync(string name, int? from, int? to) =>
        Task.FromResult(Reviews.Compare(name, from, to));

    public Task<ImmutableArray<SegmentVersion>> GetSegmentVersionsAsync(string name) =>
        Task.FromResult(stored.State.ReviewOf(name).Versions);

    public Task<ImmutableArray<SegmentVersion>> GetOpenVersionsAsync() =>
        Task.FromResult(
            stored
                .State.Segments.Where(version =>
                    version.IsOpen
                    && version.Base
                        == (
                            stored.State.Active(DefinitionKinds.Segment, version.Name)?.Version ?? 0
                        )
                )
                .OrderBy(version => version.Name, StringComparer.Ordinal)
                .ThenBy(version => version.Version)
                .Select(version => version with { Text = "" })
                .ToImmutableArray()
        );

    public Task<ImmutableArray<DefinitionVersion>> GetVersionsAsync(string kind, string name) =>
        Task.FromResult(
            stored
                .State.Versions.Where(version => version.Kind == kind && version.Name == name)
                .ToImmutableArray()
        );

    public Task<Catalogue?> GetCatalogueAsync(long known) =>
        Task.FromResult(
            known == stored.State.Version
                ? null
                : new Catalogue
                {
                    Version = stored.State.Version,
                    PartitionCount = shape.PartitionCount,
                    Definitions = [.. stored.State.AllActive()],
                    Former = [.. stored.State.Former()],
                    Activations = stored.State.Activations,
                }
        );

    private SegmentReviews Reviews => new(stored.State);

    private async Task<(DefinitionsState Next, PlannedDefinition Planned)> PlanAsync(
        DefinitionsState state,
        ProposedDefinition text,
        string author
    )
    {
        DefinitionVersion put = VersionOf(state, text, author);
        if (text.Kind != DefinitionKinds.Segment)
        {
            var (with, result) = await new DefinitionPuts(state, matches).PutAsync(put);
            return (with, new PlannedDefinition(result, Segment: null));
        }

        SegmentReviews reviews = new(state);
        var (next, draft) = reviews.Draft(text.Name, put);
        SegmentPlan plan = new(
            draft,
            reviews.TextOf(text.Name, version: null),
            draft.Version is { } planned ? reviews.TextOf(planned) : null
        );
        return (next, new PlannedDefinition(Put: null, plan));
    }

    private static bool IsRefused(PlannedDefinition planned) =>
        planned.Segment is { } segment
            ? segment.Result.Version is null
            : planned.Put!.Active is null;

    private async Task StoreAsync(DefinitionsState next)
    {
        DefinitionsState before = stored.State;
        if (next == before)
        {
            return;
        }

        try
        {
            stored.State = next;
            await stored.WriteStateAsync();
            written = next;
        }
        catch
        {
            stored.State = before; // Not stored, so not active.
            DeactivateOnIdle();
            throw;
        }
    }

    private void Seed(string kind, IReadOnlyDictionary<string, string> shipped, bool isNew)
    {
        foreach ((string name, string text) in shipped)
        {
            if (stored.State.Active(kind, name) is null)
            {
                DefinitionVersion next = VersionOf(stored.State, new(kind, name, text), "shipped");
                stored.State = stored.State.With(
                    next,
                    isNew
                        ? kind == DefinitionKinds.Insight
                        : new DefinitionCheck(stored.State).KnowsAll(next)
                );
            }
        }
    }

    /// <summary>The first version of an insight that a segment makes.</summary>
    public static DefinitionVersion FirstOf(DerivedInsight insight, DateTimeOffset at) =>
        new()
        {
            Kind = DefinitionKinds.Insight,
            Name = insight.Name,
            Version = 1,
            Text = insight.Text,
            Hash = HashOf(insight.Text),
            Author = "segments",
            At = at,
        };

    private DefinitionVersion VersionOf(
        DefinitionsState state,
        ProposedDefinition text,
        string author
    ) =>
        new()
        {
            Kind = text.Kind,
            Name = text.Name,
            Version = (state.Active(text.Kind, text.Name)?.Version ?? 0) + 1,
            Text = text.Text,
            Hash = HashOf(text.Text),
            Author = author,
            At = clock.GetUtcNow(),
        };

    private static string HashOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    [LoggerMessage(
        LogEvents.DefinitionPut,
        LogLevel.Information,
        "{Author} made {Kind} {Name} v{Version} active"
    )]
    private partial void LogPut(string kind, string name, int version, string author);

    [LoggerMessage(
        LogEvents.SegmentDrafted,
        LogLevel.Information,
        "{Author} wrote segment {Name} v{Version}"
    )]
    private partial void LogDrafted(string author, string name, int version);

    [LoggerMessage(
        LogEvents.SegmentReviewed,
        LogLevel.Information,
        "{By} did {Step} with segment {Name} v{Version}"
    )]
    private partial void LogReviewed(string by, ReviewStepKind step, string name, int version);
}
