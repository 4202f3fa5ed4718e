using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>
/// What people of an account add to one of its insights: one of them, or several together. A commutative monoid, and bounded
/// like what a link knows of things done.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.people-sum")]
public sealed record PeopleSum
{
    /// <summary>The version of the insight: <see cref="ActiveInsight.Revision"/>.</summary>
    [Id(0)]
    public required long Revision { get; init; }

    /// <summary>
    /// What their items come to, sorted by stretch and part. Without a window stretch 0 has all that counts at once, and an
    /// item that is dated later has its moment (UTC ticks) in place of a stretch.
    /// </summary>
    [Id(1)]
    public ImmutableArray<Tally> Tallies { get; init; } = [];

    /// <summary>People who have anything in it.</summary>
    [Id(2)]
    public long People { get; init; }

    /// <summary>Records that are not in it: they were folded away before this version was made.</summary>
    [Id(3)]
    public long LeftOut { get; init; }

    /// <summary>The value of the insight for these people alone.</summary>
    /// <param name="insight">The insight.</param>
    /// <param name="at">The moment.</param>
    public InsightValue ValueOf(ActiveInsight insight, DateTimeOffset at)
    {
        Evaluation evaluation = new(insight, at);
        evaluation.Add(this);
        return evaluation.ToValue();
    }
}
