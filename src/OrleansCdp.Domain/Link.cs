namespace OrleansCdp;

/// <summary>One source's view of one subject, with everything its events said.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link")]
public sealed record Link
{
    /// <summary>The link's key.</summary>
    [Id(0)]
    public required LinkKey Key { get; init; }
}
