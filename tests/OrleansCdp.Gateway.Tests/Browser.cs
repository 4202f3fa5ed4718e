using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OrleansCdp;

/// <summary>
/// A headless Chromium, led by its DevTools protocol: it opens one page, types a user name when it is asked for
/// one, and tells what it fetched.
/// </summary>
internal sealed partial class Browser : IAsyncDisposable
{
    private static readonly string[] Places =
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];

    private readonly string profile = Directory.CreateTempSubdirectory("cdp-browser-").FullName;
    private readonly ClientWebSocket socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> waiting = new();
    private readonly ConcurrentQueue<string> requests = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly CancellationTokenSource closing = new();
    private readonly string user;
    private Process? process;
    private Task reading = Task.CompletedTask;
    private Task emptying = Task.CompletedTask;
    private string? session;
    private int calls;
    private int challenges;

    private Browser(string user) => this.user = user;

    /// <summary>Where it is installed; null for nowhere.</summary>
    public static string? Path { get; } = Array.Find(Places, File.Exists);

    /// <summary>Every address it fetched something from.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>How often it was asked for a user name.</summary>
    public int Challenges => Volatile.Read(ref challenges);

    /// <summary>Starts it.</summary>
    /// <param name="user">What it types as user name, with an empty password.</param>
    public static async Task<Browser> StartAsync(string user)
    {
        Browser browser = new(user);
        try
        {
            await browser.ConnectAsync();
            return browser;
        }
        catch
        {
            await browser.DisposeAsync(); // Nobody else could end it.
            throw;
        }
    }

    /// <summary>Opens an address.</summary>
    public Task OpenAsync(Uri address) => CallAsync("Page.navigate", new { url = address });

    /// <summary>What a person would read on the page.</summary>
    public async Task<string> TextAsync()
    {
        JsonNode result = await CallAsync(
            "Runtime.evaluate",
            new { expression = "document.body ? document.body.innerText : ''" }
        );
        return (string?)result["result"]?["value"] ?? "";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        socket.Abort();
        await reading;
        if (process is not null)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            await emptying;
            process.Dispose();
        }

        socket.Dispose();
        closing.Dispose();
        sending.Dispose();
        Directory.Delete(profile, recursive: true);
    }

    [GeneratedRegex("ws://[^ ]+", RegexOptions.None, 1000)]
    private static partial Regex DevTools();

    private async Task ConnectAsync()
    {
        ProcessStartInfo info = new(Path!)
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (
            string argument in new[]
            {
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank",
            }
        )
        {
            info.ArgumentList.Add(argument);
        }

        process = Process.Start(info)!;
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync();
        } while (line is not null && !DevTools().IsMatch(line));
        string address = DevTools().Match(line ?? "").Value;
        address.ShouldNotBeEmpty("Chromium did not start.");
        emptying = process.StandardError.ReadToEndAsync(); // A full pipe would stop it.
        await socket.ConnectAsync(new Uri(address), CancellationToken.None);
        reading = ReadAsync();
        JsonNode target = await CallAsync("Target.createTarget", new { url = "about:blank" });
        JsonNode attached = await CallAsync(
            "Target.attachToTarget",
            new { targetId = (string)target["targetId"]!, flatten = true }
        );
        session = (string)attached["sessionId"]!;
        await CallAsync("Network.enable", new { });
        await CallAsync("Page.enable", new { });
        await CallAsync("Fetch.enable", new { handleAuthRequests = true });
    }

    private async Task<JsonNode> CallAsync(string method, object parameters)
    {
        int id = Interlocked.Increment(ref calls);
        TaskCompletionSource<JsonNode> answer = new(
            TaskCreationOptions.RunContinuationsAsynchronously
        );
        waiting[id] = answer;
        await SendAsync(id, method, parameters);
        return await answer.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    private async Task SendAsync(int id, string method, object parameters)
    {
        JsonObject message = new()
        {
            ["id"] = id,
            ["method"] = method,
            ["params"] = JsonSerializer.SerializeToNode(parameters),
        };
        if (session is not null)
        {
            message["sessionId"] = session;
        }

        await sending.WaitAsync();
        try
        {
            await socket.SendAsync(
                Encoding.UTF8.GetBytes(message.ToJsonString()),
                WebSocketMessageType.Text,
                endOfMessage: true,
                CancellationToken.None
            );
        }
        finally
        {
            sending.Release();
        }
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (!closing.IsCancellationRequested)
            {
                using MemoryStream message = new();
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await socket.ReceiveAsync(buffer.AsMemory(), closing.Token);
                    await message.WriteAsync(buffer.AsMemory(0, part.Count), closing.Token);
                } while (!part.EndOfMessage);
                await TakeAsync(JsonNode.Parse(message.ToArray())!);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            foreach (TaskCompletionSource<JsonNode> call in waiting.Values)
            {
                call.TrySetException(e);
            }
        }
    }

    private async Task TakeAsync(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (waiting.TryRemove((int)id, out TaskCompletionSource<JsonNode>? call))
            {
                call.SetResult(message["result"] ?? message["error"]!);
            }

            return;
        }

        JsonNode? details = message["params"];
        switch ((string)message["method"]!)
        {
            case "Network.requestWillBeSent":
                requests.Enqueue((string)details!["request"]!["url"]!);
                break;
            case "Fetch.requestPaused":
                await SendAsync(
                    Interlocked.Increment(ref calls),
                    "Fetch.continueRequest",
                    new { requestId = (string)details!["requestId"]! }
                );
                break;
            case "Fetch.authRequired":
                Interlocked.Increment(ref challenges);
                await SendAsync(
                    Interlocked.Increment(ref calls),
                    "Fetch.continueWithAuth",
                    new
                    {
                        requestId = (string)details!["requestId"]!,
                        authChallengeResponse = new
                        {
                            response = "ProvideCredentials",
                            username = user,
                            password = "",
                        },
                    }
                );
                break;
            default:
                break; // Nothing we asked about.
        }
    }
}
