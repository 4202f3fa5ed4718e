using System.Diagnostics;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Sends visitors' messages as the libraries of a site do, as batches over HTTP. Messages of one visitor go in several
/// requests at once, so any of them may arrive first.
/// </summary>
internal sealed class VisitorLoad(Uri gateway, Visitors visitors) : IAsyncDisposable
{
    private const int VisitorsAtOnce = 100;
    private const int RequestsEach = 2;
    private const int InFlight = 4;
    private readonly HttpTarget target = new(gateway, tracking: true);

    /// <summary>Everybody looks at pages.</summary>
    public Task LookAsync() => EachAsync(some => SendAsync(some.SelectMany(visitors.Before)));

    /// <summary>Everybody signs in, as fast as it is taken, and looks at one more page as soon as that is acknowledged.</summary>
    /// <returns>How long until the last of it was acknowledged.</returns>
    public async Task<TimeSpan> SignInAsync()
    {
        Stopwatch watch = Stopwatch.StartNew();
        await EachAsync(async some =>
        {
            WorkloadEvent[] mixed = [.. some.SelectMany(visitors.During)];
            Shuffle(mixed, new Chance((ulong)some[0]));
            await Task.WhenAll(mixed.Chunk(mixed.Length / RequestsEach).Select(SendAsync));
            await SendAsync(some.Select(visitors.After));
        });
        return watch.Elapsed;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => target.DisposeAsync();

    private static void Shuffle(WorkloadEvent[] events, Chance chance)
    {
        for (int i = events.Length - 1; i > 0; i--)
        {
            int other = chance.Below(i + 1);
            (events[i], events[other]) = (events[other], events[i]);
        }
    }

    private Task EachAsync(Func<int[], Task> send) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, visitors.Count).Chunk(VisitorsAtOnce),
            new ParallelOptions { MaxDegreeOfParallelism = InFlight },
            async (some, _) => await send(some)
        );

    private async Task SendAsync(IEnumerable<WorkloadEvent> events)
    {
        using RecordWriter writer = new();
        await target.SendAsync([
            .. events.Select(e => new EventLine(
                RecordWriter.StreamOf(e.Kind),
                writer.Write(e).ToArray()
            )),
        ]);
    }
}
