using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>What is made of the items of an insight.</summary>
public enum Measure
{
    /// <summary>How many there are.</summary>
    Count = 0,

    /// <summary>The sum of a number.</summary>
    Sum = 1,

    /// <summary>The lowest value.</summary>
    Min = 2,

    /// <summary>The highest value.</summary>
    Max = 3,

    /// <summary>The mean of a number.</summary>
    Average = 4,

    /// <summary>The value of the earliest item.</summary>
    First = 5,

    /// <summary>The value of the latest item.</summary>
    Last = 6,

    /// <summary>How many different values there are.</summary>
    Distinct = 7,

    /// <summary>One measure divided by another.</summary>
    Ratio = 8,

    /// <summary>The middle value; of an even number of them the mean of the two in the middle.</summary>
    Median = 9,

    /// <summary>How probable it is that somebody is still a customer (BG/NBD); 1 for whoever bought once.</summary>
    Alive = 10,

    /// <summary>How many purchases are expected within a horizon (BG/NBD).</summary>
    Purchases = 11,

    /// <summary>How probable it is that nothing is bought within a horizon (BG/NBD).</summary>
    NoPurchase = 12,

    /// <summary>What a purchase is expected to be worth (Gamma-Gamma).</summary>
    PurchaseValue = 13,

    /// <summary>What the purchases of a horizon are expected to be worth today; those made already are not in it.</summary>
    LifetimeValue = 14,

    /// <summary>The latest <see cref="LatestInstants.Max"/> moments; told is the last of them.</summary>
    Instants = 15,
}

/// <summary>
/// A compiled insight definition: of which items, which measure, over which time, in which unit, and which field of the CRM it
/// may write. Immutable; safe for any number of threads.
/// </summary>
/// <remarks>
/// A definition is YAML. README.md beside this file is the reference; an example:
/// <code>
/// description: What somebody spent in the last 90 days
/// source: SalesOrder
/// where: status not in ('Returned')
/// measure: sum
/// value: order.total
/// currency: currency
/// window: 90 days
/// unit: money
/// writes: { object: Contact, field: Spent_90_Days__c }
/// deadBand: 1
/// </code>
/// </remarks>
public sealed record InsightDefinition
{
    /// <summary>What the names of insights begin with that segments make of their criteria; people write none of that name.</summary>
    public const string DerivedPrefix = "segment_";

    /// <summary>Whether a name is that of an insight that segments make.</summary>
    public static bool IsDerived(string name) =>
        name.StartsWith(DerivedPrefix, StringComparison.Ordinal);

    /// <summary>Sources of one insight.</summary>
    public const int InputsMax = 5;

    /// <summary>Its name, as in its address and in answers.</summary>
    public required string Name { get; init; }

    /// <summary>For people; null for none.</summary>
    public string? Description { get; init; }

    /// <summary>Whose insight it is.</summary>
    public required SubjectKind Of { get; init; }

    /// <summary>Of an account: whether what its people did and own counts, too.</summary>
    public bool HasPeople { get; init; }

    /// <summary>What is made of the items.</summary>
    public required Measure Measure { get; init; }

    /// <summary>
    /// What it is computed from: one source, or several whose items count together; at most <see cref="InputsMax"/>.
    /// </summary>
    public required ImmutableArray<InsightInput> Inputs { get; init; }

    /// <summary>Items older than this do not count; null when all do.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>After this time an item counts half; null when all count the same.</summary>
    public TimeSpan? HalfLife { get; init; }

    /// <summary>What is asked of a model; null where nothing is predicted.</summary>
    public Prediction? Prediction { get; init; }

    /// <summary>How many parts are told, the largest first; 0 where it is not divided.</summary>
    public int Top { get; init; }

    /// <summary>Whether all that counts in it are records, which are kept.</summary>
    public bool IsOverRecords => Inputs.All(input => input.Source.Kind != ItemKind.Engagements);

    /// <summary>Whether it is divided into parts, e.g. by category.</summary>
    public bool IsDivided => !Inputs[0].By.IsEmpty;

