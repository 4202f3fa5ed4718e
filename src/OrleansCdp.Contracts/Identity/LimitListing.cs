using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>Limits of identity that operators want to see.</summary>
public enum LimitKind
{
    /// <summary>An identifier that more individuals have than may: it identifies nobody.</summary>
    SharedIdentifier = 0,

    /// <summary>A key that more records share than are compared: it finds nobody.</summary>
    ClosedKey = 1,

    /// <summary>More records hang together than are clustered at once.</summary>
    Component = 2,

    /// <summary>An individual with more identifiers than identify it.</summary>
    Identifiers = 3,

    /// <summary>An individual that matching gave more links in a day than is usual.</summary>
    Growth = 4,
}

/// <summary>A limit that is met.</summary>
[GenerateSerializer, Immutable, Alias("cdp.limit-listing")]
public sealed record LimitListing
{
    /// <summary>Which.</summary>
    [Id(0)]
    public required LimitKind Kind { get; init; }

    /// <summary>The ruleset whose limit it is; empty for none.</summary>
    [Id(1)]
    public required string Ruleset { get; init; }

    /// <summary>Whom it concerns: an individual, a record, an identifier's value, a key.</summary>
    [Id(2)]
    public required string Subject { get; init; }

    /// <summary>
    /// Of an identifier its field; of identifiers the types of which there are too many, the one that matters most first,
    /// as far as that was noted; of a key a record that has it; null for none.
    /// </summary>
    [Id(3)]
    public string? Detail { get; init; }

    /// <summary>How many there are or were, as far as that is counted.</summary>
    [Id(4)]
    public required long Amount { get; init; }

    /// <summary>When it was met; of what is met again and again, the last time.</summary>
    [Id(5)]
    public required DateTimeOffset At { get; init; }

    /// <summary>Where the next page of this kind begins.</summary>
    [Id(6)]
    public required string Cursor { get; init; }

    /// <summary>Whether a text may be a <see cref="Cursor"/> of a kind.</summary>
    public static bool IsCursor(LimitKind kind, string cursor)
    {
        int colon = cursor.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            && cursor.Length <= Limits.LinkKeyMax
            && !cursor.Contains('\0', StringComparison.Ordinal)
            && int.TryParse(
                cursor.AsSpan(0, colon),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out _
            )
            && (
                kind is not (LimitKind.SharedIdentifier or LimitKind.ClosedKey)
                || long.TryParse(
                    cursor.AsSpan(colon + 1),
                    NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture,
                    out _
                )
            );
    }
}
