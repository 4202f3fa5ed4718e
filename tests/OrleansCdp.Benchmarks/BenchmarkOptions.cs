using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchmarkOptions
{
    /// <summary>The scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>The workload.</summary>
    public WorkloadSettings Workload { get; init; } = new();

    /// <summary>Seconds before anything is measured.</summary>
    public int WarmUpSeconds { get; init; } = 15;

    /// <summary>Seconds that are measured, at most.</summary>
    public int Seconds { get; init; } = 60;

    /// <summary>Anonymous visitors who sign in, for the scenario that merges them.</summary>
    public int Visitors { get; init; } = 10_000;

    /// <summary>Anonymous visitors who looked at a page once, for the scenario that compares numbers of segments.</summary>
    public int PassersBy { get; init; }

    /// <summary>
    /// Events a second of live traffic, for the scenario that tells a new insight the past. By default what takes about half of
    /// two cores: arriving at a pace, few events of a person are saved at once, and each costs more than in S1.
    /// </summary>
    public int Rate { get; init; } = 3_000;

    /// <summary>How many segments there are, for the scenario that compares numbers of them.</summary>
    public string Segments { get; init; } = "20,200,0";

    /// <summary>
    /// For the scenario whose windows end: <c>records</c>, which are kept, so that each ends to the tick, or <c>done</c> for what is
    /// not kept item by item and may count a 32nd of its window too long.
    /// </summary>
    public string Windows { get; init; } = "records";

    /// <summary>Records per call; 0 for the contender's best.</summary>
    public int Batch { get; init; }

    /// <summary>Calls at a time; 0 for the contender's best.</summary>
    public int InFlight { get; init; }

    /// <summary>Interleaved repetitions.</summary>
    public int Repetitions { get; init; } = 1;

    /// <summary>Which contenders, in this order.</summary>
    public string Contenders { get; init; } = "O,B";

    /// <summary>Where event files and databases go.</summary>
    public string Work { get; init; } = Path.Combine(Path.GetTempPath(), "cdp-bench");

    /// <summary>Whether a report is written to the results folder.</summary>
    public bool Out { get; init; }

    /// <summary>Whether the host can be profiled with perf.</summary>
    public bool Profile { get; init; }

    /// <summary>For the producer's process: who takes the records.</summary>
    public string Target { get; init; } = "";

    /// <summary>For the producer's process: the database.</summary>
    public string Connection { get; init; } = "";

    /// <summary>For the producer's process: the gateway.</summary>
    public string Address { get; init; } = "";

    /// <summary>For the producer's process: the event file.</summary>
    public string File { get; init; } = "";

    /// <summary>The configuration, for a report.</summary>
    public string Describe() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Workload.People} people, {Workload.Accounts} accounts, at most {Workload.Events} events, "
                + $"keys {Workload.Keys}, lives {Workload.Lives}, hot {Workload.Hot}, seed {Workload.Seed}; "
                + $"warm-up {WarmUpSeconds} s, {Seconds} s measured, {Repetitions} repetitions; "
                + $"visitors {(Scenario == "s3" ? Visitors : 0)}; passers-by {PassersBy}; "
                + $"live traffic {(Scenario == "backfill" ? Rate : 0)}/s; "
                + $"batch {Batch} in flight {InFlight} (0: each contender's best)"
        );

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">It makes no sense; the message says what does.</exception>
    public static BenchmarkOptions Read(string[] args)
    {
        if (args.Length == 0)
        {
            throw new FormatException("Say which scenario: see README.md.");
        }

        BenchmarkOptions options = new() { Scenario = args[0] };
        for (int i = 1; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
            {
                throw new FormatException($"{args[i]} needs a value.");
            }

            options = options.With(args[i], args[i + 1]);
        }

        return options;
    }

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);

    private static double Share(string value) =>
        double.Parse(value, CultureInfo.InvariantCulture) is var share and >= 0 and < 1
            ? share
            : throw new FormatException($"A share is from 0 to below 1, not '{value}'.");

    private BenchmarkOptions With(string name, string value) =>
        name switch
        {
            "--people" => this with { Workload = Workload with { People = Number(value) } },
            "--accounts" => this with { Workload = Workload with { Accounts = Number(value) } },
            "--events" => this with { Workload = Workload with { Events = Number(value) } },
            "--keys" => this with { Workload = Workload with { Keys = value } },
            "--lives" => this with { Workload = Workload with { Lives = value } },
            "--hot" => this with { Workload = Workload with { Hot = Share(value) } },
            "--seed" => this with { Workload = Workload with { Seed = (ulong)Number(value) } },
            "--warm-up" => this with { WarmUpSeconds = Number(value) },
            "--seconds" => this with { Seconds = Number(value) },
            "--visitors" => this with { Visitors = Number(value) },
            "--passers-by" => this with { PassersBy = Number(value) },
            "--rate" => this with { Rate = Number(value) },
            "--segments" => this with { Segments = value },
            "--windows" when value is "records" or "done" => this with { Windows = value },
            "--windows" => throw new FormatException(
                $"Windows are records or done, not '{value}'."
            ),
            "--batch" => this with { Batch = Number(value) },
            "--in-flight" => this with { InFlight = Number(value) },
            "--repetitions" => this with { Repetitions = Number(value) },
            "--contenders" => this with { Contenders = value },
            "--work" => this with { Work = value },
            "--out" => this with { Out = bool.Parse(value) },
            "--profile" => this with { Profile = bool.Parse(value) },
            "--target" => this with { Target = value },
            "--connection" => this with { Connection = value },
            "--address" => this with { Address = value },
            "--file" => this with { File = value },
            _ => throw new FormatException($"There is no option {name}: see README.md."),
        };
}
