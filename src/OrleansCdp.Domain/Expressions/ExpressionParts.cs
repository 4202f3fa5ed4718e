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

    internal override void NoteLeeway(IFacts facts, Leeways leeways) => Note(Leeway.None, leeways);

    /// <summary>Notes what somebody else leaves this field.</summary>
    public void Note(Leeway leeway, Leeways leeways) => leeways.Narrow(slot, leeway);

    /// <summary>Whether its value is a moment that is never later than now.</summary>
    public bool IsPast(IFacts facts) => facts.IsPast(slot);
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

    internal override ImmutableArray<Expression> Operands => [from];

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

    internal override ImmutableArray<Expression> Operands => [left, right];

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

    internal override ImmutableArray<Expression> Operands => [.. options];

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

    internal override ImmutableArray<Expression> Operands => [condition, then, otherwise];

    public override Course CourseOf(IFacts facts) =>
        (condition.Holds(facts) ? then : otherwise)
            .CourseOf(facts)
            .UpTo(condition.CourseOf(facts).Until);
}
