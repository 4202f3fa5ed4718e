using System.Globalization;
using System.Net.Http.Headers;

namespace OrleansCdp;

/// <summary>Watches the memory of a host until it is stopped, and keeps the most it saw.</summary>
internal sealed class MemoryWatch
{
    private const string HeapMetric = "dotnet_gc_last_collection_heap_size_bytes{";
    private const int LooksPerScrape = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly CancellationTokenSource over = new();
    private readonly Task watching;
    private readonly HostProcess host;

    /// <summary>Starts to watch.</summary>
    public MemoryWatch(HostProcess host)
    {
        this.host = host;
        watching = Task.Run(WatchAsync);
    }

    /// <summary>Bytes of the process in RAM, at most.</summary>
    public long ResidentBytes { get; private set; }

    /// <summary>Bytes of objects after a garbage collection, at most; 0 when there was none.</summary>
    public double HeapBytes { get; private set; }

    /// <summary>Ends it.</summary>
    public async Task StopAsync()
    {
        await over.CancelAsync();
        await watching;
        over.Dispose();
    }

    private async Task WatchAsync()
    {
        using HttpClient http = new()
        {
            BaseAddress = host.Address,
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
            },
        };
        for (int look = 0; look == 0 || !over.IsCancellationRequested; look++)
        {
            ResidentBytes = Math.Max(ResidentBytes, ProcessUse.Of(host.Id).ResidentBytes);
            if (look % LooksPerScrape == 0)
            {
                HeapBytes = Math.Max(HeapBytes, HeapOf(await http.GetStringAsync("/metrics")));
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>The sum over the generations.</summary>
    private static double HeapOf(string metrics) =>
        metrics
            .Split('\n')
            .Where(line => line.StartsWith(HeapMetric, StringComparison.Ordinal))
            .Sum(line =>
                double.Parse(
                    line[(line.IndexOf('}', StringComparison.Ordinal) + 2)..].Split(' ')[0],
                    CultureInfo.InvariantCulture
                )
            );
}