    /// <summary>Whether something is measured of its items, and not only counted.</summary>
    public bool HasValue => Inputs.Any(input => input.Items.Value is not null);

    /// <summary>Whether it is an amount of money: there is one value for each currency.</summary>
    public bool IsMoney => Inputs[0].Currency is not null;

    /// <summary>Whether its value is the moment of the earliest item, or of the latest.</summary>
    public bool IsMoment { get; init; }

    /// <summary>The type of the value, or of each of its parts.</summary>
    public required ExpressionType Type { get; init; }

    /// <summary>What the value counts, for people: <c>orders</c>, <c>money</c>; null for none.</summary>
    public string? Unit { get; init; }

    /// <summary>A change that is not larger is not written back. Default 0: every change is.</summary>
    public decimal DeadBand { get; init; }

    /// <summary>The field it may write; null for none.</summary>
    public WrittenField? Writes { get; init; }

    /// <summary>The type of what is measured of an item.</summary>
    internal ExpressionType MeasuredType => InputCompiler.MeasuredTypeOf(Inputs[0]);

    /// <summary>Whether what such a subject did and owns counts in it.</summary>
    internal bool CountsWhatIsOf(SubjectKind subject) =>
        Of == subject || (HasPeople && subject == SubjectKind.Individual);

    /// <summary>Whether any of its items are of records of an object.</summary>
    internal bool IsOver(string recordObject)
    {
        foreach (InsightInput input in Inputs)
        {
            if (input.IsOver(recordObject))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Compiles a definition.</summary>
    /// <param name="name">The insight's name.</param>
    /// <param name="text">YAML (JSON is YAML).</param>
    /// <param name="declared">Fields that the active data streams declare.</param>
    /// <returns>The definition, or everything that is wrong with the text.</returns>
    public static (InsightDefinition? Insight, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text,
        IReadOnlyCollection<DeclaredField> declared
    ) => InsightCompiler.Compile(name, text, declared);
}

/// <summary>One source of an insight: which of its items count, when, for how much, and in which part.</summary>
public sealed record InsightInput
{
    /// <summary>What the items are.</summary>
    public required InsightSource Source { get; init; }

    /// <summary>What is measured; of a ratio what is divided.</summary>
    public required MeasuredItems Items { get; init; }

    /// <summary>What it is divided by; only of a ratio, and null elsewhere.</summary>
    public MeasuredItems? Denominator { get; init; }

    /// <summary>When an item counts: an instant of it. By default <c>item.at</c>.</summary>
    public required Expression<DateTimeOffset> At { get; init; }

    /// <summary>Values that name the part an item belongs to, e.g. a category; empty for one value.</summary>
    public ImmutableArray<Expression> By { get; init; } = [];

    /// <summary>The currency of an amount. Null where the value is no money.</summary>
    public Expression<string>? Currency { get; init; }

    /// <summary>Its expressions in the one way to write them, by where they stand in the definition.</summary>
    public ImmutableSortedDictionary<string, string> Forms { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Whether what is measured of an item is the moment at which it counts.</summary>
    internal bool MeasuresWhen =>
        Forms.GetValueOrDefault("value") == "item.at" && !Forms.ContainsKey("at");

    /// <summary>Whether its items are of records of an object.</summary>
    internal bool IsOver(string recordObject) =>
        Source.Object == recordObject && Source.Kind != ItemKind.Engagements;
}

/// <summary>Items that count, and what is measured of each.</summary>
public sealed record MeasuredItems
{
    /// <summary>Which items count; null for all.</summary>
    public Expression<bool>? Where { get; init; }

    /// <summary>What is measured of each; null where they are counted.</summary>
    public Expression? Value { get; init; }
}

/// <summary>A field of the CRM that an insight may write.</summary>
/// <param name="Object">E.g. <c>Contact</c>.</param>
/// <param name="Field">E.g. <c>Lifetime_Value__c</c>.</param>
[GenerateSerializer, Immutable, Alias("cdp.written-field")]
public sealed record WrittenField([property: Id(0)] string Object, [property: Id(1)] string Field);
