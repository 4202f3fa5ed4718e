using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Reads from an event what a match space compares.</summary>
internal static class ValueExtraction
{
    /// <summary>What an event says; null when that is nothing, or it is about no person.</summary>
    public static MatchValues? Of(FuzzyRules rules, LinkEvent linkEvent)
    {
        if (linkEvent.Subject != SubjectKind.Individual)
        {
            return null;
        }

        long at = MatchValues.MonthOf(linkEvent);
        List<(ushort, MatchValue)> values = [];
        foreach (MatchField field in rules.Fields)
        {
            foreach (string text in TextsOf(field, linkEvent).Distinct(StringComparer.Ordinal))
            {
                if (!rules.Guards.Blocks(GuardedTypeOf(field.Type), text))
                {
                    values.Add((field.Id, new MatchValue(text, at)));
                }
            }
        }

        return values.Count == 0 ? null : MatchValues.Of(values);
    }

    /// <summary>The identifier type whose blocked values a field's values must not be.</summary>
    public static string GuardedTypeOf(MatchType type) =>
        type switch
        {
            MatchType.Email => IdentifierTypes.Email,
            MatchType.Phone => IdentifierTypes.Phone,
            _ => IdentifierGuards.AnyType,
        };

    private static IEnumerable<string> TextsOf(MatchField field, LinkEvent linkEvent)
    {
        bool any = false;
        foreach (ValueSource source in field.From)
        {
            foreach (string value in RawOf(source, linkEvent))
            {
                any = true;
                if (MatchText.Of(field, value) is { } text)
                {
                    yield return text;
                }
            }
        }

        string parts = string.Join(' ', field.Parts.SelectMany(part => RawOf(part, linkEvent)));
        if (parts.Length > 0 && MatchText.Of(field, parts) is { } joined)
        {
            yield return joined;
        }

        if (any)
        {
            yield break;
        }

        foreach (string name in field.FullName.SelectMany(source => RawOf(source, linkEvent)))
        {
            (string? given, string? family) = MatchText.FullName(name);
            if ((field.Type == MatchType.GivenName ? given : family) is { } part)
            {
                yield return part;
            }
        }
    }

    private static IEnumerable<string> RawOf(ValueSource source, LinkEvent linkEvent) =>
        source.Origin switch
        {
            ValueOrigin.Identifier => linkEvent
                .Identifiers.Where(identifier => identifier.Type == source.Name)
                .Select(identifier => identifier.Value),
            ValueOrigin.Record => RawOf(linkEvent.Fields, source.Name),
            _ => RawOf(linkEvent.Traits, source.Name),
        };

    private static IEnumerable<string> RawOf(ImmutableArray<Field> fields, string name) =>
        fields
            .Where(field =>
                field.Name == name
                && field.Value.Type is not (FieldType.Null or FieldType.Json or FieldType.Boolean)
                && !string.IsNullOrWhiteSpace(field.Value.Text)
            )
            .Select(field => field.Value.Text);
}
