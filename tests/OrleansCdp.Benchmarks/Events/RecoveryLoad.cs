using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>
/// Contacts sent over HTTP at a fixed rate by clients that send again what was not acknowledged, and readers of some of
/// those people: what a client sees while a silo dies.
/// </summary>
internal sealed class RecoveryLoad(Uri gateway, int people) : IDisposable
{
    private const int BatchSize = 50;
    private const int Senders = 8;
    private const int Readers = 40;
    private static readonly TimeSpan ReadPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private readonly HttpClient http = new()
    {
        BaseAddress = gateway,
        Timeout = TimeSpan.FromSeconds(10),
        DefaultRequestHeaders = { { "Authorization", $"Bearer {HostProcess.AdminKey}" } },
    };
    private readonly CancellationTokenSource end = new();
    private readonly List<Task> tasks = [];
    private readonly TimeSpan[] longestSilence = new TimeSpan[Readers];
    private long acknowledged;
    private long sentAgain;
    private int errors;
    private int next;

    /// <summary>Events acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref acknowledged);

    /// <summary>Batches that had to be sent again.</summary>
    public long SentAgain => Interlocked.Read(ref sentAgain);

    /// <summary>Answers that sending or asking again does not cure.</summary>
    public int Errors => Volatile.Read(ref errors);

    /// <summary>The longest that any reader waited from one answer about its person to the next.</summary>
    public TimeSpan LongestSilence => longestSilence.Max();

    /// <summary>Starts sending.</summary>
    /// <param name="perSecond">Events a second; null for as many as are taken.</param>
    public void Send(double? perSecond)
    {
        for (int sender = 0; sender < Senders; sender++)
        {
            tasks.Add(Task.Run(() => SendAsync(perSecond / Senders)));
        }
    }

    /// <summary>Starts reading; everybody that is read must be there.</summary>
    public void Read()
    {
        for (int reader = 0; reader < Readers; reader++)
        {
            int own = reader;
            tasks.Add(Task.Run(() => ReadAsync(own)));
        }
    }

    /// <summary>Ends it.</summary>
    public async Task StopAsync()
    {
        await end.CancelAsync();
        await Task.WhenAll(tasks);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        end.Dispose();
    }

    private async Task SendAsync(double? perSecond)
    {
        long started = Stopwatch.GetTimestamp();
        for (long batch = 0; !end.IsCancellationRequested; batch++)
        {
            if (perSecond is { } rate)
            {
                TimeSpan due = TimeSpan.FromSeconds(batch * BatchSize / rate);
                TimeSpan ahead = due - Stopwatch.GetElapsedTime(started);
                if (ahead > TimeSpan.Zero)
                {
                    await Task.Delay(ahead);
                }
            }

            string body = Batch();
            while (!await TrySendAsync(body))
            {
                Interlocked.Increment(ref sentAgain);
                await Task.Delay(RetryPause);
            }

            Interlocked.Add(ref acknowledged, BatchSize);
        }
    }

    private string Batch()
    {
        int first = Interlocked.Add(ref next, BatchSize) - BatchSize;
        StringBuilder lines = new();
        for (int i = first; i < first + BatchSize; i++)
        {
            JsonObject contact = new()
            {
                ["Id"] = $"{i % people}",
                ["FirstName"] = $"N{i}",
                ["LastName"] = "L",
                ["Email"] = $"p{i % people}@example.com",
                ["LastModifiedDate"] = DateTimeOffset.UnixEpoch.AddSeconds(i).ToString("O"),
            };
            lines.Append(contact.ToJsonString()).Append('\n');
        }

        return lines.ToString();
    }

    private async Task<bool> TrySendAsync(string body)
    {
        try
        {
            using StringContent content = new(body, Encoding.UTF8, "application/x-ndjson");
            using HttpResponseMessage answer = await http.PostAsync(
                "/v1/streams/salesforce-contact",
                content
            );
            return IsGood(answer.StatusCode, HttpStatusCode.Accepted);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private async Task ReadAsync(int reader)
    {
        long last = Stopwatch.GetTimestamp();
        while (!end.IsCancellationRequested)
        {
            bool answered = await TryReadAsync(reader);
            TimeSpan silence = Stopwatch.GetElapsedTime(last); // A silence that has not ended counts too.
            longestSilence[reader] =
                silence > longestSilence[reader] ? silence : longestSilence[reader];
            last = answered ? Stopwatch.GetTimestamp() : last;
            await Task.Delay(ReadPause);
        }
    }

    private async Task<bool> TryReadAsync(int person)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(
                $"/v1/context/contactId/{person}"
            );
            return IsGood(answer.StatusCode, HttpStatusCode.OK);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private bool IsGood(HttpStatusCode status, HttpStatusCode good)
    {
        if (status is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
        {
            Interlocked.Add(ref errors, status == good ? 0 : 1);
        }

        return status == good;
    }
}
