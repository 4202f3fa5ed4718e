using System.CommandLine;

namespace OrleansCdp;

/// <summary>The options every command has: which gateway, and with which key.</summary>
internal sealed class GatewayOptions
{
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

    /// <summary>Gives a command these options.</summary>
    public void AddTo(Command command)
    {
        command.Add(url);
        command.Add(key);
    }

    /// <summary>Where the gateway is.</summary>
    public Uri UrlOf(ParseResult parsed) => parsed.GetRequiredValue(url);

    /// <summary>The key; null when none was given.</summary>
    public string? KeyOf(ParseResult parsed) =>
        parsed.GetValue(key) is { Length: > 0 } given ? given : null;

    /// <summary>The gateway, to be asked with the key.</summary>
    /// <exception cref="CommandFailedException">There is no key.</exception>
    public CdpApi Connect(ParseResult parsed) =>
        new(
            UrlOf(parsed),
            KeyOf(parsed) ?? throw new CommandFailedException("A key is needed: --key, or CDP_KEY.")
        );

    private static Uri? Refuse(System.CommandLine.Parsing.ArgumentResult result, string message)
    {
        result.AddError(message);
        return null;
    }
}
