using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>What a program expects of its database before it joins the cluster there.</summary>
public sealed record DatabaseTerms
{
    /// <summary>Most that this machine's clock may differ from the database's: 5 seconds.</summary>
    /// <remarks>Silos compare each other's times in the membership table, and events their times of receipt.</remarks>
    public static readonly TimeSpan ClockSkewMax = TimeSpan.FromSeconds(5);

    /// <summary>Partitions of the log, fixed at the first start.</summary>
    /// <value>
    /// From 1 to <see cref="Partitions.CountMax"/>. Default: null, which takes what is fixed, or
    /// <see cref="Partitions.CountDefault"/> for a new database.
    /// </value>
    public int? PartitionCount { get; init; }

    /// <summary>The cluster the program belongs to, fixed at the first start: a database has one cluster.</summary>
    /// <value>Default: <see cref="EventStreams.ClusterId"/>.</value>
    public string ClusterId { get; init; } = EventStreams.ClusterId;

    /// <summary>
    /// The program's anchors, whose order is fixed at the first start: later ones may only be added at its end.
    /// </summary>
    /// <value>Default: null, for a program that decides about nobody.</value>
    public AnchorPolicy? Anchors { get; init; }

    /// <summary>
    /// Whether nobody else can be using the database. Otherwise a migration that silos of an earlier program do not bear
    /// waits until they are stopped.
    /// </summary>
    /// <value>Default: false.</value>
    public bool IsAlone { get; init; }

    /// <summary>This machine's clock.</summary>
    /// <value>Default: the system's.</value>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The oldest server that will do.</summary>
    internal int ServerVersionMin { get; init; } = DatabaseSetup.ServerVersionMin;

    /// <summary>Refuses a clock that is too far off.</summary>
    /// <param name="skew">This machine's clock less the database's.</param>
    /// <exception cref="DatabaseRefusedException">It differs by more than <see cref="ClockSkewMax"/>.</exception>
    internal static void DemandClock(TimeSpan skew)
    {
        if (skew.Duration() > ClockSkewMax)
        {
            throw new DatabaseRefusedException(
                FormattableString.Invariant(
                    $"The clock of this machine is {skew.Duration().TotalSeconds:F1} s "
                )
                    + (skew > TimeSpan.Zero ? "ahead of" : "behind")
                    + $" PostgreSQL's; at most {ClockSkewMax.TotalSeconds} s is allowed, because silos "
                    + "judge by their clocks who is alive. Synchronise it (NTP), then start again."
            );
        }
    }
}
