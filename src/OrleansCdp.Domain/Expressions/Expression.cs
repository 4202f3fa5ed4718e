using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace OrleansCdp.Expressions;

/// <summary>
/// A typed expression. It is total: whatever the facts, it has a value or none, and what cannot be computed (a division by
/// zero, a number that is too large, a moment before year 1) has none.
/// </summary>
public abstract class Expression
{
    /// <summary>The type of its value.</summary>
    public abstract ExpressionType Type { get; }

    /// <summary>Whether it has a value.</summary>
    internal abstract bool HasValue(IFacts facts);

    /// <summary>How its value goes on from now while no fact changes; where it has none, until when it has none.</summary>
    /// <param name="facts">The fields it names.</param>
    public virtual Course CourseOf(IFacts facts) => Course.Still;

    /// <summary>Whether its value grows or shrinks all the time, as <c>now</c> does.</summary>
    internal virtual bool Moves => false;

    /// <summary>What it is computed from.</summary>
    internal virtual ImmutableArray<Expression> Operands => [];

    /// <summary>
    /// Notes by how much the fields it names may go up and down while its value stays as it is, up to the moment that
    /// <see cref="CourseOf"/> tells.
    /// </summary>
    /// <param name="facts">The fields.</param>
    /// <param name="leeways">Where it is noted.</param>
    internal virtual void NoteLeeway(IFacts facts, Leeways leeways)
    {
        foreach (Expression operand in Operands)
        {
            operand.NoteLeeway(facts, leeways);
        }
    }
}

/// <summary>An expression with values of a type of the language.</summary>
/// <typeparam name="T">Boolean, decimal, string, instant or duration.</typeparam>
public abstract class Expression<T> : Expression
    where T : notnull
{
    /// <inheritdoc/>
    public override ExpressionType Type { get; } = Types.Of<T>();

    /// <summary>Its value.</summary>
    /// <param name="facts">The fields it names.</param>
    /// <param name="value">The value.</param>
    /// <returns>False where it has none.</returns>
    public abstract bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value);

    internal override bool HasValue(IFacts facts) => TryGet(facts, out _);
}

/// <summary>An expression that was found right.</summary>
/// <param name="Root">What it computes.</param>
/// <param name="NormalForm">How it is written in the one way (<see cref="ExpressionPrinter"/>).</param>
/// <param name="Slots">The fields it names, sorted.</param>
/// <param name="UsesNow">Whether its value depends on the moment it is asked at.</param>
/// <param name="Cost">Parts it consists of: about how much work it is, in the worst case.</param>
public sealed record CompiledExpression(
    Expression Root,
    string NormalForm,
    ImmutableArray<int> Slots,
    bool UsesNow,
    int Cost
);
