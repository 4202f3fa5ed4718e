using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Which base individuals are one person, and where their links are. PostgreSQL is the arbiter.</summary>
public interface IMergeStore
{
    /// <summary>
    /// Keeps what links prove, and decides anew who is one person wherever that is new. Repeating it changes nothing.
    /// </summary>
    /// <param name="proofs">What links state.</param>
    /// <param name="bearing">Individuals that bear links, who have to move when they are merged.</param>
    /// <param name="cancel">Stops the query.</param>
    Task<Regrouped> ProveAsync(
        IReadOnlyCollection<AnchorProof> proofs,
        IReadOnlyCollection<BaseIndividual> bearing,
        CancellationToken cancel
    );

    /// <summary>Who has everybody's links of those that are one person with an individual; itself if it is alone.</summary>
    Task<string> RootOfAsync(string individual, CancellationToken cancel);

    /// <summary>Notes where an individual's links are.</summary>
    Task NotePlacedAsync(string individual, string root, CancellationToken cancel);

    /// <summary>
    /// Individuals whose links have been on their way for a while, and were not asked for here meanwhile; those that have
    /// waited longest, at most <paramref name="limit"/>. They are to be tried now: the next time others come first.
    /// </summary>
    Task<ImmutableArray<string>> MovingAsync(TimeSpan since, int limit, CancellationToken cancel);

    /// <summary>Notes why an individual's links could not be brought to where they belong, until they are.</summary>
    /// <returns>Whether that is new.</returns>
    Task<bool> NoteStuckAsync(string individual, string reason, CancellationToken cancel);
}

/// <summary>What deciding anew about individuals has changed.</summary>
/// <param name="Moving">Whose links have to go elsewhere.</param>
/// <param name="Conflicts">Who should be one and stays apart, and was not known to.</param>
public sealed record Regrouped(
    ImmutableArray<string> Moving,
    ImmutableArray<MergeConflict> Conflicts
)
{
    /// <summary>Nothing has.</summary>
    public static Regrouped Nothing { get; } = new([], []);

    /// <summary>Who bears links and has another root now; matching looks at them again.</summary>
    public ImmutableArray<RootChange> Changed { get; init; } = [];

    /// <summary>This, and what was decided after it.</summary>
    public Regrouped And(Regrouped later) =>
        new(
            [.. Moving.Union(later.Moving, StringComparer.Ordinal)],
            [.. Conflicts, .. later.Conflicts]
        )
        {
            Changed = [.. Changed, .. later.Changed],
        };
}

/// <summary>A base individual that is one person with others than before.</summary>
/// <param name="Id">The base individual.</param>
/// <param name="FormerRoot">Who had everybody's links until now; itself if it was alone.</param>
/// <param name="Root">Who has them from now on; itself if it is alone.</param>
public sealed record RootChange(string Id, string FormerRoot, string Root)
{
    /// <summary>Everybody concerned.</summary>
    public IEnumerable<string> Individuals => [Id, FormerRoot, Root];
}
