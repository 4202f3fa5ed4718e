using System.Runtime.InteropServices;

namespace OrleansCdp;

/// <summary>What a save says about when its state is next due. The default says nothing: what is stored stays.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DueChange
{
    private DueChange(DateTimeOffset? at) => (IsSaid, At) = (true, at);

    /// <summary>It is not due any more.</summary>
    public static DueChange Never { get; } = new(null);

    /// <summary>Whether anything is said.</summary>
    public bool IsSaid { get; }

    /// <summary>When it is due; null for never, or where nothing is said.</summary>
    public DateTimeOffset? At { get; }

    /// <summary>It is due at a moment, whatever was said before.</summary>
    public static DueChange To(DateTimeOffset at) => new(at);
}

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
    public DueChange Demand(DateTimeOffset? dueAt, DateTimeOffset now)
    {
        if (dueAt is not { } wanted || (stored <= wanted && stored > now - Overdue))
        {
            return default;
        }

        stored = wanted;
        return DueChange.To(wanted);
    }

    /// <summary>
    /// What is stored in place of what made a look due: by the save that the look comes to, or else by whoever looks.
    /// </summary>
    /// <param name="dueAt">When it is next due; null for never.</param>
    public DueChange Replace(DateTimeOffset? dueAt)
    {
        stored = dueAt;
        return dueAt is { } next ? DueChange.To(next) : DueChange.Never;
    }
}
