using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>The records that one ruleset compares.</summary>
/// <param name="Id">Number of the space.</param>
/// <param name="Ruleset">Name of the ruleset.</param>
/// <param name="Version">Its live version.</param>
/// <param name="Text">The definition of that version, as it was frozen.</param>
public sealed record MatchSpace(int Id, string Ruleset, int Version, string Text)
{
    /// <summary>Whether it is still to take over from the live one: nothing that it decides is made true.</summary>
    public bool IsSuccessor { get; init; }
}

/// <summary>
/// What is compared, or said: a link that no anchor names, a link that an anchor names, or an individual, which stands
/// for its anchored links together.
/// </summary>
public sealed record MatchRow
{
    /// <summary>Number of the record.</summary>
    public required long Id { get; init; }

    /// <summary>The link's key, or the individual's id.</summary>
    public required string Subject { get; init; }

    /// <summary>The individual that an anchor names; null for none. Of an individual itself.</summary>
    public string? Owner { get; init; }

    /// <summary>The group; null for an anchored link, which is compared as part of its individual.</summary>
    public long? Group { get; init; }

    /// <summary>Whom the group belongs to; null while nobody knows.</summary>
    public string? Individual { get; init; }

    /// <summary>The best score within the group, in bits; null for none.</summary>
    public double? Score { get; init; }

    /// <summary>The record that score is with.</summary>
    public long? Partner { get; init; }

    /// <summary>The event that last changed what the record says.</summary>
    public required string EventId { get; init; }

    /// <summary>What the record says, as <see cref="MatchValues.Encode"/> writes it.</summary>
    public required byte[] Said { get; init; }

    /// <summary>
    /// Of the identifiers it has those that identified nobody when it was last compared, by
    /// <see cref="IdentifierValue.Key"/>, ascending; null for none.
    /// </summary>
    public long[]? Guarded { get; init; }

    /// <summary>Hash of what the record says, as <see cref="MatchValues.Print"/>; null where an earlier program wrote it.</summary>
    public long? Print { get; init; }

    /// <summary>
    /// Of a record that says the very same as another one, that one: it is compared for both. Itself where a steward has
    /// spoken of it, so that no other goes with it; null else.
    /// </summary>
    public long? Twin { get; init; }

    /// <summary>Whether it stands for an individual.</summary>
    public bool IsIndividual => Owner == Subject;

    /// <summary>Whether another record is compared for it.</summary>
    public bool IsTwin => Twin is { } other && other != Id;

    /// <summary>Whether it is a record or an individual, and no part of one.</summary>
    public bool IsListed => Owner is null || IsIndividual;

    /// <summary>Whether it is compared with others.</summary>
    public bool IsCompared => IsListed && !IsTwin;
}

/// <summary>A link's row, and whom it belongs to by now.</summary>
/// <param name="Row">As it is stored.</param>
/// <param name="Owner">The individual; null when no anchor gives it to anybody.</param>
public sealed record OwnedRow(MatchRow Row, string? Owner);

/// <summary>A link or an individual that is to be looked at again.</summary>
/// <param name="Subject">The link's key, or the individual's id.</param>
/// <param name="Decision">Number of what happened last.</param>
public sealed record MatchDue(string Subject, long Decision);

/// <summary>A stored comparison.</summary>
/// <param name="A">The record with the smaller number.</param>
/// <param name="B">The other.</param>
/// <param name="Score">Bits.</param>
/// <param name="Levels">What was found, field by field, as <see cref="PairScore.Levels"/>.</param>
public readonly record struct StoredEdge(long A, long B, double Score, long Levels)
{
    /// <summary>The other end.</summary>
    public long Other(long id) => id == A ? B : A;
}

/// <summary>Which records have which keys.</summary>
/// <param name="Records">Of each key that is read, at most as many as were asked for.</param>
/// <param name="Closed">Keys that too many records share.</param>
public sealed record KeyReading(
    IReadOnlyDictionary<long, List<long>> Records,
    IReadOnlySet<long> Closed
);

/// <summary>What a steward said of two links, or of a link and an individual.</summary>
/// <param name="A">The one whose name comes first.</param>
/// <param name="B">The other.</param>
/// <param name="Together">Whether they are one, or must never be.</param>
public readonly record struct StewardVerdict(string A, string B, bool Together)
{
    /// <summary>
    /// The one that is merely kept apart from a record along with whom that was taken from; null where he spoke of both.
    /// </summary>
    public string? Companion { get; init; }
}

