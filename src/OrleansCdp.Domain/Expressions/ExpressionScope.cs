using System.Collections.Immutable;

namespace OrleansCdp.Expressions;

/// <summary>A field that an expression may name.</summary>
/// <param name="Slot">Where its value is found (<see cref="IFacts.Find"/>).</param>
/// <param name="Type">The type of its value.</param>
public readonly record struct Symbol(int Slot, ExpressionType Type);

/// <summary>What an expression may speak of.</summary>
/// <param name="Symbols">Fields by their name, as <see cref="ExpressionPrinter"/> writes it.</param>
/// <param name="KnowsNow">
/// Whether it may depend on the moment it is asked at: then its value changes with no event at all.
/// </param>
public sealed record ExpressionScope(
    ImmutableSortedDictionary<string, Symbol> Symbols,
    bool KnowsNow
)
{
    /// <summary>Finds names, measures of items, sequences and segments; null where only <see cref="Symbols"/> are known.</summary>
    public ITermFinder? Terms { get; init; }

    /// <summary>The time zone of calendars that name none.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Told of each part that was compiled, for whoever wants to ask each of them; null for nobody.</summary>
    internal Action<Syntax, Expression>? Noted { get; init; }

    /// <summary>Names that cannot be spoken of, with the reason: a sentence.</summary>
    public ImmutableSortedDictionary<string, string> Refused { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>Finds what criteria ask beside fields.</summary>
public interface ITermFinder
{
    /// <summary>Where the value of a name, a measure of items, a sequence or a segment is found.</summary>
    /// <param name="term">
    /// A <see cref="Syntax.Name"/>, <see cref="Syntax.Measured"/>, <see cref="Syntax.Sequence"/> or <see cref="Syntax.InSegment"/>.
    /// </param>
    /// <param name="errors">Where what is wrong is added.</param>
    /// <returns>Null when it is wrong.</returns>
    Term? Find(Syntax term, ICollection<ExpressionError> errors);
}

/// <summary>What was found.</summary>
/// <param name="Symbol">Its place and type.</param>
/// <param name="Cost">The parts it consists of.</param>
public sealed record Term(Symbol Symbol, int Cost);

/// <summary>Values of the fields that expressions of one scope name.</summary>
public interface IFacts
{
    /// <summary>The moment it is; asked only by expressions of a scope that knows it.</summary>
    DateTimeOffset Now { get; }

    /// <summary>A field's value; null, or an explicit nothing, where there is none.</summary>
    FieldValue? Find(int slot);

    /// <summary>The moment from which a field's value may be another though nothing happens; null for never.</summary>
    DateTimeOffset? ChangesAt(int slot) => null;

    /// <summary>
    /// Whether a field's value is a moment that is not later than now, whatever happens, unless it is told that it may be anything.
    /// </summary>
    bool IsPast(int slot) => false;

    /// <summary>A field's number, for whoever has it without its text.</summary>
    bool TryGet(int slot, out decimal value)
    {
        value = 0;
        return Find(slot) is { } field && Arithmetic.Read(field, out value);
    }

    /// <summary>A field's instant, for whoever has it without its text.</summary>
    bool TryGet(int slot, out DateTimeOffset value)
    {
        value = default;
        return Find(slot) is { } field && Arithmetic.Read(field, out value);
    }
}
