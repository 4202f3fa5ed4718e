using Orleans.Concurrency;

namespace OrleansCdp.Insights;

/// <summary>
/// Looks at every stored individual and account once after insights that are written, or the models they ask, have changed. One
/// grain, key <c>insights</c>.
/// </summary>
[Alias("cdp.insight-walk")]
public interface IInsightWalkGrain : IGrainWithStringKey
{
    /// <summary>The grain's only key.</summary>
    const string Key = "insights";

    /// <summary>Begins, or goes on, if anybody is to be looked at; does not wait for it.</summary>
    /// <returns>
    /// The signature of the insights and segments for which everybody was looked at; null while that is under way.
    /// </returns>
    [Alias("go-on")]
    Task<string?> GoOnAsync();

    /// <summary>Looks at everybody from now on, whoever was looked at before; does not wait for it.</summary>
    /// <returns>The number of this round.</returns>
    [Alias("begin-anew")]
    Task<long> BeginAnewAsync();

    /// <summary>Goes on, and says whether everybody was looked at since a round began.</summary>
    /// <param name="round">What <see cref="BeginAnewAsync"/> said.</param>
    [Alias("has-ended")]
    Task<bool> HasEndedAsync(long round);

    /// <summary>How far it is, or how the last one ended; null when there never was one.</summary>
    [AlwaysInterleave]
    [Alias("progress")]
    Task<WalkProgress?> GetProgressAsync();
}

/// <summary>How many were looked at.</summary>
[GenerateSerializer, Immutable, Alias("cdp.walk-progress")]
public sealed record WalkProgress
{
    /// <summary>When it began.</summary>
    [Id(0)]
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When everybody had been looked at; null while it is under way.</summary>
    [Id(1)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Individuals done.</summary>
    [Id(2)]
    public long Individuals { get; init; }

    /// <summary>Accounts done.</summary>
    [Id(3)]
    public long Accounts { get; init; }

    /// <summary>Of these, those that could not be looked at, e.g. because their state is damaged: they are tried again later.</summary>
    [Id(4)]
    public long PutOff { get; init; }

    /// <summary>What keeps it from going on, for people; null when nothing does.</summary>
    [Id(5)]
    public string? Trouble { get; init; }
}
