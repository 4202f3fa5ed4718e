using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>One version of a segment, with every step of its review.</summary>
[GenerateSerializer, Immutable, Alias("cdp.segment-version")]
public sealed record SegmentVersion
{
    /// <summary>The segment.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>From 1.</summary>
    [Id(1)]
    public required int Version { get; init; }

    /// <summary>As written by its author.</summary>
    [Id(2)]
    public required string Text { get; init; }

    /// <summary>Lower-case hex SHA-256 of the text; files and server agree on it.</summary>
    [Id(3)]
    public required string Hash { get; init; }

    /// <summary>How far its review is.</summary>
    [Id(4)]
    public required ReviewState State { get; init; }

    /// <summary>
    /// The version that was active when this one was written; 0 for none. When it is activated that has to be so still: else what
    /// was reviewed is not what would change.
    /// </summary>
    [Id(5)]
    public required int Base { get; init; }

    /// <summary>What was done with it, oldest first; the first is who wrote it. At most <see cref="StepsMax"/>.</summary>
    [Id(6)]
    public required ImmutableArray<ReviewStep> Steps { get; init; }

    /// <summary>Names of the insights that its measures and sequences are, once it was submitted.</summary>
    [Id(7)]
    public ImmutableArray<string> Derived { get; init; } = [];

    /// <summary>Steps that are kept of one version: the first, and the latest.</summary>
    public const int StepsMax = 100;

    /// <summary>Whether nobody has decided about it yet: it is a draft, or under review.</summary>
    public bool IsOpen => State.IsOpen();

    /// <summary>Who wrote it.</summary>
    public string Author => Steps[0].By;
}

/// <summary>Something somebody did with a version.</summary>
/// <param name="Kind">What.</param>
/// <param name="By">Who: the name of the key or person.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why; null where nobody said.</param>
[GenerateSerializer, Immutable, Alias("cdp.review-step")]
public sealed record ReviewStep(
    [property: Id(0)] ReviewStepKind Kind,
    [property: Id(1)] string By,
    [property: Id(2)] DateTimeOffset At,
    [property: Id(3)] string? Reason
)
{
    /// <summary>Of an activation, whom the preview said it would move; null elsewhere.</summary>
    [Id(4)]
    public PreviewedMoves? Previewed { get; init; }
}

/// <summary>Whom an activation was to move when it was decided.</summary>
/// <param name="At">The moment of the preview.</param>
/// <param name="Individuals">The population.</param>
/// <param name="Entering">Who would enter.</param>
/// <param name="Leaving">Who would leave.</param>
/// <param name="ChangingTier">Who would go to another tier.</param>
[GenerateSerializer, Immutable, Alias("cdp.previewed-moves")]
public sealed record PreviewedMoves(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] long Individuals,
    [property: Id(2)] long Entering,
    [property: Id(3)] long Leaving,
    [property: Id(4)] long ChangingTier
);

/// <summary>What can be done with a version.</summary>
public enum ReviewStepKind
{
    /// <summary>It was written.</summary>
    Draft = 0,

    /// <summary>Its review was asked for.</summary>
    Submit = 1,

    /// <summary>Another person than its author found it right.</summary>
    Approve = 2,

    /// <summary>It was found wrong; a reason is said.</summary>
    Reject = 3,

    /// <summary>It decides who is a member from now on.</summary>
    Activate = 4,

    /// <summary>The version before it decides again.</summary>
    Rollback = 5,

    /// <summary>The segment is not evaluated any more.</summary>
    Retire = 6,
}

/// <summary>How far a version is.</summary>
public enum ReviewState
{
    /// <summary>Written, and not yet to be reviewed.</summary>
    Draft = 0,

    /// <summary>To be reviewed.</summary>
    Submitted = 1,

    /// <summary>Found right, and not yet active.</summary>
    Approved = 2,

    /// <summary>It decides who is a member.</summary>
    Active = 3,

    /// <summary>It did, until another version was activated or the segment was retired.</summary>
    Superseded = 4,

    /// <summary>Found wrong.</summary>
    Rejected = 5,

    /// <summary>It did, until it was taken back.</summary>
    RolledBack = 6,
}

