using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What operators watch: figures of identity, and which limits are met.</summary>
public interface IFigureStore
{
    /// <summary>Counts anew, unless any silo did within a period; and forgets what is too old to be listed.</summary>
    /// <returns>Whether this call counted.</returns>
    Task<bool> CountAsync(TimeSpan period, CancellationToken cancel);

    /// <summary>What was last counted.</summary>
    Task<ImmutableArray<IdentityFigure>> ReadAsync(CancellationToken cancel);

    /// <summary>Notes limits that were met.</summary>
    Task NoteAsync(IReadOnlyCollection<LimitAlarm> alarms, CancellationToken cancel);

    /// <summary>Limits that are met, of one kind, space by space.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="after">Only those after this one; null to begin.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<MetLimit>> ListAsync(
        LimitKind kind,
        LimitCursor? after,
        int limit,
        CancellationToken cancel
    );
}

/// <summary>Something that was counted.</summary>
/// <param name="Name">What, one of <see cref="Figures"/>.</param>
/// <param name="Label">Of which ruleset, or for which reason; empty for all.</param>
/// <param name="Value">How many.</param>
public readonly record struct IdentityFigure(string Name, string Label, long Value);

/// <summary>Names of figures. Stored.</summary>
public static class Figures
{
    /// <summary>Individuals that something says are one and that stay apart, by reason.</summary>
    public const string Conflicts = "conflicts";

    /// <summary>Links about which an event says something that could not be carried out yet, by reason.</summary>
    public const string OpenDecisions = "open_decisions";

    /// <summary>Records of nobody that may be an individual's, by ruleset.</summary>
    public const string SoftLinks = "soft_links";

    /// <summary>Records of nobody, by ruleset; soft links included.</summary>
    public const string Unresolved = "unresolved";

    /// <summary>Identifiers that more individuals have than may, by ruleset.</summary>
    public const string SharedIdentifiers = "shared_identifiers";

    /// <summary>Keys that find nobody because too many records share them, by ruleset.</summary>
    public const string ClosedKeys = "closed_keys";

    /// <summary>Individuals that got more links than usual today, by ruleset.</summary>
    public const string Growing = "growing";

    /// <summary>Individuals with more identifiers than identify them.</summary>
    public const string OverIdentifiers = "over_identifiers";

    /// <summary>
    /// Anchors that name another individual than a day ago, and no merge or its end says why. By law there is none.
    /// </summary>
    public const string IdChanges = "id_changes";
}

/// <summary>A limit that was met, and that nothing else tells of.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Space">The match space; 0 for none.</param>
/// <param name="Subject">Whom it concerns.</param>
/// <param name="Amount">How many there were.</param>
public readonly record struct LimitAlarm(LimitKind Kind, int Space, string Subject, long Amount)
{
    /// <summary>Of identifiers their types; null for none. The last one that is noted is kept.</summary>
    public string? Detail { get; init; }
}

/// <summary>A place in a list of limits.</summary>
/// <param name="Space">The space.</param>
/// <param name="Place">The place among those of the space.</param>
public readonly record struct LimitCursor(int Space, string Place);

/// <summary>A limit that is met.</summary>
/// <param name="Space">The match space; 0 for none.</param>
/// <param name="Ruleset">Its ruleset; empty for none.</param>
/// <param name="Subject">Whom it concerns: an individual, a record, an identifier's value, a key.</param>
public sealed record MetLimit(int Space, string Ruleset, string Subject)
{
    /// <summary>
    /// Of an identifier its field; of identifiers their types; of a key a record that has it; null for none.
    /// </summary>
    public string? Detail { get; init; }

    /// <summary>How many there are or were, as far as that is counted.</summary>
    public required long Amount { get; init; }

    /// <summary>When it was met; of what is met again and again, the last time.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Its place among those of its space.</summary>
    public required string Place { get; init; }
}
