using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>
/// The producers' process. It takes commands on standard input, one per line, and answers each with one line of JSON:
/// <see cref="Lines"/> N sends the next N records, <see cref="Seconds"/> N and <see cref="Probed"/> N send for N
/// seconds or to the end of the file.
/// </summary>
/// <param name="target">Where to.</param>
/// <param name="file">What.</param>
/// <param name="batch">Records per call.</param>
/// <param name="inFlight">Calls at a time.</param>
internal sealed class ProducerProgram(IEventTarget target, EventFile file, int batch, int inFlight)
{
    /// <summary>Command: send a number of records.</summary>
    public const string Lines = "lines";

    /// <summary>Command: send for some seconds.</summary>
    public const string Seconds = "seconds";

    /// <summary>Command: send for some seconds, and measure with probes how fresh the answers are.</summary>
    public const string Probed = "probed";

    private const int ProbePeople = 16;
    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentBag<ProbeTimes> probes = [];
    private long probeNumber;

    /// <summary>Runs until standard input ends.</summary>
    public async Task RunAsync()
    {
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } command)
        {
            string[] words = command.Split(' ');
            int number = int.Parse(words[1], CultureInfo.InvariantCulture);
            Produced produced =
                words[0] == Lines
                    ? await SendAsync(number, TimeSpan.MaxValue, probing: false)
                    : await SendAsync(
                        int.MaxValue,
                        TimeSpan.FromSeconds(number),
                        probing: words[0] == Probed
                    );
            Console.WriteLine(JsonSerializer.Serialize(produced));
        }
    }

    private async Task<Produced> SendAsync(int linesMax, TimeSpan time, bool probing)
    {
        long started = Stopwatch.GetTimestamp();
        Quota quota = new(linesMax);
        using CancellationTokenSource over = new();
        Task probe = probing ? ProbeAsync(over.Token) : Task.CompletedTask;
        long[] sent = await Task.WhenAll(
            Enumerable
                .Range(0, inFlight)
                .Select(_ => Task.Run(() => WorkAsync(quota, started, time)))
        );
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        await over.CancelAsync();
        await probe;
        ProbeTimes[] measured = [.. probes];
        probes.Clear();
        return new Produced(
            sent.Sum(),
            took.TotalSeconds,
            [.. measured.Select(p => p.Acknowledged.TotalMilliseconds)],
            [.. measured.Select(p => p.Visible.TotalMilliseconds)]
        );
    }

    private async Task<long> WorkAsync(Quota quota, long started, TimeSpan time)
    {
        long sent = 0;
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            List<EventLine> lines = file.Read(quota.Take(batch));
            if (lines.Count == 0)
            {
                break;
            }

            await target.SendAsync(lines);
            sent += lines.Count;
        }

        return sent;
    }

    private async Task ProbeAsync(CancellationToken over)
    {
        for (int i = 0; !over.IsCancellationRequested; i++)
        {
            if (await target.ProbeAsync(i % ProbePeople, probeNumber++) is { } times)
            {
                probes.Add(times);
            }

            await Task.Delay(ProbePause, CancellationToken.None);
        }
    }

    /// <summary>Records still to be sent, shared by the workers.</summary>
    private sealed class Quota(int lines)
    {
        private int left = lines;

        public int Take(int wanted)
        {
            while (true)
            {
                int seen = Volatile.Read(ref left);
                int taken = Math.Min(seen, wanted);
                if (Interlocked.CompareExchange(ref left, seen - taken, seen) == seen)
                {
                    return taken;
                }
            }
        }
    }
}

/// <summary>What a command did.</summary>
/// <param name="Lines">Records sent and acknowledged.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="AckMs">Probes: from sending to the acknowledgement.</param>
/// <param name="VisibleMs">Probes: from the acknowledgement to the first answer that shows it.</param>
internal sealed record Produced(long Lines, double Seconds, double[] AckMs, double[] VisibleMs);
