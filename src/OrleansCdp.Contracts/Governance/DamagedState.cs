namespace OrleansCdp.Governance;

/// <summary>What became of a damaged state.</summary>
public enum DamageOutcome
{
    /// <summary>It was found, and nothing decided yet.</summary>
    Found = 0,

    /// <summary>It was made anew from the log.</summary>
    Rebuilt = 1,

    /// <summary>The log does not tell it: a person must restore or delete it.</summary>
    NotRebuilt = 2,
}

/// <summary>A state whose stored bytes were found damaged.</summary>
/// <param name="Id">The individual or account.</param>
/// <param name="Flaw">What is wrong with the bytes.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why it was not rebuilt; null otherwise.</param>
/// <param name="FoundAt">When it was found.</param>
[GenerateSerializer, Immutable, Alias("cdp.damaged-state")]
public sealed record DamagedState(
    [property: Id(0)] string Id,
    [property: Id(1)] string Flaw,
    [property: Id(2)] DamageOutcome Outcome,
    [property: Id(3)] string? Reason,
    [property: Id(4)] DateTimeOffset FoundAt
);
