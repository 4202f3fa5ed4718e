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

    public override Course CourseOf(IFacts facts) => new(0, facts.ChangesAt(slot));
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

/// <summary>How what is computed from one value goes on.</summary>
/// <param name="value">The value it is computed from.</param>
/// <param name="of">How that goes on.</param>
/// <param name="now">The moment it is.</param>
internal delegate Course MappedCourse<TFrom>(TFrom value, Course of, DateTimeOffset now);

/// <summary>Something computed from one value; without it there is none.</summary>
/// <param name="from">What it is computed from.</param>
/// <param name="map">How.</param>
/// <param name="course">How it goes on; null for what is only computed from values that stand still.</param>
internal sealed class MappedPart<TFrom, T>(
    Expression<TFrom> from,
    Mapping<TFrom, T> map,
    MappedCourse<TFrom>? course = null
) : Expression<T>
    where TFrom : notnull
    where T : notnull
{
    public override bool TryGet(IFacts facts, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        return from.TryGet(facts, out TFrom? known) && map(known, out value);
    }

    internal override bool Moves => from.Moves;

    public override Course CourseOf(IFacts facts)
    {
        Course of = from.CourseOf(facts);
        return of.Slope == 0 || !from.TryGet(facts, out TFrom? known)
            ? of
            : course!(known, of, facts.Now);
    }
}

/// <summary>How what is computed from two values goes on.</summary>
internal delegate Course CombinedCourse(
    (decimal Value, Course Course) left,
    (decimal Value, Course Course) right,
    DateTimeOffset now
);

/// <summary>Something computed from two values; without both there is none.</summary>
internal sealed class CombinedPart<TLeft, TRight, T>(
    Expression<TLeft> left,
    Expression<TRight> right,
    Combining<TLeft, TRight, T> combine,
    CombinedCourse course
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

    internal override bool Moves => left.Moves || right.Moves;

    public override Course CourseOf(IFacts facts)
    {
        Course one = left.CourseOf(facts);
        Course other = right.CourseOf(facts);
        return
            (one.Slope == 0 && other.Slope == 0)
            || !left.TryGet(facts, out TLeft? a)
            || !right.TryGet(facts, out TRight? b)
            ? one.With(other, 0)
            : course((Lines.NumberOf(a), one), (Lines.NumberOf(b), other), facts.Now);
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

    internal override bool Moves => true;

    public override Course CourseOf(IFacts facts) => new(1, null);
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

    internal override bool Moves => options.Any(option => option.Moves);

    public override Course CourseOf(IFacts facts)
    {
        Course none = Course.Still;
        foreach (Expression<T> option in options)
        {
            Course course = option.CourseOf(facts);
            if (option.HasValue(facts))
            {
                return course.UpTo(none.Until);
            }

            none = none.UpTo(course.Until);
        }

        return none;
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

    internal override bool Moves => then.Moves || otherwise.Moves;

    public override Course CourseOf(IFacts facts) =>
        (condition.Holds(facts) ? then : otherwise)
            .CourseOf(facts)
            .UpTo(condition.CourseOf(facts).Until);
}

/// <summary>A test of two values; without both it does not hold.</summary>
/// <param name="left">One of them.</param>
/// <param name="right">The other.</param>
/// <param name="holds">The test.</param>
/// <param name="ofOrder">
/// The same of how they stand to each other: told -1 where the left one is less, 0 or 1. Null for a test of values that stand
/// still.
/// </param>
internal sealed class ComparedPart<T>(
    Expression<T> left,
    Expression<T> right,
    Func<T, T, bool> holds,
    Func<int, bool>? ofOrder = null
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

    public override Course CourseOf(IFacts facts)
    {
        Course one = left.CourseOf(facts);
        Course other = right.CourseOf(facts);
        Course both = one.With(other, 0);
        double slope = one.Slope - other.Slope;
        return slope == 0 || !left.TryGet(facts, out T? a) || !right.TryGet(facts, out T? b)
            ? both
            : both.UpTo(
                Lines.Flip(facts.Now, Lines.NumberOf(a), Lines.NumberOf(b), slope, ofOrder!)
            );
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

    public override Course CourseOf(IFacts facts) => of.CourseOf(facts);
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

    public override Course CourseOf(IFacts facts)
    {
        Course course = of.CourseOf(facts);
        Course test = new(0, course.Until);
        if (!of.TryGet(facts, out DateTimeOffset instant))
        {
            return test;
        }

        decimal ahead = (instant - facts.Now).Ticks;
        decimal end = next ? span.Ticks : -span.Ticks;
        double slope = course.Slope - 1;
        return test.UpTo(Lines.Flip(facts.Now, ahead, 0, slope, static side => side > 0))
            .UpTo(Lines.Flip(facts.Now, ahead, end, slope, static side => side > 0));
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

    public override Course CourseOf(IFacts facts) => new(0, of.CourseOf(facts).Until);
}

/// <summary>The opposite. What has no value does not hold, so its opposite does.</summary>
internal sealed class NotPart(Expression<bool> of) : Expression<bool>
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value = !of.Holds(facts);
        return true;
    }

    public override Course CourseOf(IFacts facts) => of.CourseOf(facts);
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

    // What keeps the answer as it is, alone or with the other, has to change first.
    public override Course CourseOf(IFacts facts)
    {
        DateTimeOffset? one = left.CourseOf(facts).Until;
        DateTimeOffset? other = right.CourseOf(facts).Until;
        bool first = left.Holds(facts) != both;
        bool second = right.Holds(facts) != both;
        return new Course(
            0,
            first && second ? Course.Later(one, other)
                : first ? one
                : second ? other
                : Course.Earlier(one, other)
        );
    }
}

/// <summary>What conditions are asked.</summary>
public static class Conditions
{
    /// <summary>Whether a condition holds; one without a value does not.</summary>
    public static bool Holds(this Expression<bool> condition, IFacts facts) =>
        condition.TryGet(facts, out bool holds) && holds;
}