/// <summary>A key of a record.</summary>
/// <param name="Key">Its hash.</param>
/// <param name="Record">The record.</param>
public readonly record struct RecordKey(long Key, long Record);

/// <summary>An identifier of a record that is compared.</summary>
/// <param name="Key">Names it, as <see cref="IdentifierValue.Key"/>.</param>
/// <param name="Record">The record.</param>
/// <param name="IsIndividual">Whether that stands for an individual.</param>
public readonly record struct RecordIdentifier(long Key, long Record, bool IsIndividual);

/// <summary>An identifier that identifies nobody from now on, or does again.</summary>
/// <param name="Value">The identifier.</param>
/// <param name="IsGuarded">Whether more individuals have it than may.</param>
public readonly record struct GuardChange(IdentifierValue Value, bool IsGuarded);

/// <summary>A key that too many records share.</summary>
/// <param name="Key">Its hash.</param>
/// <param name="Records">How many had it when it was closed, or have come since.</param>
public readonly record struct ClosedKey(long Key, int Records);

/// <summary>A change of a record's group or individual, and what led to it.</summary>
public sealed record MatchChange
{
    /// <summary>The record as it was; null when it is new.</summary>
    public MatchRow? From { get; init; }

    /// <summary>The record as it is.</summary>
    public required MatchRow To { get; init; }

    /// <summary>The subject its score is with; null for none.</summary>
    public string? Partner { get; init; }

    /// <summary>What was found, as <see cref="PairScore.Levels"/>; null without a partner.</summary>
    public long? Levels { get; init; }

    /// <summary>Why, one of <see cref="DecisionReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The individual that it is because of; null for none.</summary>
    public string? CausedBy { get; init; }
}

/// <summary>What was decided about a link, as it is stored.</summary>
/// <param name="Decision">All but the reasons.</param>
/// <param name="Levels">What was found, as <see cref="PairScore.Levels"/>; null without a partner.</param>
public sealed record StoredDecision(LinkDecision Decision, long? Levels)
{
    /// <summary>The version that decided.</summary>
    public int Version => Decision.Version;
}

/// <summary>What a record says.</summary>
/// <param name="Said">Its values, encoded.</param>
/// <param name="Guarded">Of its values those that identify nobody; null for none.</param>
public sealed record SaidOf(byte[] Said, long[]? Guarded);

/// <summary>What a turn changes.</summary>
public sealed record MatchWrites
{
    /// <summary>New rows.</summary>
    public IReadOnlyCollection<MatchRow> Added { get; init; } = [];

    /// <summary>Rows that differ from what is stored.</summary>
    public IReadOnlyCollection<MatchRow> Changed { get; init; } = [];

    /// <summary>Rows that are no more.</summary>
    public IReadOnlyCollection<long> Removed { get; init; } = [];

    /// <summary>Keys that records have now.</summary>
    public IReadOnlyCollection<RecordKey> KeysAdded { get; init; } = [];

    /// <summary>Keys that records do not have any more.</summary>
    public IReadOnlyCollection<RecordKey> KeysRemoved { get; init; } = [];

    /// <summary>Keys to be closed, or closed ones that more records have.</summary>
    public IReadOnlyCollection<ClosedKey> KeysClosed { get; init; } = [];

    /// <summary>Identifiers that records have now.</summary>
    public IReadOnlyCollection<RecordIdentifier> IdentifiersAdded { get; init; } = [];

    /// <summary>Identifiers that records do not have any more.</summary>
    public IReadOnlyCollection<RecordIdentifier> IdentifiersRemoved { get; init; } = [];

    /// <summary>Identifiers that stop identifying, or begin to again: whoever has them is to be looked at again.</summary>
    public IReadOnlyCollection<GuardChange> Guards { get; init; } = [];

    /// <summary>Edges, new or scored anew.</summary>
    public IReadOnlyCollection<StoredEdge> EdgesPut { get; init; } = [];

    /// <summary>Edges that are no more.</summary>
    public IReadOnlyCollection<(long A, long B)> EdgesRemoved { get; init; } = [];

    /// <summary>History.</summary>
    public IReadOnlyCollection<MatchChange> Changes { get; init; } = [];

    /// <summary>Links that an anchor names now: what was to be moved before stays where anchors put it.</summary>
    public IReadOnlyCollection<string> MovesWithdrawn { get; init; } = [];

