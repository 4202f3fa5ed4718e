using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Expressions;

/// <summary>A field of an object as expressions know it, whichever streams declare it.</summary>
/// <param name="Name">Its canonical name.</param>
/// <param name="Types">The types that streams declare it with.</param>
internal sealed record DeclaredFact(string Name, ImmutableArray<ExpressionType> Types)
{
    /// <summary>How it is written in an expression.</summary>
    public string Printed => ExpressionPrinter.Print(new Syntax.Name([Name], At: 0));

    /// <summary>The type of its values; null where streams do not agree.</summary>
    public ExpressionType? Type => Types is [var only] ? only : null;

    /// <summary>Why it cannot be spoken of; null where it can.</summary>
    public string? Ambiguity =>
        Types is [_]
            ? null
            : $"`{Printed}` is declared as {string.Join(" and as ", Types.Select(Expressions.Types.A))}; "
                + "data streams have to agree first.";

    /// <summary>All fields of an object, sorted by name.</summary>
    public static ImmutableArray<DeclaredFact> Of(
        IEnumerable<DeclaredField> declared,
        string canonicalObject
    ) =>
        [
            .. declared
                .Where(field => field.Object == canonicalObject)
                .GroupBy(field => field.Name, field => TypeOf(field.Type), StringComparer.Ordinal)
                .OrderBy(field => field.Key, StringComparer.Ordinal)
                .Select(field => new DeclaredFact(field.Key, [.. field.Distinct().Order()])),
        ];

    private static ExpressionType TypeOf(FieldType type) =>
        type switch
        {
            FieldType.Number => ExpressionType.Number,
            FieldType.Boolean => ExpressionType.Boolean,
            FieldType.Timestamp or FieldType.Date => ExpressionType.Instant,
            _ => ExpressionType.Text,
        };
}
