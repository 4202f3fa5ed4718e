using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>
/// What people do with the rules of a match space: learn weights, try them on what is stored, and make a version live. Key:
/// the ruleset's name. One training or trial, and one replay, at a time.
/// </summary>
[Alias("cdp.ruleset")]
public interface IRulesetGrain : IGrainWithStringKey
{
    /// <summary>Links that weights are learnt from at most; of more, so many by chance.</summary>
    const int SampleMax = MatchTrainer.RecordsMax;

    /// <summary>Records that rules are tried on: they are kept in memory. A space with more is refused.</summary>
    const int TrialMax = 100_000;

    /// <summary>Moves that a trial lists.</summary>
    const int TrialMovesMax = 1_000;

    /// <summary>Longest time that training and a trial take.</summary>
    const string WorkTimeMax = "01:00:00";

    /// <summary>Learns weights from the stored records, without labels. Changes nothing.</summary>
    /// <param name="sampleMax">Most links it learns from, from 2 to <see cref="SampleMax"/>.</param>
    /// <param name="seed">Chooses links and pairs; the same gives the same.</param>
    [Alias("train")]
    [ResponseTimeout(WorkTimeMax)]
    Task<TrainingDraft> TrainAsync(int sampleMax, ulong seed);

    /// <summary>Says what rules would do to the stored records. Changes nothing.</summary>
    /// <param name="text">The rules; null for the active version.</param>
    /// <param name="movesMax">Most moves listed, from 0 to <see cref="TrialMovesMax"/>.</param>
    [Alias("try")]
    [ResponseTimeout(WorkTimeMax)]
    Task<TrialAnswer> TryAsync(string? text, int movesMax);

    /// <summary>
    /// Makes a version live. It decides about all stored records first, while the live one goes on, and takes over when it
    /// knows them all; then links move. Whoever stops asking stops it; asked again it goes on where it was.
    /// </summary>
    /// <param name="version">A kept version of the definition.</param>
    /// <param name="cancel">Stops it.</param>
    [Alias("activate")]
    IAsyncEnumerable<ReplayReport> ActivateAsync(int version, CancellationToken cancel = default);
}

/// <summary>Why something was not done; nothing has changed.</summary>
/// <param name="Code">A value of <see cref="RulesetRefusals"/>.</param>
/// <param name="Detail">Why, for people.</param>
/// <param name="Errors">What is wrong with a definition; else empty.</param>
[GenerateSerializer, Immutable, Alias("cdp.ruleset-refusal")]
public sealed record RulesetRefusal(
    [property: Id(0)] string Code,
    [property: Id(1)] string Detail,
    [property: Id(2)] ImmutableArray<DefinitionError> Errors
);

/// <summary>Codes of refusals. Never renamed.</summary>
public static class RulesetRefusals
{
    /// <summary>There is no such ruleset.</summary>
    public const string UnknownRuleset = "unknown_ruleset";

    /// <summary>No such version of it is kept.</summary>
    public const string UnknownVersion = "unknown_version";

    /// <summary>It has no fuzzy part: anchors alone decide.</summary>
    public const string AnchorsOnly = "anchors_only";

    /// <summary>The definition does not compile.</summary>
    public const string DoesNotCompile = "does_not_compile";

    /// <summary>Too few records are stored to do anything with.</summary>
    public const string TooFewRecords = "too_few_records";

    /// <summary>More records are stored than can be tried on.</summary>
    public const string TooManyRecords = "too_many_records";

    /// <summary>The version compares fields of which no values are stored.</summary>
    public const string ValuesNotStored = "values_not_stored";

    /// <summary>The same is under way.</summary>
    public const string UnderWay = "under_way";

    /// <summary>Another version took over meanwhile.</summary>
    public const string Overtaken = "overtaken";
}

/// <summary>What training made.</summary>
[GenerateSerializer, Immutable, Alias("cdp.training-draft")]
public sealed record TrainingDraft
{
    /// <summary>Why there is none; null when there is one.</summary>
    [Id(0)]
    public RulesetRefusal? Refusal { get; init; }

    /// <summary>The draft, a definition; empty when refused.</summary>
    [Id(1)]
    public string Text { get; init; } = "";

    /// <summary>Links it learnt from.</summary>
    [Id(2)]
    public int Records { get; init; }

    /// <summary>Random pairs compared.</summary>
    [Id(3)]
    public int RandomPairs { get; init; }

    /// <summary>Pairs that share a key.</summary>
    [Id(4)]
    public int CandidatePairs { get; init; }

    /// <summary>Passes, accepted and rejected.</summary>
    [Id(5)]
    public ImmutableArray<DraftPass> Passes { get; init; } = [];

    /// <summary>The share of all pairs of links that are of one person.</summary>
    [Id(6)]
    public double MatchRate { get; init; }

    /// <summary>How many pairs of those it learnt from that is.</summary>
    [Id(7)]
    public double Matches { get; init; }

    /// <summary>The share of all pairs that are of one household.</summary>
    [Id(8)]
    public double HouseholdRate { get; init; }

