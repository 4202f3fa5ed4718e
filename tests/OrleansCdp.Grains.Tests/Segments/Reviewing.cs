using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Segments;

/// <summary>Definitions, and segments that are reviewed among them.</summary>
internal sealed class Reviewing
{
    public const string Author = "ada";
    public const string Reviewer = "grace";

    /// <summary>Buys often; it measures something, so insights are made for it.</summary>
    public const string Buyers = "criteria: count(SalesOrder within last 90 days) >= 2";

    /// <summary>Another text of the same.</summary>
    public const string FewBuyers = "criteria: count(SalesOrder within last 30 days) >= 2";

    private Reviewing(
        DefinitionsGrain grain,
        FakeState<DefinitionsState> state,
        FakePreviews previews
    ) => (Grain, State, Previews) = (grain, state, previews);

    public DefinitionsGrain Grain { get; }

    public FakeState<DefinitionsState> State { get; }

    public FakePreviews Previews { get; }

    public static async Task<Reviewing> BeginAsync()
    {
        FakeState<DefinitionsState> state = new();
        FakePreviews previews = new();
        DefinitionsGrain grain = new(
            state,
            new LogShape(Partitions.CountDefault),
            new NothingMatches(),
            previews,
            TimeProvider.System,
            NullLogger<DefinitionsGrain>.Instance
        );
        await grain.OnActivateAsync(default);
        return new Reviewing(grain, state, previews);
    }

    /// <summary>Writes a version.</summary>
    public async Task<int> DraftAsync(string name, string text, string author = Author)
    {
        ReviewResult result = await Grain.DraftSegmentAsync(name, text, author);
        result.Errors.ShouldBeEmpty();
        return result.Version!.Version;
    }

    /// <summary>Takes a step that is to succeed.</summary>
    public async Task<SegmentVersion> TakeAsync(
        string name,
        int version,
        ReviewStepKind kind,
        string by = Reviewer
    )
    {
        ReviewResult result = await TryAsync(name, version, kind, by);
        result.Refusal.ShouldBeNull();
        return result.Version!;
    }

    public Task<ReviewResult> TryAsync(
        string name,
        int version,
        ReviewStepKind kind,
        string by = Reviewer,
        string? reason = "Because."
    ) => Grain.ReviewSegmentAsync(name, version, new ReviewRequest(kind, by, reason));

    /// <summary>Writes a version and has it reviewed until it decides.</summary>
    public async Task<int> ActivateAsync(string name, string text)
    {
        int version = await ApproveAsync(name, text);
        await TakeAsync(name, version, ReviewStepKind.Activate);
        return version;
    }

    /// <summary>Writes a version and has it reviewed.</summary>
    public async Task<int> ApproveAsync(string name, string text)
    {
        int version = await DraftAsync(name, text);
        await TakeAsync(name, version, ReviewStepKind.Submit, Author);
        await TakeAsync(name, version, ReviewStepKind.Approve);
        return version;
    }

    /// <summary>The states of a segment's versions, oldest first.</summary>
    public async Task<ReviewState[]> StatesAsync(string name) =>
        [.. (await Grain.GetSegmentVersionsAsync(name)).Select(version => version.State)];

    /// <summary>The versions that decide, by name.</summary>
    public async Task<(string Name, int Version, long Revision)[]> DecidingAsync() =>
        [
            .. (await CatalogueAsync())
                .Definitions.Where(version => version.Kind == DefinitionKinds.Segment)
                .Select(version => (version.Name, version.Version, version.Revision)),
        ];

    /// <summary>Insights that segments make.</summary>
    public async Task<string[]> DerivedAsync() =>
        [
            .. (await CatalogueAsync())
                .Definitions.Where(version => version.IsDerived)
                .Select(version => version.Text),
        ];

    public async Task<Catalogue> CatalogueAsync() => (await Grain.GetCatalogueAsync(-1))!;
}
