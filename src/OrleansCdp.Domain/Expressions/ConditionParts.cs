using System.Collections.Immutable;

namespace OrleansCdp.Expressions;

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

    internal override ImmutableArray<Expression> Operands => [left, right];

    internal override void NoteLeeway(IFacts facts, Leeways leeways)
    {
        // Only of one field and what stands still it is known how they move apart.
        if (Stands(left, right) is var (field, bound, isLeft) && field.TryGet(facts, out T? value))
        {
            field.Note(Leeway.Of(value, bound, side => ofOrder!(isLeft ? side : -side)), leeways);
        }
        else
        {
            base.NoteLeeway(facts, leeways);
        }
    }

    private (FieldPart<T> Field, T Bound, bool IsLeft)? Stands(
        Expression<T> one,
        Expression<T> other
    ) =>
        ofOrder is null || !Leeway.Measures<T>() ? null
        : (one, other) is (FieldPart<T> first, ConstantPart<T> second)
            ? (first, second.Constant, true)
        : (one, other) is (ConstantPart<T> before, FieldPart<T> after)
            ? (after, before.Constant, false)
        : null;
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

    internal override ImmutableArray<Expression> Operands => [of];

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

    internal override ImmutableArray<Expression> Operands => [of];

    internal override void NoteLeeway(IFacts facts, Leeways leeways)
    {
        if (of is FieldPart<DateTimeOffset> field && of.TryGet(facts, out DateTimeOffset instant))
        {
            TimeSpan ahead = instant - facts.Now;
            field.Note(
                next
                    ? OfNext(ahead)
                    : OfLast(ahead > TimeSpan.Zero, -ahead < span, field.IsPast(facts)),
                leeways
            );
        }
        else
        {
            base.NoteLeeway(facts, leeways);
        }
    }

    /// <summary>What a span of the past leaves an instant: how far it may go is not known, for the span goes on, too.</summary>
    /// <param name="isAhead">Whether it is later than now.</param>
    /// <param name="isReached">Whether the span reaches so far back.</param>
    /// <param name="isPast">Whether it never is later than now.</param>
    internal static Leeway OfLast(bool isAhead, bool isReached, bool isPast) =>
        isAhead ? Leeway.Upwards
        : !isReached ? Leeway.Downwards
        : isPast ? Leeway.Upwards
        : Leeway.None;

    private Leeway OfNext(TimeSpan ahead) =>
        ahead > span ? Leeway.Upwards
        : ahead <= TimeSpan.Zero ? Leeway.Downwards
        : Leeway.None;
}

/// <summary>Whether there is no value, or is one.</summary>
internal sealed class NullPart(Expression of, bool negated) : Expression<bool>
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value = of.HasValue(facts) == negated;
        return true;
    }

    internal override ImmutableArray<Expression> Operands => [of];

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

    internal override ImmutableArray<Expression> Operands => [of];

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

    internal override ImmutableArray<Expression> Operands => [left, right];

    // The one that keeps the answer as it is, of two the one that does longer, has to stay as it is; else both.
    internal override void NoteLeeway(IFacts facts, Leeways leeways)
    {
        bool first = left.Holds(facts) != both;
        bool second = right.Holds(facts) != both;
        if (first && second)
        {
            DateTimeOffset? one = left.CourseOf(facts).Until;
            DateTimeOffset? other = right.CourseOf(facts).Until;
            // Of two that are the same the one that is less work.
            first = one == other ? left is not JoinedPart : Course.Later(one, other) == one;
            second = !first;
        }

        if (first || !second)
        {
            left.NoteLeeway(facts, leeways);
        }

        if (second || !first)
        {
            right.NoteLeeway(facts, leeways);
        }
    }
}

/// <summary>What conditions are asked.</summary>
public static class Conditions
{
    /// <summary>Whether a condition holds; one without a value does not.</summary>
    public static bool Holds(this Expression<bool> condition, IFacts facts) =>
        condition.TryGet(facts, out bool holds) && holds;
}
