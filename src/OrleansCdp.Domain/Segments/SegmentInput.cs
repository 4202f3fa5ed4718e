using System.Collections.Immutable;
using OrleansCdp.Expressions;

namespace OrleansCdp.Segments;

/// <summary>What a segment may ask about somebody.</summary>
public enum SegmentInputKind
{
    /// <summary>A field of the unified profile.</summary>
    Trait,

    /// <summary>An insight of the individual.</summary>
    Insight,

    /// <summary>The name of the largest part of a divided insight.</summary>
    TopPart,

    /// <summary>A field of the account.</summary>
    AccountTrait,

    /// <summary>An insight of the account.</summary>
    AccountInsight,

    /// <summary>The name of the largest part of a divided insight of the account.</summary>
    AccountTopPart,

    /// <summary>A measure of items that the segment itself describes.</summary>
    Measured,

    /// <summary>Whether one thing happened after another.</summary>
    Sequence,

    /// <summary>Whether the individual is in another segment.</summary>
    Segment,
}

/// <summary>One thing that a segment asks. Two of the same <see cref="Key"/> are the same.</summary>
/// <param name="Key">How it is written in criteria, in the one way.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Of the field, the insight or the segment; of a measure of the insight that computes it.</param>
/// <param name="Type">The type of its value.</param>
public sealed record SegmentInput(
    string Key,
    SegmentInputKind Kind,
    string Name,
    ExpressionType Type
)
{
    /// <summary>Whether the account answers it, and not the individual.</summary>
    public bool IsOfAccount =>
        Kind
            is SegmentInputKind.AccountTrait
                or SegmentInputKind.AccountInsight
                or SegmentInputKind.AccountTopPart;

    /// <summary>The insights that compute it; empty where it asks for what is there anyway.</summary>
    public ImmutableArray<DerivedInsight> Derived { get; init; } = [];

    /// <summary>Of a sequence what follows what; null elsewhere.</summary>
    public SequencePlan? Sequence { get; init; }

    /// <inheritdoc/>
    public bool Equals(SegmentInput? other) => other is not null && Key == other.Key;

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);
}

/// <summary>An insight that a segment needs and nobody wrote: it is made of what the criteria say.</summary>
/// <param name="Name">Derived from the text: equal measures of different segments are one insight.</param>
/// <param name="Text">Its definition, as YAML.</param>
public sealed record DerivedInsight(string Name, string Text);
