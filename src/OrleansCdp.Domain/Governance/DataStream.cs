using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>
/// A compiled data stream definition: what it accepts, how it maps onto the canonical objects, and what it
/// keeps. Immutable; safe for any number of threads.
/// </summary>
public sealed class DataStream
{
    /// <summary>The stream's name, as in its address.</summary>
    public required string Name { get; init; }

    /// <summary>The source its links belong to; keys are bound to sources.</summary>
    public required string Source { get; init; }

    /// <summary>Whether its records are messages of the Segment tracking API.</summary>
    public bool TakesTrackingMessages { get; init; }

    /// <summary>Compiles a definition.</summary>
    /// <param name="name">The stream's name.</param>
    /// <param name="text">YAML (JSON is YAML).</param>
    /// <returns>The stream, or everything that is wrong with the text.</returns>
    public static (DataStream? Stream, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text
    ) => throw new InvalidOperationException();

    /// <summary>Admits one JSON record.</summary>
    /// <param name="record">A JSON object.</param>
    /// <param name="receivedAt">Now, by the receiver's clock.</param>
    /// <param name="envelope">What the protocol around the record says, used where the record is silent.</param>
    public Admission Admit(
        JsonElement record,
        DateTimeOffset receivedAt,
        Envelope envelope = default
    ) => throw new InvalidOperationException(Name);

    /// <summary>Admits one row of a CSV file; every value is text, an empty one is missing.</summary>
    /// <param name="columns">Column names.</param>
    /// <param name="values">Values in the same order.</param>
    /// <param name="receivedAt">Now, by the receiver's clock.</param>
    public Admission Admit(
        IReadOnlyList<string> columns,
        IReadOnlyList<string> values,
        DateTimeOffset receivedAt
    ) => throw new InvalidOperationException(Name);
}

/// <summary>What a protocol says about a record from outside it.</summary>
/// <param name="EventId">The protocol's event id (CloudEvents <c>id</c>), or null.</param>
/// <param name="OccurredAt">The protocol's time (CloudEvents <c>time</c>), or null.</param>
/// <param name="Kind">What the protocol's verb means (DELETE), or null.</param>
public readonly record struct Envelope(
    string? EventId = null,
    DateTimeOffset? OccurredAt = null,
    EventKind? Kind = null
);
