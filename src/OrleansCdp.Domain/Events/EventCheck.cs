using System.Collections.Immutable;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>
/// Checks events that no definition admitted: built by hand, and published on a stream. What the log takes it must be
/// able to store, deliver and fold; an event that could not be would stop its partition.
/// </summary>
public static class EventCheck
{
    /// <summary>What is wrong with an event: something is missing, or past one of the <see cref="Limits"/>.</summary>
    /// <returns>Null when nothing is.</returns>
    public static string? FlawOf(LinkEvent? e)
    {
        if (e is null)
        {
            return "it is null";
        }

        return FlawOf(e.Link, nameof(e.Link))
            ?? FlawOf(e.Account, nameof(e.Account))
            ?? FlawOf(e.SameAs, nameof(e.SameAs))
            ?? FlawOf(e.Stream, Limits.FieldNameMax, nameof(e.Stream))
            ?? FlawOf(e.EventId, Limits.EventIdMax, nameof(e.EventId))
            ?? FlawOf(e.Object, Limits.FieldNameMax, nameof(e.Object))
            ?? FlawOf(e.Ruleset ?? "", Limits.FieldNameMax, nameof(e.Ruleset))
            ?? FlawOf(e.RecordId ?? "", Limits.RecordIdMax, nameof(e.RecordId))
            ?? FlawOf(e.Identifiers, Limits.EventIdentifiersMax, FlawOf, nameof(e.Identifiers))
            ?? FlawOf(e.Traits, Limits.EventFieldsMax, FlawOf, nameof(e.Traits))
            ?? FlawOf(e.Fields, Limits.EventFieldsMax, FlawOf, nameof(e.Fields))
            ?? FlawOf(e.AccountTraits, Limits.EventFieldsMax, FlawOf, nameof(e.AccountTraits))
            ?? FlawOf(e.Lines, Limits.OrderLinesMax, FlawOf, nameof(e.Lines))
            ?? (
                e.OccurredAt - e.ReceivedAt > Limits.FutureMax
                    ? $"{nameof(e.OccurredAt)} is more than {Limits.FutureMax.TotalHours} hours after "
                        + nameof(e.ReceivedAt)
                    : null
            );
    }

    private static string? FlawOf(LinkKey? key, string name) =>
        key switch
        {
            null => null,
            { Source: null } or { Object: null } or { Id: null } => $"{name} is not set",
            var (source, of, id)
                when source.Length + of.Length + id.Length + 2 <= Limits.LinkKeyMax => FlawOf(
                source,
                Limits.LinkKeyMax,
                name
            )
                ?? FlawOf(of, Limits.LinkKeyMax, name)
                ?? FlawOf(id, Limits.LinkKeyMax, name),
            _ => $"{name} is longer than {Limits.LinkKeyMax} characters",
        };

    private static string? FlawOf(Identifier identifier, string name) =>
        FlawOf(identifier.Type, Limits.FieldNameMax, name)
        ?? FlawOf(identifier.Value, Limits.IdentifierMax, name);

    private static string? FlawOf(Field field, string name) =>
        FlawOf(field.Name, Limits.FieldNameMax, name)
        ?? FlawOf(field.Value.Text, Limits.FieldTextMax, name);

    private static string? FlawOf(OrderLine line, string name) =>
        line is null
            ? $"{name} has one that is null"
            : FlawOf(line.Id, Limits.RecordIdMax, name)
                ?? FlawOf(line.Product ?? "", Limits.FieldTextMax, name)
                ?? FlawOf(line.Category ?? "", Limits.FieldTextMax, name);

    private static string? FlawOf<T>(
        ImmutableArray<T> items,
        int max,
        Func<T, string, string?> flawOf,
        string name
    )
    {
        if (items.IsDefault)
        {
            return $"{name} is not set";
        }

        if (items.Length > max)
        {
            return $"{name} has more than {max}";
        }

        foreach (T item in items)
        {
            if (flawOf(item, name) is { } flaw)
            {
                return flaw;
            }
        }

        return null;
    }

    private static string? FlawOf(string? text, int max, string name) =>
        text is null ? $"{name} has a text that is null"
        : text.Length > max ? $"{name} has a text longer than {max} characters"
        : ValueReader.IsStorable(text) ? null
        : $"{name} has a character that cannot be stored (NUL, a lone surrogate)";
}
