namespace OrleansCdp;

/// <summary>The statements that save and load groups of states.</summary>
internal interface ISnapshotStatements
{
    /// <summary>Saves states with all that belongs to them, in one transaction.</summary>
    /// <param name="writes">At most one of each id.</param>
    /// <param name="saver">Which of the silo's savers asks: they add to different sums.</param>
    /// <returns>The ids whose stored version was the expected one; nothing was written for the others.</returns>
    Task<HashSet<string>> SaveAsync(SnapshotWrite[] writes, int saver);

    /// <summary>Loads states.</summary>
    /// <param name="ids">Each once.</param>
    /// <returns>Those that there are, with their parts as they were at the same instant.</returns>
    Task<Dictionary<string, Snapshot>> LoadAsync(string[] ids);
}
