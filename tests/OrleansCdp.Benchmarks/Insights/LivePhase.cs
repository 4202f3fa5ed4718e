using System.Diagnostics;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What live traffic met during a part of a run.</summary>
internal sealed class LivePhase
{
    private static readonly (string Name, double Part)[] VisibleParts =
    [
        ("p50", 0.5),
        ("p95", 0.95),
        ("p99", 0.99),
    ];

    private static readonly (string Name, double Part)[] AcknowledgedParts =
    [
        ("p50", 0.5),
        ("p99", 0.99),
    ];

    private readonly Produced live;
    private readonly double hostCores;
    private readonly double serverCores;

    private LivePhase(string name, Produced live, double hostCores, double serverCores)
    {
        Name = name;
        this.live = live;
        this.hostCores = hostCores;
        this.serverCores = serverCores;
        Array.Sort(live.AckMs);
        Array.Sort(live.VisibleMs);
    }

    /// <summary>Which part.</summary>
    public string Name { get; }

    /// <summary>Records sent.</summary>
    public long Lines => live.Lines;

    /// <summary>Measures live traffic while something happens.</summary>
    /// <param name="name">Which part.</param>
    /// <param name="contender">Who takes it.</param>
    /// <param name="producer">Who sends it.</param>
    /// <param name="perSecond">Events a second.</param>
    /// <param name="probesPerSecond">Probes a second, whether those before are visible or not.</param>
    /// <param name="happens">What happens; the part ends with it.</param>
    public static async Task<LivePhase> MeasureAsync(
        string name,
        OrleansContender contender,
        ProducerProcess producer,
        int perSecond,
        int probesPerSecond,
        Func<Task> happens
    )
    {
        TimeSpan host = ProcessUse.Of(contender.Host.Id).Cpu;
        TimeSpan server = ProcessUse.OfTree(contender.Database.ProcessId).Cpu;
        Stopwatch watch = Stopwatch.StartNew();
        await producer.BeginAsync(perSecond, probesPerSecond);
        await happens();
        Produced sent = await producer.EnoughAsync();
        await contender.DrainAsync();
        TimeSpan took = watch.Elapsed;
        return new LivePhase(
            name,
            sent,
            (ProcessUse.Of(contender.Host.Id).Cpu - host) / took,
            (ProcessUse.OfTree(contender.Database.ProcessId).Cpu - server) / took
        );
    }

    /// <summary>What it met.</summary>
    public IEnumerable<(string Name, double Value, string Unit)> Figures()
    {
        yield return ($"live traffic, {Name}", live.Lines / live.Seconds, "events/s");
        yield return ($"probes, {Name}", live.VisibleMs.Length, "events");
        foreach (var (name, part) in AcknowledgedParts)
        {
            yield return ($"acknowledged, {name}, {Name}", SteadyRun.At(live.AckMs, part), "ms");
        }

        foreach (var (name, part) in VisibleParts)
        {
            yield return (
                $"acknowledged to visible, {name}, {Name}",
                SteadyRun.At(live.VisibleMs, part),
                "ms"
            );
        }

        yield return ($"acknowledged to visible, most, {Name}", live.VisibleMs[^1], "ms");
        yield return ($"CPU, own process, {Name}", hostCores, "cores");
        yield return ($"CPU, PostgreSQL, {Name}", serverCores, "cores");
    }

    /// <summary>How it compares with another part of the same run.</summary>
    public IEnumerable<(string Name, double Value, string Unit)> RatiosTo(LivePhase other)
    {
        foreach (var (name, part) in AcknowledgedParts)
        {
            yield return (
                $"acknowledged, {name}, {Name} / {other.Name}",
                SteadyRun.At(live.AckMs, part) / SteadyRun.At(other.live.AckMs, part),
                "times"
            );
        }

        foreach (var (name, part) in VisibleParts)
        {
            yield return (
                $"acknowledged to visible, {name}, {Name} / {other.Name}",
                SteadyRun.At(live.VisibleMs, part) / SteadyRun.At(other.live.VisibleMs, part),
                "times"
            );
        }
    }
}