    /// <summary>Groups of more than one link.</summary>
    [Id(9)]
    public int Groups { get; init; }

    /// <summary>Values that too many hold to identify anybody, by field.</summary>
    [Id(10)]
    public ImmutableArray<GuardedField> Guarded { get; init; } = [];
}

/// <summary>A pass of training.</summary>
/// <param name="Block">Fields in which its pairs are equal.</param>
/// <param name="Pairs">Pairs looked at.</param>
/// <param name="Matches">Those it takes for one person's.</param>
/// <param name="Households">Those it takes for one household's.</param>
/// <param name="Rejected">Why it is not used; null when it is.</param>
[GenerateSerializer, Immutable, Alias("cdp.draft-pass")]
public sealed record DraftPass(
    [property: Id(0)] ImmutableArray<string> Block,
    [property: Id(1)] int Pairs,
    [property: Id(2)] double Matches,
    [property: Id(3)] double Households,
    [property: Id(4)] string? Rejected
);

/// <summary>How many values of a field are guarded.</summary>
/// <param name="Field">The field.</param>
/// <param name="Values">How many.</param>
[GenerateSerializer, Immutable, Alias("cdp.guarded-field")]
public sealed record GuardedField([property: Id(0)] string Field, [property: Id(1)] int Values);

/// <summary>What rules would do.</summary>
[GenerateSerializer, Immutable, Alias("cdp.trial-answer")]
public sealed record TrialAnswer
{
    /// <summary>Why nothing was tried; null when it was.</summary>
    [Id(0)]
    public RulesetRefusal? Refusal { get; init; }

    /// <summary>Records compared; an individual counts once for all its anchored links.</summary>
    [Id(1)]
    public int Records { get; init; }

    /// <summary>As it is.</summary>
    [Id(2)]
    public TrialCounts Before { get; init; } = new(0, 0, 0, 0, 0);

    /// <summary>As it would be.</summary>
    [Id(3)]
    public TrialCounts After { get; init; } = new(0, 0, 0, 0, 0);

    /// <summary>Links that would go to another individual, to one, or to none.</summary>
    [Id(4)]
    public int Moving { get; init; }

    /// <summary>The first of them, in the order of their keys.</summary>
    [Id(5)]
    public ImmutableArray<TrialMove> Moves { get; init; } = [];

    /// <summary>Fields of the rules of which no values are stored: they count for nothing here.</summary>
    [Id(6)]
    public ImmutableArray<string> NotStored { get; init; } = [];
}

/// <summary>How many records are whose.</summary>
/// <param name="Linked">Links that no anchor names and that belong to an individual.</param>
/// <param name="Soft">Links that belong to nobody and may be somebody's.</param>
/// <param name="Unresolved">Other links that belong to nobody.</param>
/// <param name="Groups">Groups of more than one record.</param>
/// <param name="Largest">Records of the largest group.</param>
[GenerateSerializer, Immutable, Alias("cdp.trial-counts")]
public sealed record TrialCounts(
    [property: Id(0)] int Linked,
    [property: Id(1)] int Soft,
    [property: Id(2)] int Unresolved,
    [property: Id(3)] int Groups,
    [property: Id(4)] int Largest
);

/// <summary>A link that would go elsewhere.</summary>
/// <param name="Link">The link.</param>
/// <param name="From">The individual it belongs to; null for nobody.</param>
/// <param name="To">Whose it would be; null for nobody.</param>
/// <param name="FromScore">Its best score in its group, in bits; null for none.</param>
/// <param name="ToScore">The same by the rules that are tried.</param>
[GenerateSerializer, Immutable, Alias("cdp.trial-move")]
public sealed record TrialMove(
    [property: Id(0)] string Link,
    [property: Id(1)] string? From,
    [property: Id(2)] string? To,
    [property: Id(3)] double? FromScore,
    [property: Id(4)] double? ToScore
);

/// <summary>How far making a version live is.</summary>
[GenerateSerializer, Immutable, Alias("cdp.replay-report")]
public sealed record ReplayReport
{
    /// <summary>Why it is not made live; null when it is.</summary>
    [Id(0)]
    public RulesetRefusal? Refusal { get; init; }

    /// <summary>Links the version has decided about in this call.</summary>
    [Id(1)]
    public long Replayed { get; init; }

    /// <summary>Links there are.</summary>
    [Id(2)]
    public long Links { get; init; }

    /// <summary>Whether the version is live.</summary>
    [Id(3)]
    public bool Live { get; init; }

    /// <summary>Links whose group or individual became another one when it took over.</summary>
    [Id(4)]
    public int Regrouped { get; init; }

    /// <summary>Links that were to move when it took over.</summary>
    [Id(5)]
    public int Moving { get; init; }

    /// <summary>Links moved in this call.</summary>
    [Id(6)]
    public long Moved { get; init; }

    /// <summary>Whether this is the last report.</summary>
    [Id(7)]
    public bool Ended { get; init; }
}
