using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>The type a definition gives a field of the record.</summary>
internal enum FieldKind
{
    Text = 0,
    Number = 1,
    Integer = 2,
    Boolean = 3,
    Timestamp = 4,
    Date = 5,
    Json = 6,

    /// <summary>An array of order lines; each is read on its own.</summary>
    Lines = 7,
}

/// <summary>What nothing means in a field: an explicit null, or one of its null tokens.</summary>
internal enum NullMeaning
{
    /// <summary>Null removes what was there; a token says nothing.</summary>
    NullClears = 0,

    /// <summary>Both remove what was there.</summary>
    Clears = 1,

    /// <summary>Neither says anything.</summary>
    Missing = 2,
}

/// <summary>One declared field of the records of a stream.</summary>
internal sealed record FieldPlan
{
    /// <summary>Name within the definition.</summary>
    public required string Name { get; init; }

    /// <summary>Place among the fields of its table.</summary>
    public required int Slot { get; init; }

    /// <summary>Names of the properties that lead to it.</summary>
    public required ImmutableArray<string> Path { get; init; }

    /// <summary>The same as a JSON pointer.</summary>
    public required string Pointer { get; init; }

    public required FieldKind Kind { get; init; }

    public bool Required { get; init; }

    public NullMeaning Nulls { get; init; }

    /// <summary>Texts that stand for nothing.</summary>
    public ImmutableArray<string> NullTokens { get; init; } = [];

    /// <summary>Formats of a time or day; none for ISO 8601 and epoch milliseconds.</summary>
    public ImmutableArray<string> Formats { get; init; } = [];

    /// <summary>Zone of times that name none.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Prefix taken off a text, e.g. <c>@</c>; null for none.</summary>
    public string? Strip { get; init; }
}
