using System.CommandLine;

namespace OrleansCdp.Events;

/// <summary><c>cdp demo</c>: fills a running gateway with an example.</summary>
internal static class DemoCommand
{
    private const int PeopleDefault = 2_000;

    public static Command Create()
    {
        GatewayOptions gateway = new();
        Option<DirectoryInfo> data = new("--data", "-d")
        {
            Description = "The data folder of the gateway, where its key is. Default: .data.",
            DefaultValueFactory = _ => new DirectoryInfo(".data"),
        };
        Option<int> people = new("--people")
        {
            Description = "How many people it has.",
            DefaultValueFactory = _ => PeopleDefault,
            Hidden = true,
        };
        people.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < DemoWorld.PeopleMin or > DemoWorld.PeopleMax)
            {
                result.AddError(
                    $"--people takes {DemoWorld.PeopleMin} to {DemoWorld.PeopleMax:N0}."
                );
            }
        });
        Command command = new(
            "demo",
            $"Sends an example of {PeopleDefault:N0} people to a running gateway, and prints what to ask it. "
                + "Sent once: where the example is already, only what to ask is printed. "
                + "The key: --key, else CDP_ADMIN_KEY, else the one in the data folder, else CDP_KEY."
        )
        {
            data,
            people,
        };
        gateway.AddTo(command, patient: false);
        command.Does(
            async (parsed, cancel) =>
            {
                Uri url = gateway.UrlOf(parsed);
                await DemoGateway.WaitUntilReadyAsync(url, cancel);
                DemoKey key = DemoKey.Find(
                    gateway.StatedKeyOf(parsed),
                    parsed.GetRequiredValue(data),
                    gateway.KeyOf(parsed)
                );
                using CdpApi api = new(url, key.Value, DemoGateway.Patience);
                Demo demo = new(api, key, DemoWorld.Of(parsed.GetValue(people)));
                await demo.RunAsync(TimeProvider.System, cancel);
                return 0;
            }
        );
        return command;
    }
}

/// <summary>The key the demo asks with, and where it is from.</summary>
/// <param name="Value">The key.</param>
/// <param name="From">Where it is from, for the person who reads it.</param>
internal sealed record DemoKey(string Value, string From)
{
    /// <summary>Name of the file in the data folder in which a gateway keeps the key it made.</summary>
    public const string FileName = "admin-key";

    /// <summary>The key of a gateway.</summary>
    /// <param name="stated">The key on the command line.</param>
    /// <param name="data">The data folder.</param>
    /// <param name="general">The key every command takes by default.</param>
    /// <exception cref="CommandFailedException">There is none.</exception>
    public static DemoKey Find(string? stated, DirectoryInfo data, string? general)
    {
        if (stated is not null)
        {
            return new DemoKey(stated, "--key");
        }

        if (Environment.GetEnvironmentVariable("CDP_ADMIN_KEY") is { Length: > 0 } set)
        {
            return new DemoKey(set, "CDP_ADMIN_KEY");
        }

        string path = Path.Combine(data.FullName, FileName);
        if (File.Exists(path))
        {
            return new DemoKey(File.ReadAllText(path).Trim(), path);
        }

        return general is null
            ? throw new CommandFailedException(
                $"A key is needed: --key, CDP_ADMIN_KEY, or --data with the gateway's data folder ({path} is not there)."
            )
            : new DemoKey(general, "CDP_KEY");
    }
}

/// <summary>The gateway a demo is for: it may still be starting, and it may end.</summary>
internal static class DemoGateway
{
    /// <summary>How long a gateway that no longer answers is asked again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan StartMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until it may be sent work.</summary>
    /// <exception cref="CommandFailedException">It is not ready within two minutes.</exception>
    public static async Task WaitUntilReadyAsync(Uri address, CancellationToken cancel)
    {
        using HttpClient http = new() { BaseAddress = address, Timeout = Patience };
        long started = TimeProvider.System.GetTimestamp();
        while (!await IsReadyAsync(http, cancel))
        {
            if (TimeProvider.System.GetElapsedTime(started) > StartMax)
            {
                throw new CommandFailedException(
                    $"Nothing is ready at {address}. Start it with deploy/start."
                );
            }

            await Task.Delay(Pause, cancel);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancel)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(
                new Uri("/health/ready", UriKind.Relative),
                cancel
            );
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e)
            when (e is HttpRequestException
                || (e is TaskCanceledException && !cancel.IsCancellationRequested)
            )
        {
            return false; // Not listening yet.
        }
    }
}
