namespace OrleansCdp.Insights;

/// <summary>What is asked about the insights of somebody.</summary>
/// <param name="At">The moment they are computed for.</param>
/// <param name="Explain">Also the formulas, and what counts in them.</param>
/// <param name="Name">One insight; null for all.</param>
[GenerateSerializer, Immutable, Alias("cdp.insight-question")]
public sealed record InsightQuestion(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] bool Explain = false,
    [property: Id(2)] string? Name = null
)
{
    /// <summary>Whether the moment is over: what is not kept cannot be told of it.</summary>
    [Id(3)]
    public bool IsPast { get; init; }
}
