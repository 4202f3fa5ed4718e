using System.Threading.Channels;

namespace OrleansCdp.Events;

/// <summary>
/// Gathers what requests bring into batches of the function's best size. A call per request would be many small ones
/// at a time, which want the same people in other orders and undo each other.
/// </summary>
internal sealed class SetBasedIntake : IAsyncDisposable
{
    private readonly SetBasedTarget target;
    private readonly Channel<Arrival> waiting;
    private readonly Task[] workers;
    private readonly int batch;

    /// <summary>Starts it with the batches that are best without a front.</summary>
    public SetBasedIntake(SetBasedTarget target)
    {
        this.target = target;
        (batch, int inFlight) = Contenders.BestOf("B");
        waiting = Channel.CreateBounded<Arrival>(batch);
        workers = [.. Enumerable.Range(0, inFlight).Select(_ => Task.Run(WorkAsync))];
    }

    /// <summary>Returns once the records are taken.</summary>
    public async Task TakeAsync(List<EventLine> lines)
    {
        Arrival arrival = new(lines);
        await waiting.Writer.WriteAsync(arrival);
        await arrival.Taken.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.Complete();
        await Task.WhenAll(workers);
    }

    private async Task WorkAsync()
    {
        while (await waiting.Reader.WaitToReadAsync())
        {
            List<Arrival> arrivals = [];
            List<EventLine> lines = [];
            while (lines.Count < batch && waiting.Reader.TryRead(out Arrival? arrival))
            {
                arrivals.Add(arrival);
                lines.AddRange(arrival.Lines);
            }

            if (arrivals.Count == 0)
            {
                continue; // Another worker was first.
            }

            try
            {
                await target.SendAsync(lines);
                arrivals.ForEach(arrival => arrival.Taken.SetResult());
            }
            catch (Exception e)
            {
                arrivals.ForEach(arrival => arrival.Taken.SetException(e));
            }
        }
    }

    private sealed record Arrival(List<EventLine> Lines)
    {
        public TaskCompletionSource Taken { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
