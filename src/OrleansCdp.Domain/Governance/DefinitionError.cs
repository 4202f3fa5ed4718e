namespace OrleansCdp.Governance;

/// <summary>Something wrong in a definition.</summary>
/// <param name="Path">Where, e.g. <c>fields.opened_at.format</c>.</param>
/// <param name="Message">What, and what would be right.</param>
/// <param name="Line">From 1; 0 when unknown.</param>
/// <param name="Column">From 1; 0 when unknown.</param>
[GenerateSerializer, Immutable, Alias("cdp.definition-error")]
public readonly record struct DefinitionError(
    [property: Id(0)] string Path,
    [property: Id(1)] string Message,
    [property: Id(2)] int Line,
    [property: Id(3)] int Column
);