/// <summary>A step that somebody wants to take.</summary>
/// <param name="Kind">Which; not <see cref="ReviewStepKind.Draft"/>.</param>
/// <param name="By">Who.</param>
/// <param name="Reason">Why; null where nobody said.</param>
[GenerateSerializer, Immutable, Alias("cdp.review-request")]
public sealed record ReviewRequest(
    [property: Id(0)] ReviewStepKind Kind,
    [property: Id(1)] string By,
    [property: Id(2)] string? Reason
)
{
    /// <summary>Characters of a reason.</summary>
    public const int ReasonMax = 1_000;

    /// <summary>Of an activation that has to be confirmed, how many the preview says it moves; null where nobody says so.</summary>
    [Id(3)]
    public long? ConfirmedMoves { get; init; }
}

/// <summary>What became of a draft or of a step.</summary>
[GenerateSerializer, Immutable, Alias("cdp.review-result")]
public sealed record ReviewResult
{
    /// <summary>The version as it is now; null where it was refused.</summary>
    [Id(0)]
    public SegmentVersion? Version { get; init; }

    /// <summary>False where it was so already.</summary>
    [Id(1)]
    public bool Changed { get; init; }

    /// <summary>Why it was refused; null where it was not.</summary>
    [Id(2)]
    public ReviewRefusal? Refusal { get; init; }

    /// <summary>What is wrong with the text.</summary>
    [Id(3)]
    public ImmutableArray<Governance.DefinitionError> Errors { get; init; } = [];
}

/// <summary>Two versions of a segment.</summary>
/// <param name="From">The one.</param>
/// <param name="To">The other.</param>
/// <param name="SameMeaning">Whether both decide alike; false where one of them does not compile any more.</param>
[GenerateSerializer, Immutable, Alias("cdp.review-difference")]
public sealed record ReviewDifference(
    [property: Id(0)] ReviewedText From,
    [property: Id(1)] ReviewedText To,
    [property: Id(2)] bool SameMeaning
);

/// <summary>What a text would be if it were put.</summary>
/// <param name="Result">The version it would be, or what is wrong with it. Nothing is stored.</param>
/// <param name="Active">The active version; null for none.</param>
/// <param name="Planned">The text; null where it does not compile.</param>
[GenerateSerializer, Immutable, Alias("cdp.segment-plan")]
public sealed record SegmentPlan(
    [property: Id(0)] ReviewResult Result,
    [property: Id(1)] ReviewedText? Active,
    [property: Id(2)] ReviewedText? Planned
)
{
    /// <summary>Whether it decides as the active version does.</summary>
    public bool SameMeaning => Active?.NormalForm is { } meaning && meaning == Planned?.NormalForm;
}

/// <summary>The text of a version, and what it means.</summary>
/// <param name="Version">The version.</param>
/// <param name="Text">As written.</param>
/// <param name="NormalForm">Its criteria and settings in the one way to write them; null where it does not compile any more.</param>
[GenerateSerializer, Immutable, Alias("cdp.reviewed-text")]
public sealed record ReviewedText(
    [property: Id(0)] int Version,
    [property: Id(1)] string Text,
    [property: Id(2)] string? NormalForm
);

/// <summary>Why a step was refused.</summary>
/// <param name="Kind">The kind of reason.</param>
/// <param name="Detail">A sentence for people.</param>
[GenerateSerializer, Immutable, Alias("cdp.review-refusal")]
public sealed record ReviewRefusal(
    [property: Id(0)] ReviewRefusalKind Kind,
    [property: Id(1)] string Detail
);

/// <summary>Kinds of reasons for which a step is refused.</summary>
public enum ReviewRefusalKind
{
    /// <summary>There is no such segment or version.</summary>
    Unknown = 0,

    /// <summary>The version is not where this step begins.</summary>
    WrongState = 1,

    /// <summary>Nobody approves what they wrote.</summary>
    OwnWork = 2,

    /// <summary>Another version was activated since this one was written.</summary>
    Stale = 3,

    /// <summary>The text does not compile, or what asks for it would not.</summary>
    DoesNotCompile = 4,

    /// <summary>A reason has to be said, or it is too long.</summary>
    BadReason = 5,

    /// <summary>Another segment asks for it.</summary>
    InUse = 6,

    /// <summary>There is no preview of it that counts.</summary>
    NotPreviewed = 7,

    /// <summary>It moves so many that this has to be confirmed.</summary>
    NotConfirmed = 8,
}
