namespace OrleansCdp;

/// <summary>A process of the cluster: it can be killed, and stopped for a while, between any two steps.</summary>
internal sealed class Process
{
    private readonly Scheduler scheduler;
    private readonly List<WorkQueue> queues = [];

    public Process(Scheduler scheduler, string name)
    {
        this.scheduler = scheduler;
        Name = name;
        Background = NewQueue(inOrder: false);
        Clock = new SimulatedClock(scheduler, this);
    }

    public string Name { get; }

    /// <summary>Killed: nothing of it runs any more, and nothing reaches it.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Stopped for a while: nothing of it runs until it goes on.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>What is done on no activation's turn.</summary>
    public WorkQueue Background { get; }

    public TimeProvider Clock { get; }

    /// <summary>Tasks that failed and nobody awaits.</summary>
    public List<Exception> Failures { get; } = [];

    public WorkQueue NewQueue(bool inOrder)
    {
        WorkQueue queue = new(scheduler, this, inOrder);
        queues.Add(queue);
        return queue;
    }

    /// <summary>Kills it.</summary>
    public void Kill()
    {
        IsDead = true;
        queues.Clear();
    }

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        IsPaused = false;
        queues.ForEach(queue => queue.Offer());
    }

    /// <summary>Starts something in the background whose failure is the cluster's.</summary>
    public void Run(Func<Task> work) => Background.Post(() => _ = WatchAsync(work));

    private async Task WatchAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            scheduler.Note($"{Name} failed: {e.Message}");
            Failures.Add(e);
        }
    }
}

/// <summary>The time as a process has it.</summary>
internal sealed class SimulatedClock(Scheduler scheduler, Process process) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => scheduler.Now;

    public override long GetTimestamp() => scheduler.Now.UtcTicks;

    public override ITimer CreateTimer(
        TimerCallback callback,
        object? state,
        TimeSpan dueTime,
        TimeSpan period
    )
    {
        SimulatedTimer timer = new(scheduler, process, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimulatedTimer(Scheduler scheduler, Process process, Action callback)
        : ITimer
    {
        private int armed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            int now = ++armed;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                scheduler.After(dueTime, () => Fire(now, period));
            }

            return true;
        }

        public void Dispose() => armed++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Fire(int when, TimeSpan period)
        {
            if (when != armed || process.IsDead)
            {
                return;
            }

            process.Background.Post(() =>
            {
                if (when == armed)
                {
                    callback();
                }
            });
            if (period > TimeSpan.Zero)
            {
                scheduler.After(period, () => Fire(when, period));
            }
        }
    }
}