    /// <summary>Links that must go to an individual, or back to their own record where it is null.</summary>
    public IReadOnlyCollection<(string Link, string? Target)> Moves { get; init; } = [];

    /// <summary>Individuals that are to be told which records may be theirs.</summary>
    public IReadOnlyCollection<string> News { get; init; } = [];

    /// <summary>What hangs together with more records than are clustered at once; null for none.</summary>
    public OversizedComponent? Oversized { get; init; }
}

/// <summary>More records hang together than are clustered at once.</summary>
/// <param name="Subject">Its individual, or else the first of its records.</param>
/// <param name="Records">Records that would have been clustered, as far as they were followed.</param>
public sealed record OversizedComponent(string Subject, long Records);

/// <summary>A link that is to go somewhere.</summary>
/// <param name="Space">The space that decided.</param>
/// <param name="Link">The link.</param>
/// <param name="Target">The individual; null for its own record.</param>
/// <param name="Decision">Number of the decision.</param>
public sealed record MatchMove(int Space, string Link, string? Target, long Decision)
{
    /// <summary>The ruleset of the space.</summary>
    public required string Ruleset { get; init; }

    /// <summary>Its live version.</summary>
    public required int Version { get; init; }

    /// <summary>Who has the claim on the link now; null for nobody.</summary>
    public Claim? Held { get; init; }

    /// <summary>Why the last attempt did not get it there; null when there was none.</summary>
    public string? Stuck { get; init; }
}

/// <summary>An individual that is to be told which records may be its own.</summary>
/// <param name="Space">The space that decided.</param>
/// <param name="Individual">The individual.</param>
/// <param name="Decision">Number of the decision.</param>
/// <param name="Ruleset">The ruleset of the space.</param>
public sealed record MatchNews(int Space, string Individual, long Decision, string Ruleset);

/// <summary>A record that may be an individual's.</summary>
/// <param name="Link">The record's link.</param>
/// <param name="Score">Bits.</param>
/// <param name="Said">What the record says, as <see cref="MatchValues.Encode"/> writes it.</param>
/// <param name="SaidOfIndividual">What is said of the individual.</param>
public sealed record SoftLink(string Link, double Score, byte[] Said, byte[] SaidOfIndividual);

/// <summary>Which links to list.</summary>
/// <param name="Space">The space.</param>
/// <param name="Source">Of this source; null for all.</param>
/// <param name="After">Only links whose keys come after this one; empty to begin.</param>
/// <param name="Limit">Most returned.</param>
public sealed record MatchFilter(int Space, string? Source, string After, int Limit)
{
    /// <summary>Only this link; null for all.</summary>
    public string? Link { get; init; }
}

/// <summary>What was decided about a link.</summary>
public sealed record MatchedLink
{
    /// <summary>The link's key.</summary>
    public required string Link { get; init; }

    /// <summary>The individual it belongs to; null for nobody.</summary>
    public string? Individual { get; init; }

    /// <summary>Its group; null when an anchor says whose it is.</summary>
    public long? Group { get; init; }

    /// <summary>Whether an anchor says whose it is.</summary>
    public bool IsAnchored { get; init; }

    /// <summary>The best score within its group; of a soft link with the individual. In bits; null for none.</summary>
    public double? Score { get; init; }

    /// <summary>The link or individual that score is with.</summary>
    public string? Partner { get; init; }

    /// <summary>The individual it may belong to; null unless it belongs to nobody.</summary>
    public string? Possible { get; init; }

    /// <summary>The event that last changed what it says.</summary>
    public required string EventId { get; init; }

    /// <summary>Whether it belongs to nobody and has said nothing that could be compared.</summary>
    public bool SaysNothing { get; init; }
}

/// <summary>Records that are of one person whom nobody knows yet.</summary>
/// <param name="Group">Its number.</param>
/// <param name="Members">The records.</param>
public sealed record UnresolvedGroup(long Group, ImmutableArray<UnresolvedRecord> Members);

/// <summary>A record that belongs to nobody.</summary>
/// <param name="Link">Its link.</param>
/// <param name="Score">The best score within the group, in bits; null for a single one.</param>
/// <param name="EventId">The event that last changed what it says.</param>
/// <param name="SaysNothing">Whether it has said nothing that could be compared.</param>
public sealed record UnresolvedRecord(string Link, double? Score, string EventId, bool SaysNothing);
