using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace OrleansCdp.Events;

/// <summary>Sends page views of people nobody else sends, and reads their context until it shows them.</summary>
/// <param name="address">The gateway.</param>
/// <param name="atOnce">Whether what it acknowledged is applied, and there is no context to ask for.</param>
internal sealed class ContextProbe(Uri address, bool atOnce = false) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly HttpClient http = new()
    {
        BaseAddress = address,
        DefaultRequestHeaders =
        {
            Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
        },
    };

    /// <summary>Sends one and waits for it.</summary>
    public async Task<ProbeTimes> MeasureAsync(int person, long number, Func<EventLine, Task> send)
    {
        string user = string.Create(CultureInfo.InvariantCulture, $"probe-{person}");
        string id = string.Create(CultureInfo.InvariantCulture, $"probe-{person}-{number}");
        string at = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture);
        string json =
            $$"""{"type":"page","messageId":"{{id}}","userId":"{{user}}","timestamp":"{{at}}","name":"probe"}""";
        long sent = Stopwatch.GetTimestamp();
        await send(new EventLine(0, Encoding.UTF8.GetBytes(json)));
        long acknowledged = Stopwatch.GetTimestamp();
        while (!atOnce && !await ShowsAsync(user, id))
        {
            await Task.Delay(Pause);
        }

        return new ProbeTimes(
            Stopwatch.GetElapsedTime(sent, acknowledged),
            atOnce ? TimeSpan.Zero : Stopwatch.GetElapsedTime(acknowledged)
        );
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<bool> ShowsAsync(string user, string id)
    {
        using HttpResponseMessage answer = await http.GetAsync($"/v1/context/userId/{user}");
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable)
        {
            return false; // Too busy to answer is not visible either: the time goes on.
        }

        answer.EnsureSuccessStatusCode();
        string text = await answer.Content.ReadAsStringAsync();
        return text.Contains($"\"{id}\"", StringComparison.Ordinal);
    }
}
