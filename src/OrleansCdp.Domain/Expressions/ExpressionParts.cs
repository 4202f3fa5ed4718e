using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace OrleansCdp.Expressions;

/// <summary>Reads a field's value as what the language computes with.</summary>
internal delegate bool Reading<T>(IFacts facts, int slot, [MaybeNullWhen(false)] out T value);

/// <summary>Computes from one value.</summary>
internal delegate bool Mapping<TFrom, T>(TFrom from, [MaybeNullWhen(false)] out T value);

/// <summary>Computes from two values.</summary>
internal delegate bool Combining<TLeft, TRight, T>(
    TLeft left,
    TRight right,
    [MaybeNullWhen(false)] out T value
);

/// <summary>A field.</summary>
internal sealed class FieldPart<T>(int slot, Reading<T> read) : Expression<T>
    where T : notnull
{
    public override bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value) =>
        read(facts, slot, out value);
}

/// <summary>A value that stands in the text.</summary>
internal sealed class ConstantPart<T>(T constant) : Expression<T>
    where T : notnull
{
    public T Constant => constant;

    public override bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value)
    {
        value = constant;
        return true;
    }
}

/// <summary>Something computed from one value; without it there is none.</summary>
internal sealed class MappedPart<TFrom, T>(Expression<TFrom> from, Mapping<TFrom, T> map)
    : Expression<T>
    where TFrom : notnull
    where T : notnull
{
    public override bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        return from.TryGet(facts, out TFrom? known) && map(known, out value);
    }
}

/// <summary>Something computed from two values; without both there is none.</summary>
internal sealed class CombinedPart<TLeft, TRight, T>(
    Expression<TLeft> left,
    Expression<TRight> right,
    Combining<TLeft, TRight, T> combine
) : Expression<T>
    where TLeft : notnull
    where TRight : notnull
    where T : notnull
{
    public override bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        return left.TryGet(facts, out TLeft? one)
            && right.TryGet(facts, out TRight? other)
            && combine(one, other, out value);
    }
}

/// <summary>The moment it is.</summary>
internal sealed class NowPart : Expression<DateTimeOffset>
{
    public override bool TryGet(IFacts facts, out DateTimeOffset value)
    {
        value = facts.Now;
        return true;
    }
}

/// <summary>The first of some that has a value.</summary>
internal sealed class FirstPart<T>(ImmutableArray<Expression<T>> options) : Expression<T>
    where T : notnull
{
    public override bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value)
    {
        foreach (Expression<T> option in options)
        {
            if (option.TryGet(facts, out value))
            {
                return true;
            }
        }

        value = default;
        return false;
    }
}

/// <summary>One thing or another.</summary>
internal sealed class ChoicePart<T>(
    Expression<bool> condition,
    Expression<T> then,
    Expression<T> otherwise
) : Expression<T>
    where T : notnull
{
    public override bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value) =>
        (condition.Holds(facts) ? then : otherwise).TryGet(facts, out value);
}

/// <summary>A test of two values; without both it does not hold.</summary>
internal sealed class ComparedPart<T>(
    Expression<T> left,
    Expression<T> right,
    Func<T, T, bool> holds
) : Expression<bool>
    where T : notnull
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value =
            left.TryGet(facts, out T? one)
            && right.TryGet(facts, out T? other)
            && holds(one, other);
        return true;
    }
}

/// <summary>Whether a value is, or is not, one of a set; none is neither.</summary>
internal sealed class SetPart<T>(Expression<T> of, ImmutableHashSet<T> values, bool negated)
    : Expression<bool>
    where T : notnull
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value = of.TryGet(facts, out T? known) && values.Contains(known) != negated;
        return true;
    }
}

/// <summary>
/// Whether an instant lies in a span that ends, or begins, now: later than its start and not later than its end. No instant
/// lies neither in it nor outside.
/// </summary>
internal sealed class WithinPart(
    Expression<DateTimeOffset> of,
    TimeSpan span,
    bool next,
    bool negated
) : Expression<bool>
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        if (!of.TryGet(facts, out DateTimeOffset instant))
        {
            value = false;
            return true;
        }

        // As a distance, for now itself may be too close to the ends of time.
        TimeSpan ahead = instant - facts.Now;
        bool within = next
            ? ahead > TimeSpan.Zero && ahead <= span
            : ahead <= TimeSpan.Zero && -ahead < span;
        value = within != negated;
        return true;
    }
}

/// <summary>Whether there is no value, or is one.</summary>
internal sealed class NullPart(Expression of, bool negated) : Expression<bool>
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value = of.HasValue(facts) == negated;
        return true;
    }
}

/// <summary>The opposite. What has no value does not hold, so its opposite does.</summary>
internal sealed class NotPart(Expression<bool> of) : Expression<bool>
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value = !of.Holds(facts);
        return true;
    }
}

/// <summary>Both, or either.</summary>
internal sealed class JoinedPart(Expression<bool> left, Expression<bool> right, bool both)
    : Expression<bool>
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value = both
            ? left.Holds(facts) && right.Holds(facts)
            : left.Holds(facts) || right.Holds(facts);
        return true;
    }
}

/// <summary>What conditions are asked.</summary>
public static class Conditions
{
    /// <summary>Whether a condition holds; one without a value does not.</summary>
    public static bool Holds(this Expression<bool> condition, IFacts facts) =>
        condition.TryGet(facts, out bool holds) && holds;
}
