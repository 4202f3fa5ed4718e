using System.CommandLine;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary><c>cdp verify</c>: compares what is served with the log.</summary>
internal static class VerifyCommand
{
    /// <summary>Exit code where nothing differs, and not everything could be compared.</summary>
    public const int NotAllCompared = 2;

    private const int SampleMax = 1_000;

    /// <summary>How often a comparison that breaks off goes on without having come any further.</summary>
    private const int BreaksMax = 5;

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        GatewayOptions gateway = new();
        Option<int?> sample = new("--sample")
        {
            Description =
                "So many individuals and accounts, chosen by chance. Default: everything.",
        };
        sample.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > SampleMax)
            {
                result.AddError($"--sample takes 1 to {SampleMax:N0}.");
            }
        });
        Command command = new(
            "verify",
            "Compares what is served with what the log says, while events flow. "
                + "Exit code: 0 when all was compared and is equal, 1 when something differs or the comparison "
                + "cannot go on, 2 when nothing differs but something could not be compared."
        )
        {
            sample,
        };
        gateway.AddTo(command);
        command.Does(
            async (parsed, cancel) =>
            {
                using CdpApi api = gateway.Connect(parsed);
                return await VerifyAsync(api, parsed.GetValue(sample), cancel);
            }
        );
        return command;
    }

    /// <summary>Compares to the end, however often it breaks off on the way.</summary>
    /// <param name="api">The gateway.</param>
    /// <param name="sample">How many states; null for everything.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandFailedException">The gateway refused, or broke off again and again.</exception>
    public static async Task<int> VerifyAsync(CdpApi api, int? sample, CancellationToken cancel)
    {
        VerifyTotals totals = new();
        TimeSpan waited = TimeSpan.Zero;
        string why = "it ended without a result";
        for (int breaks = 0; !totals.Ended; breaks++)
        {
            string? from = totals.Cursor;
            string query =
                sample is { } count ? $"?sample={count}"
                : from is null ? ""
                : $"?cursor={Uri.EscapeDataString(from)}";
            try
            {
                totals.BeginAnew(isAll: sample is null);
                await foreach (JsonObject line in api.LinesAsync("/v1/verify" + query, cancel))
                {
                    totals.Take(line);
                    waited = TimeSpan.Zero;
                }
            }
            catch (CommandFailedException e)
                when (e.Code == "verification_running" && breaks > 0 && waited < api.Patience)
            {
                // What broke off still runs: its silo has not noticed yet that nobody listens.
                await Task.Delay(AskAgain, cancel);
                waited += AskAgain;
                breaks--;
                continue;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                why = e.Message; // A silo or the gateway ended. The next one goes on where this one was.
            }

            breaks = totals.Cursor == from ? breaks : 0;
            if (!totals.Ended && breaks == BreaksMax)
            {
                throw new CommandFailedException(
                    $"{api.Address} broke off again and again: {why}."
                );
            }
        }

        return totals.Say(isAll: sample is null);
    }
}

/// <summary>What a comparison said, over all its parts.</summary>
internal sealed class VerifyTotals
{
    private static readonly string[] Names =
    [
        "events",
        "links",
        "states",
        "notCompared",
        "differences",
    ];

    private readonly Dictionary<string, long> before = Names.ToDictionary(name => name, _ => 0L);
    private readonly Dictionary<string, long> now = Names.ToDictionary(name => name, _ => 0L);
    private string? countsNotCompared;

    /// <summary>Where it is; null before the first report.</summary>
    public string? Cursor { get; private set; }

    /// <summary>Whether it came to its end.</summary>
    public bool Ended { get; private set; }

    /// <summary>Keeps what an earlier part found; a sample begins with nothing.</summary>
    public void BeginAnew(bool isAll)
    {
        foreach (string name in Names)
        {
            before[name] = isAll ? before[name] + now[name] : 0;
            now[name] = 0;
        }
    }

    /// <summary>Takes one report, and prints what differs.</summary>
    public void Take(JsonObject line)
    {
        foreach (string name in Names)
        {
            now[name] = (long)line[name]!;
        }

        Cursor = (string?)line["cursor"];
        Ended = (bool)line["ended"]!;
        countsNotCompared = (string?)line["countsNotCompared"];
        if (line["difference"] is JsonObject difference)
        {
            string where = string.Join(
                ' ',
                new[] { difference["id"], difference["link"], difference["pointer"] }
                    .Where(part => part is not null)
                    .Select(part => (string)part!)
            );
            Console.WriteLine(
                $"{difference["kind"]}: {where}: expected {difference["expected"]}; served: {difference["served"]}"
            );
        }
    }

    /// <summary>Prints the sums.</summary>
    /// <returns>The exit code.</returns>
    public int Say(bool isAll)
    {
        Console.WriteLine(
            $"Compared {Sum("links"):N0} links and {Sum("states"):N0} individuals and accounts "
                + $"with {Sum("events"):N0} events: {Sum("differences"):N0} differences."
        );
        bool whole = true;
        if (Sum("notCompared") > 0)
        {
            whole = false;
            Console.WriteLine(
                $"Not compared: {Sum("notCompared"):N0} links, of which the log may hold no longer every event."
            );
        }

        if (isAll)
        {
            whole &= countsNotCompared is null;
            Console.WriteLine(
                countsNotCompared is null
                    ? "The counts were compared."
                    : $"The counts were not compared: {countsNotCompared}."
            );
        }

        return Sum("differences") > 0 ? 1
            : whole ? 0
            : VerifyCommand.NotAllCompared;
    }

    private long Sum(string name) => before[name] + now[name];
}
