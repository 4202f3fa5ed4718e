namespace OrleansCdp;

/// <summary>
/// When an activation is stored to be due, as far as it knows: after it was loaded it does not. It need not know of an earlier
/// moment than it wants; whoever looks then sees when to look again.
/// </summary>
internal sealed class StoredDue
{
    /// <summary>How long something that is due may wait to be looked at.</summary>
    public static readonly TimeSpan Overdue = TimeSpan.FromMinutes(2);

    private DateTimeOffset? stored;

    /// <summary>What the next save says, so that the state is looked at in time. Seldom anything.</summary>
    /// <param name="dueAt">When it is to be looked at; null for never.</param>
    /// <param name="now">
    /// The moment. What has been past for longer than <see cref="Overdue"/> may have been looked at elsewhere, and is said again.
    /// </param>
    public DateTimeOffset? Demand(DateTimeOffset? dueAt, DateTimeOffset now)
    {
        if (dueAt is not { } wanted || (stored <= wanted && stored > now - Overdue))
        {
            return null;
        }

        stored = wanted;
        return wanted;
    }

    /// <summary>Takes what whoever looks stores: when it is to be looked at again.</summary>
    /// <param name="dueAt">The moment; null for never.</param>
    public void Know(DateTimeOffset? dueAt) => stored = dueAt;
}
