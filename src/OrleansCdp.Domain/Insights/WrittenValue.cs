namespace OrleansCdp.Insights;

/// <summary>What was last handed over to be written into a field of the CRM.</summary>
/// <param name="Field">The field.</param>
/// <param name="Value">The value; the explicit nothing once it was cleared.</param>
/// <param name="Sequence">Grows with every value that is handed over for it.</param>
[GenerateSerializer, Immutable, Alias("cdp.written-value")]
public sealed record WrittenValue(
    [property: Id(0)] WrittenField Field,
    [property: Id(1)] FieldValue Value,
    [property: Id(2)] long Sequence
);
