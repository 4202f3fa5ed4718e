namespace OrleansCdp;

/// <summary>
/// Something that happens again and again, and that others wait for, each for as long as it likes and by the silo's
/// clock. Who waited in vain leaves nothing behind.
/// </summary>
internal sealed class Signal
{
    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource<bool>> waiting = new();
    private long times;

    /// <summary>How often it happened. Taken before a look, so that nothing between the look and the wait is missed.</summary>
    public long Times => Interlocked.Read(ref times);

    /// <summary>It happens: everybody's wait ends.</summary>
    public void Set()
    {
        lock (gate)
        {
            times++;
            foreach (TaskCompletionSource<bool> waiter in waiting)
            {
                waiter.TrySetResult(true);
            }

            waiting.Clear();
        }
    }

    /// <summary>Waits until it happens, or has happened since a look.</summary>
    /// <param name="seen">What <see cref="Times"/> was before the look.</param>
    /// <param name="max">How long to wait; infinite for as long as it takes.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="cancel">Ends the wait; no exception, for it is how many waits end.</param>
    /// <returns>Whether it happened.</returns>
    public async Task<bool> WaitAsync(
        long seen,
        TimeSpan max,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        TaskCompletionSource<bool> waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<bool>> node;
        lock (gate)
        {
            if (times != seen)
            {
                return true;
            }

            node = waiting.AddLast(waiter);
        }

        await using ITimer timer = clock.CreateTimer(
            static waiter => ((TaskCompletionSource<bool>)waiter!).TrySetResult(false),
            waiter,
            max,
            Timeout.InfiniteTimeSpan
        );
        await using CancellationTokenRegistration cancelled = cancel.UnsafeRegister(
            static waiter => ((TaskCompletionSource<bool>)waiter!).TrySetResult(false),
            waiter
        );
        bool happened = await waiter.Task;
        if (!happened)
        {
            lock (gate)
            {
                if (node.List is not null)
                {
                    waiting.Remove(node);
                }
            }
        }

        return happened;
    }
}
