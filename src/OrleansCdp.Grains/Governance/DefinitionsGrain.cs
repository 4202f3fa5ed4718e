using System.Collections.Immutable;
using System.Globalization;
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
    }

    public async Task<PutResult> PutAsync(string kind, string name, string text, string author)
    {
        PutResult result = await TryPutAsync(kind, name, text, author);
        if (!result.Changed)
        {
            return result;
        }

        DefinitionVersion next = result.Active!;
        await StoreAsync(stored.State.With(next, KnowsAll(next)));
        LogPut(kind, name, next.Version, author);
        return result with { Active = stored.State.Active(kind, name) };
    }

    public async Task<PutResult> TryPutAsync(string kind, string name, string text, string author)
    {
        if (kind == DefinitionKinds.Segment)
        {
            throw new ArgumentException("Segments are drafted and reviewed.", nameof(kind));
        }

        ImmutableArray<DefinitionError> errors = Check.Check(kind, name, text);
        if (errors.IsEmpty && kind == DefinitionKinds.Ruleset)
        {
            errors = await CheckLiveAsync(name, text);
        }

        if (!errors.IsEmpty)
        {
            return new PutResult { Errors = errors };
        }

        DefinitionVersion next = VersionOf(kind, name, text, author);
        DefinitionVersion? active = stored.State.Active(kind, name);
        return active is not null && active.Hash == next.Hash
            ? new PutResult { Active = active }
            : new PutResult { Active = next, Changed = true };
    }

    public Task CompleteAsync(ImmutableArray<CompleteVersion> versions) =>
        StoreAsync(stored.State.Completing(versions));

    public async Task<ReviewResult> DraftSegmentAsync(string name, string text, string author)
    {
        var (next, result) = Draft(name, text, author);
        await StoreAsync(next);
        if (result.Changed)
        {
            LogDrafted(author, name, result.Version!.Version);
        }

        return result;
    }

    public Task<SegmentPlan> PlanSegmentAsync(string name, string text, string author)
    {
        var (next, result) = Draft(name, text, author);
        return Task.FromResult(
            new SegmentPlan(
                result,
                Reviews.TextOf(name, version: null),
                result.Version is { } planned
                    ? new SegmentReviews(next).TextOf(name, planned.Version)
                    : null
            )
        );
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

    private (DefinitionsState Next, ReviewResult Result) Draft(
        string name,
        string text,
        string author
    ) => Reviews.Draft(name, VersionOf(DefinitionKinds.Segment, name, text, author));

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
        }
        catch
        {
            stored.State = before; // Not stored, so not active.
            DeactivateOnIdle();
            throw;
        }
    }

    private DefinitionCheck Check => new(stored.State);

    private void Seed(string kind, IReadOnlyDictionary<string, string> shipped, bool isNew)
    {
        foreach ((string name, string text) in shipped)
        {
            if (stored.State.Active(kind, name) is null)
            {
                DefinitionVersion next = VersionOf(kind, name, text, "shipped");
                stored.State = stored.State.With(
                    next,
                    isNew ? kind == DefinitionKinds.Insight : KnowsAll(next)
                );
            }
        }
    }

    /// <summary>
    /// What a version leaves out would stop comparing at once, before anybody makes it live. So where records are
    /// compared it cannot be left out.
    /// </summary>
    private async Task<ImmutableArray<DefinitionError>> CheckLiveAsync(string name, string text)
    {
        Ruleset next = Ruleset.Compile(name, text).Ruleset!;
        Ruleset? before = stored.State.Active(DefinitionKinds.Ruleset, name) is { } active
            ? Ruleset.Compile(name, active.Text).Ruleset
            : null;
        List<DefinitionError> errors = [];
        if (next.Fuzzy is null && await IsLiveAsync(name))
        {
            errors.Add(
                new(
                    "fuzzy",
                    $"Records are compared by `{name}`; without `fuzzy` that would end at once. Put these rules under "
                        + "another name, and let the streams name that.",
                    0,
                    0
                )
            );
        }

        foreach (string finder in (before?.FindableBy ?? []).Except([.. next.FindableBy, name]))
        {
            if (await IsLiveAsync(finder))
            {
                errors.Add(
                    new(
                        "findableBy",
                        $"Records of `{name}` are found by `{finder}`; without it that would end at once. Put these "
                            + "rules under another name, and let the streams name that.",
                        0,
                        0
                    )
                );
            }
        }

        return [.. errors];
    }

    private async Task<bool> IsLiveAsync(string ruleset) =>
        await matches.FindAsync(ruleset, CancellationToken.None) is not null;

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

    private DefinitionVersion VersionOf(string kind, string name, string text, string author) =>
        new()
        {
            Kind = kind,
            Name = name,
            Version = (stored.State.Active(kind, name)?.Version ?? 0) + 1,
            Text = text,
            Hash = HashOf(text),
            Author = author,
            At = clock.GetUtcNow(),
        };

    private static string HashOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether a version knows everything from the start: an insight over records, which are kept.</summary>
    private bool KnowsAll(DefinitionVersion next) =>
        next.Kind == DefinitionKinds.Insight && Check.IsOverRecords(next);

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
