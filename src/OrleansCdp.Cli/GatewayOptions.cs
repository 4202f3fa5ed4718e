using System.CommandLine;
using Spectre.Console;

namespace OrleansCdp;

/// <summary>The options every command has: which gateway, and with which key.</summary>
internal sealed class GatewayOptions
{
    private const int RetrySecondsMax = 24 * 60 * 60;
    private const string DefaultUrl = "http://127.0.0.1:5080";

    private readonly Option<Uri> url = new("--url")
    {
        Description = $"Address of the gateway. Default: CDP_URL, or {DefaultUrl}.",
        CustomParser = result =>
            Uri.TryCreate(result.Tokens[^1].Value, UriKind.Absolute, out Uri? parsed)
                ? parsed
                : Refuse(result, "--url must be an address such as http://127.0.0.1:5080."),
        DefaultValueFactory = _ => new Uri(
            Environment.GetEnvironmentVariable("CDP_URL") is { Length: > 0 } set ? set : DefaultUrl
        ),
    };

    private readonly Option<string?> key = new("--key")
    {
        Description = "Key with the scope the command needs. Default: CDP_KEY.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CDP_KEY"),
    };

    private readonly Option<int> retryFor = new("--retry-for")
    {
        Description = "Seconds for which a gateway that is away is asked again.",
        DefaultValueFactory = _ => (int)CdpApi.DefaultPatience.TotalSeconds,
    };

    /// <summary>Gives a command these options.</summary>
    /// <param name="command">The command.</param>
    /// <param name="patient">Whether it may also be told how long to try.</param>
    public void AddTo(Command command, bool patient = true)
    {
        command.Add(url);
        command.Add(key);
        if (patient)
        {
            retryFor.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is < 0 or > RetrySecondsMax)
                {
                    result.AddError($"--retry-for takes 0 to {RetrySecondsMax} seconds.");
                }
            });
            command.Add(retryFor);
        }
    }

    /// <summary>Where the gateway is.</summary>
    public Uri UrlOf(ParseResult parsed) => parsed.GetRequiredValue(url);

    /// <summary>The key; null when none was given.</summary>
    public string? KeyOf(ParseResult parsed) =>
        parsed.GetValue(key) is { Length: > 0 } given ? given : null;

    /// <summary>The key if it stands on the command line; null when it does not.</summary>
    public string? StatedKeyOf(ParseResult parsed) =>
        parsed.GetResult(key) is { Implicit: false } ? KeyOf(parsed) : null;

    /// <summary>The gateway, to be asked with the key, for as long as the command line says.</summary>
    /// <exception cref="CommandFailedException">There is no key.</exception>
    public CdpApi Connect(ParseResult parsed)
    {
        TimeSpan patience = TimeSpan.FromSeconds(parsed.GetValue(retryFor));
        return new CdpApi(
            UrlOf(parsed),
            KeyOf(parsed)
                ?? throw new CommandFailedException("A key is needed: --key, or CDP_KEY."),
            patience,
            why => AnsiConsole.WriteLine($"{why} Trying again for {patience.TotalSeconds:N0} s.")
        );
    }

    private static Uri? Refuse(System.CommandLine.Parsing.ArgumentResult result, string message)
    {
        result.AddError(message);
        return null;
    }
}
