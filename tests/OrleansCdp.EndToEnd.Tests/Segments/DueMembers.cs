namespace OrleansCdp.Segments;

/// <summary>
/// Who should be in a segment by its query. Over what was done a window reaches up to a 32nd of it too far: of whom that decides
/// both are right.
/// </summary>
/// <param name="Certain">Who is in it however far its windows reach.</param>
/// <param name="Possible">Who is in it if they reach as far as that takes.</param>
internal sealed record DueMembers(HashSet<string> Certain, HashSet<string> Possible)
{
    /// <summary>Windows over what was done, and how far they may reach.</summary>
    private static readonly (string Said, string AtMost)[] Windows =
    [
        ("30 days", "30 days 22:30:00"),
        ("60 days", "61 days 21:00:00"),
    ];

    private static readonly string[] OverWhatWasDone =
    [
        "active_visitors",
        "engaged_and_not_buying",
        "falling_usage",
        "falling_usage_with_open_cases",
        "renewal_with_falling_usage",
    ];

    /// <summary>Asks for them.</summary>
    /// <param name="sql">What happened.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="query">Its query.</param>
    /// <param name="at">The moment.</param>
    public static async Task<DueMembers> AskAsync(
        OracleSql sql,
        string segment,
        string query,
        DateTimeOffset at
    )
    {
        HashSet<string> certain = [.. await sql.MembersAsync(query, at)];
        HashSet<string> possible = [.. certain];
        foreach (string reaching in OverWhatWasDone.Contains(segment) ? Reaching(query) : [])
        {
            HashSet<string> due = [.. await sql.MembersAsync(reaching, at)];
            certain.IntersectWith(due);
            possible.UnionWith(due);
        }

        return new DueMembers(certain, possible);
    }

    /// <summary>Who is in it and should not be, or is not in it and should be.</summary>
    /// <param name="present">Who is in it.</param>
    public IEnumerable<string> Differences(HashSet<string> present) =>
        Certain
            .Except(present)
            .Select(one => $"{one} is not in it")
            .Concat(present.Except(Possible).Select(one => $"{one} is in it"));

    /// <summary>A query with each of its windows as long as it is or as long as it may be.</summary>
    private static IEnumerable<string> Reaching(string query) =>
        Windows.Aggregate(
            (IEnumerable<string>)[query],
            (all, window) =>
                all.SelectMany(one =>
                    new[]
                    {
                        one,
                        one.Replace(
                            $"'{window.Said}'",
                            $"'{window.AtMost}'",
                            StringComparison.Ordinal
                        ),
                    }.Distinct(StringComparer.Ordinal)
                )
        );
}
