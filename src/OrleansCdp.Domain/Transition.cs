using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>What a batch of events did to an individual or an account.</summary>
/// <typeparam name="T">The subject's type.</typeparam>
public sealed record Transition<T>
{
    /// <summary>The state afterwards.</summary>
    public required T Next { get; init; }

    /// <summary>Whether the state must be saved. False when every event was known or moved away.</summary>
    public required bool Changed { get; init; }

    /// <summary>One outcome per event; empty when all were applied.</summary>
    public required ImmutableArray<EventOutcome> Outcomes { get; init; }

    /// <summary>Identifiers the subject bears now and did not before.</summary>
    public ImmutableArray<Identifier> IdentifiersAdded { get; init; } = [];

    /// <summary>Identifiers it bore before and does no more.</summary>
    public ImmutableArray<Identifier> IdentifiersRemoved { get; init; } = [];
}
