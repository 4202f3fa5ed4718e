using Npgsql;

namespace OrleansCdp;

/// <summary>What becomes of a statement.</summary>
internal enum StatementFault
{
    None = 0,

    /// <summary>Nothing was done.</summary>
    Before = 1,

    /// <summary>It was done, and nobody is told.</summary>
    After = 2,

    /// <summary>Rolled back to solve a conflict with another transaction.</summary>
    Conflict = 3,
}

/// <summary>How often what goes wrong. Each seed has some kinds of trouble and not others; later there is none.</summary>
internal sealed class Faults
{
    private readonly Scheduler scheduler;

    public Faults(Scheduler scheduler, bool none)
    {
        this.scheduler = scheduler;
        if (none)
        {
            return;
        }

        StatementFails = Any(0.06);
        StatementConflicts = Any(0.03);
        RequestLost = Any(0.03);
        AnswerLost = Any(0.03);
        SlowRequest = Any(0.05);
        MergeRefused = Any(0.4);
        Acts = scheduler.Happens(0.85);
        ActsEvery = TimeSpan.FromMilliseconds(scheduler.Chance.Next(300, 6_000));
    }

    public double StatementFails { get; private set; }

    public double StatementConflicts { get; private set; }

    public double RequestLost { get; private set; }

    public double AnswerLost { get; private set; }

    /// <summary>A request or an answer that takes seconds.</summary>
    public double SlowRequest { get; private set; }

    /// <summary>An individual has no room for another one, as it is with thousands of links.</summary>
    public double MergeRefused { get; private set; }

    /// <summary>Whether silos and activations come to harm.</summary>
    public bool Acts { get; private set; }

    public TimeSpan ActsEvery { get; }

    /// <summary>Nobody reaches the database.</summary>
    public bool IsDatabaseAway { get; set; }

    /// <summary>Whether nothing goes wrong any more.</summary>
    public bool AreOver { get; private set; }

    /// <summary>From now on nothing goes wrong.</summary>
    public void End()
    {
        StatementFails =
            StatementConflicts =
            RequestLost =
            AnswerLost =
            SlowRequest =
            MergeRefused =
                0;
        Acts = IsDatabaseAway = false;
        AreOver = true;
    }

    public StatementFault OfStatement() =>
        IsDatabaseAway ? StatementFault.Before
        : scheduler.Happens(StatementConflicts) ? StatementFault.Conflict
        : !scheduler.Happens(StatementFails) ? StatementFault.None
        : scheduler.Happens(0.5) ? StatementFault.Before
        : StatementFault.After;

    /// <summary>As the driver reports it.</summary>
    public static Exception ExceptionOf(StatementFault fault) =>
        fault == StatementFault.Conflict
            ? new PostgresException(
                "deadlock detected",
                "ERROR",
                "ERROR",
                PostgresErrorCodes.DeadlockDetected
            )
            : new NpgsqlException("Exception while reading from stream", new IOException());

    private double Any(double max) =>
        scheduler.Happens(0.6) ? scheduler.Chance.NextDouble() * max : 0;
}
