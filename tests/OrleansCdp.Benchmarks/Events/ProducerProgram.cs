using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>
/// The producers' process. It takes commands on standard input, one per line, and answers each with one line of JSON:
/// <see cref="Lines"/> N sends the next N records, <see cref="Seconds"/> N and <see cref="Probed"/> N send for N
/// seconds or to the end of the file. <see cref="Begin"/> N sends N records a second, with probes one after the other, until
/// <see cref="Enough"/>, whose answer says what was sent; <see cref="Begin"/> N P begins P probes a second, whether those
/// before are visible or not, so that one that waits long hides no others.
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

    /// <summary>Command: begin to send so many records a second, with probes.</summary>
    public const string Begin = "begin";

    /// <summary>Command: end what was begun.</summary>
    public const string Enough = "enough";

    private const int ProbePeople = 16;
    private const int OpenProbePeople = 512; // A context shows the last 20 views of each: enough for a minute without an answer.
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
            if (words[0] == Begin)
            {
                int? rate =
                    words.Length > 2 ? int.Parse(words[2], CultureInfo.InvariantCulture) : null;
                await PaceAsync(number, rate);
                continue;
            }

            Produced produced =
                words[0] == Lines
                    ? await SendAsync(Pace.Of(number), TimeSpan.MaxValue, NoProbesAsync)
                    : await SendAsync(
                        Pace.Of(int.MaxValue),
                        TimeSpan.FromSeconds(number),
                        words[0] == Probed ? ProbeAsync : NoProbesAsync
                    );
            Console.WriteLine(JsonSerializer.Serialize(produced));
        }
    }

    /// <summary>Sends at a pace until the next command, which is <see cref="Enough"/>.</summary>
    private async Task PaceAsync(int perSecond, int? probesPerSecond)
    {
        Pace pace = new(int.MaxValue, perSecond);
        Task<Produced> sending = SendAsync(
            pace,
            TimeSpan.MaxValue,
            probesPerSecond is { } rate
                ? over => ProbeAsync(TimeSpan.FromSeconds(1.0 / rate), over)
                : ProbeAsync
        );
        Console.WriteLine("begun");
        await Console.In.ReadLineAsync();
        if (sending.IsCompleted)
        {
            await sending;
            throw new InvalidOperationException("The event file ended: --events is too small.");
        }

        pace.Stop();
        Console.WriteLine(JsonSerializer.Serialize(await sending));
    }

    private async Task<Produced> SendAsync(
        Pace pace,
        TimeSpan time,
        Func<CancellationToken, Task> probing
    )
    {
        long started = Stopwatch.GetTimestamp();
        using CancellationTokenSource over = new();
        Task probe = probing(over.Token);
        long[] sent = await Task.WhenAll(
            Enumerable
                .Range(0, inFlight)
                .Select(_ => Task.Run(() => WorkAsync(pace, started, time)))
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

    private async Task<long> WorkAsync(Pace pace, long started, TimeSpan time)
    {
        long sent = 0;
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            List<EventLine> lines = file.Read(await pace.TakeAsync(batch));
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
            await ProbeOnceAsync(i % ProbePeople);
            await Task.Delay(ProbePause, CancellationToken.None);
        }
    }

    private async Task ProbeAsync(TimeSpan every, CancellationToken over)
    {
        List<Task> begun = [];
        using PeriodicTimer timer = new(every);
        while (!over.IsCancellationRequested)
        {
            begun.Add(ProbeOnceAsync(begun.Count % OpenProbePeople));
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(begun);
    }

    private async Task ProbeOnceAsync(int person)
    {
        if (await target.ProbeAsync(person, probeNumber++) is { } times)
        {
            probes.Add(times);
        }
    }

    private static Task NoProbesAsync(CancellationToken over) => Task.CompletedTask;

    /// <summary>Records still to be sent, and when, shared by the workers.</summary>
    private sealed class Pace(int lines, int? perSecond)
    {
        private readonly long started = Stopwatch.GetTimestamp();
        private int given;
        private bool stopped;

        public static Pace Of(int lines) => new(lines, perSecond: null);

        public void Stop() => Volatile.Write(ref stopped, true);

        /// <returns>How many to send now; fewer than wanted when it is soon enough.</returns>
        public async Task<int> TakeAsync(int wanted)
        {
            int taken = Take(wanted, out int before);
            if (taken > 0 && perSecond is { } rate)
            {
                TimeSpan due = TimeSpan.FromSeconds((double)before / rate);
                TimeSpan ahead = due - Stopwatch.GetElapsedTime(started);
                if (ahead > TimeSpan.Zero)
                {
                    await Task.Delay(ahead);
                }
            }

            return taken;
        }

        private int Take(int wanted, out int before)
        {
            while (!Volatile.Read(ref stopped))
            {
                before = Volatile.Read(ref given);
                int taken = Math.Min(lines - before, wanted);
                if (Interlocked.CompareExchange(ref given, before + taken, before) == before)
                {
                    return taken;
                }
            }

            before = 0;
            return 0;
        }
    }
}

/// <summary>What a command did.</summary>
/// <param name="Lines">Records sent and acknowledged.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="AckMs">Probes: from sending to the acknowledgement.</param>
/// <param name="VisibleMs">Probes: from the acknowledgement to the first answer that shows it.</param>
internal sealed record Produced(long Lines, double Seconds, double[] AckMs, double[] VisibleMs);
