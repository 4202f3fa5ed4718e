namespace OrleansCdp;

/// <summary>
/// One thread on which everything of a simulated cluster runs. Whose turn it is, is decided by the seed; time stands
/// still while there is anything to do, and then leaps to the next alarm.
/// </summary>
internal sealed class Scheduler(int seed)
{
    private readonly List<WorkQueue> ready = [];
    private readonly PriorityQueue<Action, (long Due, long Order)> alarms = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private long order;

    /// <summary>When every simulation begins.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>All chance there is.</summary>
    public Random Chance { get; } = new(seed);

    /// <summary>The time in the cluster.</summary>
    public DateTimeOffset Now { get; private set; } = Start;

    /// <summary>What happened.</summary>
    public Trace Trace { get; } = new();

    /// <summary>Requests on their way.</summary>
    public int InFlight { get; set; }

    /// <summary>Whether something with a probability happens now.</summary>
    public bool Happens(double probability) => probability > 0 && Chance.NextDouble() < probability;

    /// <summary>A span of at most so many milliseconds, mostly a short one.</summary>
    public TimeSpan Within(double milliseconds)
    {
        double part = Chance.NextDouble();
        return TimeSpan.FromMilliseconds(milliseconds * part * part * part);
    }

    /// <summary>Does something in a while, in nobody's process: the network, the database, fate.</summary>
    public void After(TimeSpan delay, Action action) =>
        alarms.Enqueue(action, ((Now + delay).UtcTicks, ++order));

    /// <summary>Writes a line of the trace.</summary>
    public void Note(string text) => Trace.Add(Now - Start, text);

    /// <summary>
    /// Work that came from another thread, which no seed could repeat; it is not done. Null as long as there is none.
    /// </summary>
    public string? Foreign { get; private set; }

    /// <summary>Whether work comes from the one thread there is.</summary>
    public bool IsOurs()
    {
        bool isOurs = Environment.CurrentManagedThreadId == thread;
        Foreign ??= isOurs ? null : Environment.StackTrace;
        return isOurs;
    }

    /// <summary>A queue has work.</summary>
    public void Offer(WorkQueue queue) => ready.Add(queue);

    /// <summary>Runs until a condition holds.</summary>
    /// <returns>False when it does not by the deadline.</returns>
    public bool RunUntil(Func<bool> condition, DateTimeOffset deadline)
    {
        while (!condition())
        {
            if (!Step(deadline))
            {
                return false;
            }
        }

        return true;
    }

    private bool Step(DateTimeOffset deadline)
    {
        if (ready.Count > 0)
        {
            int at = Chance.Next(ready.Count);
            WorkQueue queue = ready[at];
            if (!queue.RunOne())
            {
                ready[at] = ready[^1];
                ready.RemoveAt(ready.Count - 1);
            }

            return true;
        }

        if (!alarms.TryDequeue(out Action? alarm, out (long Due, long) next))
        {
            return false;
        }

        Now = new DateTimeOffset(Math.Max(next.Due, Now.UtcTicks), TimeSpan.Zero);
        alarm();
        return Now <= deadline;
    }
}

/// <summary>
/// Work of one process that must not run at the same time: an activation's turns in their order, or what a process
/// does in the background in any order.
/// </summary>
internal sealed class WorkQueue(Scheduler scheduler, Process process, bool inOrder)
    : SynchronizationContext
{
    private readonly List<(SendOrPostCallback Callback, object? State)> work = [];
    private bool offered;

    /// <summary>Adds work, unless the process is dead.</summary>
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!scheduler.IsOurs() || process.IsDead)
        {
            return;
        }

        work.Add((d, state));
        Offer();
    }

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Adds work.</summary>
    public void Post(Action action) => Post(static state => ((Action)state!)(), action);

    /// <summary>Lets what waited go on.</summary>
    public void Offer()
    {
        if (!offered && work.Count > 0 && !process.IsPaused)
        {
            offered = true;
            scheduler.Offer(this);
        }
    }

    /// <summary>Runs one piece.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool RunOne()
    {
        if (process.IsDead)
        {
            work.Clear();
        }

        if (work.Count == 0 || process.IsPaused)
        {
            return offered = false;
        }

        int at = inOrder ? 0 : scheduler.Chance.Next(work.Count);
        (SendOrPostCallback callback, object? state) = work[at];
        work.RemoveAt(at);
        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        finally
        {
            SetSynchronizationContext(null);
        }

        return true;
    }
}
