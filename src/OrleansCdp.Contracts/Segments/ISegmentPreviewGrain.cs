using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>
/// Previews of one segment: whom a text would move if it were active, found by looking at every stored individual. The key is the
/// segment's name. They are kept in memory, for <see cref="SegmentPreview.ValidFor"/> or until the silo ends: made again they cost
/// a minute.
/// </summary>
[Alias("cdp.segment-preview")]
public interface ISegmentPreviewGrain : IGrainWithStringKey
{
    /// <summary>Previews that are kept of one segment; of more the oldest is forgotten, one that is under way last.</summary>
    const int KeptMax = 8;

    /// <summary>Longest that somebody waits for one that is under way.</summary>
    static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    /// <summary>The preview of a text: the one there is, as far as it is, or a new one that begins.</summary>
    /// <param name="request">The text.</param>
    /// <param name="wait">How long to wait for its end; at most <see cref="WaitMax"/>.</param>
    [ResponseTimeout("00:01:00")] // more than WaitMax
    [Alias("preview")]
    Task<SegmentPreview> PreviewAsync(PreviewRequest request, TimeSpan wait);

    /// <summary>A preview that there is; null for none.</summary>
    /// <param name="hash">Of the text.</param>
    /// <param name="base">The version that was active.</param>
    [AlwaysInterleave]
    [ResponseTimeout(IUnifiedIndividualGrain.ReadTimeMax)]
    [Alias("find")]
    Task<SegmentPreview?> FindAsync(string hash, int @base);
}

/// <summary>A text that is to be previewed.</summary>
/// <param name="Text">The text of a segment.</param>
/// <param name="Hash">Its hash, as <see cref="SegmentVersion.Hash"/>.</param>
/// <param name="Version">The version it is, or would be.</param>
/// <param name="Base">The version that is active; 0 for none.</param>
/// <param name="Anew">Whether one that there is, and that has ended, is to be made once more.</param>
[GenerateSerializer, Immutable, Alias("cdp.preview-request")]
public sealed record PreviewRequest(
    [property: Id(0)] string Text,
    [property: Id(1)] string Hash,
    [property: Id(2)] int Version,
    [property: Id(3)] int Base,
    [property: Id(4)] bool Anew
);

/// <summary>How far a preview is.</summary>
public enum PreviewState
{
    /// <summary>It waits for another one.</summary>
    Waiting = 0,

    /// <summary>Some were looked at.</summary>
    Running = 1,

    /// <summary>Everybody was.</summary>
    Done = 2,

    /// <summary>It broke off; asked for again it begins anew.</summary>
    Failed = 3,

    /// <summary>Something the text asks for does not know of the past yet, so nothing can be said.</summary>
    NotReady = 4,

    /// <summary>The text does not compile.</summary>
    DoesNotCompile = 5,
}

/// <summary>Whom a text would move if it were active, and whom it would have moved when that was found.</summary>
[GenerateSerializer, Immutable, Alias("cdp.segment-preview-state")]
public sealed record SegmentPreview
{
    /// <summary>How long it counts after it has ended: what was seen days ago is not what would happen.</summary>
    public static readonly TimeSpan ValidFor = TimeSpan.FromHours(24);

    /// <summary>The text's hash.</summary>
    [Id(0)]
    public required string Hash { get; init; }

    /// <summary>The version that was active; 0 for none.</summary>
    [Id(1)]
    public required int Base { get; init; }

    /// <summary>How far it is.</summary>
    [Id(2)]
    public required PreviewState State { get; init; }

    /// <summary>When it began; every individual is looked at as of then.</summary>
    [Id(3)]
    public required DateTimeOffset At { get; init; }

    /// <summary>When it ended; null before.</summary>
    [Id(4)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What was found so far.</summary>
    [Id(5)]
    public PreviewCounts Counts { get; init; } = PreviewCounts.None;

    /// <summary>Individuals whose stored state is damaged: they are not counted.</summary>
    [Id(6)]
    public long Damaged { get; init; }

    /// <summary>What the text costs to evaluate, in parts of its criteria.</summary>
    [Id(7)]
    public int Cost { get; init; }

    /// <summary>What the active version costs; null for none.</summary>
    [Id(8)]
    public int? BaseCost { get; init; }

    /// <summary>
    /// The share of the population above which its activation is to be confirmed: what the text says, or what the active version
    /// (where none is, the default) says where that is less.
    /// </summary>
    [Id(9)]
    public decimal ConfirmAbove { get; init; }

    /// <summary>Segments that ask for it, also by others.</summary>
    [Id(10)]
    public ImmutableArray<string> Askers { get; init; } = [];

    /// <summary>Active definitions that decided with it. Where one of them is another now it does not count any more.</summary>
    [Id(11)]
    public ImmutableArray<PreviewedWith> Beside { get; init; } = [];

    /// <summary>What does not know of the past yet: insights by name, measures by how they are written.</summary>
    [Id(12)]
    public ImmutableArray<string> NotReady { get; init; } = [];

    /// <summary>Whether some of that will be read from the log once the text is submitted, and not before.</summary>
    [Id(13)]
    public bool IsToBeSubmitted { get; init; }

    /// <summary>What is wrong with the text.</summary>
    [Id(14)]
    public ImmutableArray<DefinitionError> Errors { get; init; } = [];

    /// <summary>Why it broke off, as the kind of failure: the silo's log says more. Null where it did not.</summary>
    [Id(15)]
    public string? Trouble { get; init; }

    /// <summary>Individuals whose segments could not be evaluated: they stay where they are, and are not counted.</summary>
    [Id(16)]
    public long NotEvaluated { get; init; }

    /// <summary>Whether it moves so many that whoever activates it has to say how many.</summary>
    public bool NeedsConfirmation => Counts.Share > ConfirmAbove;
}

/// <summary>A definition that a preview rests on.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">The version that was active.</param>
[GenerateSerializer, Immutable, Alias("cdp.previewed-with")]
public sealed record PreviewedWith(
    [property: Id(0)] string Kind,
    [property: Id(1)] string Name,
    [property: Id(2)] int Version
);
