using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>What an insight is computed from.</summary>
public enum ItemKind
{
    /// <summary>Records of one object.</summary>
    Records = 0,

    /// <summary>Lines of orders.</summary>
    Lines = 1,

    /// <summary>Closures of cases or opportunities: of one that was reopened each.</summary>
    Closures = 2,

    /// <summary>What was done: counted as it arrives, and not kept.</summary>
    Engagements = 3,
}

/// <summary>The items of an insight, and what may be said of each.</summary>
/// <remarks>
/// Beside the fields that the active data streams declare, every item has <c>item.at</c>: of an order when it was made, of
/// another record its first event, of a closure the moment, of an engagement when it happened. A record has
/// <c>record.id</c> and <c>record.updatedAt</c>; an order <c>order.total</c>, the sum of its lines where it states none; a case
/// or an opportunity <c>record.isClosed</c>, <c>record.closedAt</c> and <c>record.closures</c>; a line <c>line.id</c>,
/// <c>line.product</c>, <c>line.category</c>, <c>line.quantity</c> and <c>line.amount</c>.
/// </remarks>
public sealed class InsightSource
{
    private const string LinesSuffix = ".lines";
    private const string ClosuresSuffix = ".closures";

    private InsightSource(string name, string recordObject, ItemKind kind)
    {
        Name = name;
        Object = recordObject;
        Kind = kind;
    }

    /// <summary>As a definition names it, e.g. <c>SalesOrder.lines</c>.</summary>
    public string Name { get; }

    /// <summary>Canonical object of the records.</summary>
    public string Object { get; }

    /// <summary>What an item is.</summary>
    public ItemKind Kind { get; }

    /// <summary>What expressions about an item may name.</summary>
    public ExpressionScope Scope { get; private init; } =
        new(ImmutableSortedDictionary<string, Symbol>.Empty, KnowsNow: false);

    /// <summary>Names of declared fields by their slot.</summary>
    internal ImmutableArray<string> FieldNames { get; private init; } = [];

    /// <summary>Names of all sources that declared fields make possible.</summary>
    public static IEnumerable<string> NamesOf(IEnumerable<DeclaredField> declared)
    {
        // Individuals and accounts are no items: what is said of them is a fact.
        string[] objects =
        [
            .. declared
                .Select(field => field.Object)
                .Where(name => !CanonicalObjects.IsSubject(name))
                .Distinct()
                .Order(),
        ];
        foreach (string recordObject in objects)
        {
            yield return recordObject;
            if (recordObject == RecordObjects.SalesOrder)
            {
                yield return recordObject + LinesSuffix;
            }

            if (recordObject is RecordObjects.Case or RecordObjects.Opportunity)
            {
                yield return recordObject + ClosuresSuffix;
            }
        }
    }

    /// <summary>A source by its name.</summary>
    /// <param name="name">One of <see cref="NamesOf"/>.</param>
    /// <param name="declared">Fields that the active data streams declare.</param>
    /// <returns>Null when no stream brings such records.</returns>
    public static InsightSource? Find(string name, IReadOnlyCollection<DeclaredField> declared)
    {
        if (!NamesOf(declared).Contains(name, StringComparer.Ordinal))
        {
            return null;
        }

        (string recordObject, ItemKind kind) =
            name.EndsWith(LinesSuffix, StringComparison.Ordinal)
                ? (name[..^LinesSuffix.Length], ItemKind.Lines)
            : name.EndsWith(ClosuresSuffix, StringComparison.Ordinal)
                ? (name[..^ClosuresSuffix.Length], ItemKind.Closures)
            : name is RecordObjects.Engagement or RecordObjects.ProductUsage
                ? (name, ItemKind.Engagements)
            : (name, ItemKind.Records);
        ImmutableArray<DeclaredFact> fields = DeclaredFact.Of(declared, recordObject);
        var symbols = fields
            .Select((field, slot) => (field, slot))
            .Where(one => one.field.Type is not null)
            .Select(one =>
                KeyValuePair.Create(one.field.Printed, new Symbol(one.slot, one.field.Type!.Value))
            );
        return new InsightSource(name, recordObject, kind)
        {
            FieldNames = [.. fields.Select(field => field.Name)],
            Scope = new ExpressionScope(
                symbols
                    .Concat(BuiltIn.Of(recordObject, kind))
                    .ToImmutableSortedDictionary(StringComparer.Ordinal),
                KnowsNow: false
            )
            {
                Refused = fields
                    .Where(field => field.Ambiguity is not null)
                    .ToImmutableSortedDictionary(
                        field => field.Printed,
                        field => field.Ambiguity!,
                        StringComparer.Ordinal
                    ),
            },
        };
    }
}

/// <summary>Fields that items have whatever their streams declare.</summary>
internal static class BuiltIn
{
    public const int At = -1;
    public const int RecordId = -2;
    public const int UpdatedAt = -3;
    public const int Total = -4;
    public const int IsClosed = -5;
    public const int ClosedAt = -6;
    public const int Closures = -7;
    public const int LineId = -8;
    public const int LineProduct = -9;
    public const int LineCategory = -10;
    public const int LineQuantity = -11;
    public const int LineAmount = -12;

    /// <summary>When an item counts unless its definition says otherwise.</summary>
    public static Expression<DateTimeOffset> AtOfItem { get; } =
        new FieldPart<DateTimeOffset>(At, Arithmetic.Read);

    /// <summary>The built-in fields of a kind of item.</summary>
    public static IEnumerable<KeyValuePair<string, Symbol>> Of(string recordObject, ItemKind kind)
    {
        yield return new("item.at", new(At, ExpressionType.Instant));
        if (kind == ItemKind.Engagements)
        {
            yield break;
        }

        yield return new("record.id", new(RecordId, ExpressionType.Text));
        yield return new("record.updatedAt", new(UpdatedAt, ExpressionType.Instant));
        if (recordObject == RecordObjects.SalesOrder)
        {
            yield return new("order.total", new(Total, ExpressionType.Number));
        }

        if (recordObject is RecordObjects.Case or RecordObjects.Opportunity)
        {
            yield return new("record.isClosed", new(IsClosed, ExpressionType.Boolean));
            yield return new("record.closedAt", new(ClosedAt, ExpressionType.Instant));
            yield return new("record.closures", new(Closures, ExpressionType.Number));
        }

        if (kind == ItemKind.Lines)
        {
            yield return new("line.id", new(LineId, ExpressionType.Text));
            yield return new("line.product", new(LineProduct, ExpressionType.Text));
            yield return new("line.category", new(LineCategory, ExpressionType.Text));
            yield return new("line.quantity", new(LineQuantity, ExpressionType.Number));
            yield return new("line.amount", new(LineAmount, ExpressionType.Number));
        }
    }
}
