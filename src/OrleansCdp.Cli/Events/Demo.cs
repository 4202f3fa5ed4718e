using System.Diagnostics;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace OrleansCdp.Events;

/// <summary>Sends the demo, unless it is there, and says what can be asked now.</summary>
/// <param name="api">The gateway.</param>
/// <param name="key">The key it is asked with.</param>
/// <param name="world">The people.</param>
internal sealed class Demo(CdpApi api, DemoKey key, DemoWorld world)
{
    private const string Ndjson = "application/x-ndjson";

    // Visits have no other identity than their event id, which the log knows for a day at least.
    private static readonly TimeSpan ResumeMax = TimeSpan.FromHours(24);
    private static readonly TimeSpan VisibleMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Sends what is not there, waits until it shows, and prints what to ask.</summary>
    /// <param name="clock">Tells today.</param>
    /// <param name="cancel">Stops sending; the next run goes on.</param>
    /// <exception cref="CommandFailedException">The gateway refused, or ended.</exception>
    public async Task RunAsync(TimeProvider clock, CancellationToken cancel)
    {
        DateTimeOffset now = clock.GetUtcNow();
        DemoStory story = new(world, DateOnly.FromDateTime(now.UtcDateTime));
        if (await ProfileAsync(story.Seal, cancel) is not null)
        {
            Console.WriteLine("The demo is here from an earlier start: nothing was sent.");
        }
        else
        {
            await SendAsync(await DayAsync(story, now, cancel), cancel);
        }

        Print(story.Shown);
    }

    /// <summary>The day the demo is told on: that of an interrupted run, so that what it sent counts once.</summary>
    private async Task<DemoStory> DayAsync(
        DemoStory story,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        JsonObject? shown = await ProfileAsync(story.Shown, cancel);
        JsonNode? link = shown
            ?["links"]?.AsArray()
            .FirstOrDefault(known => (string?)known?["id"] == story.Shown.ContactId);
        if (link is null)
        {
            return story;
        }

        if (now - (DateTimeOffset)link["lastReceivedAt"]! > ResumeMax)
        {
            throw new CommandFailedException(
                "A demo was interrupted here more than a day ago and cannot be completed. "
                    + "Start with another data folder."
            );
        }

        Console.WriteLine("An earlier demo was interrupted: completing it.");
        return new DemoStory(world, DemoStory.DayOf((DateTimeOffset)link["firstEventAt"]!));
    }

    private async Task SendAsync(DemoStory story, CancellationToken cancel)
    {
        DemoBatch[] batches = [.. story.Batches()];
        int total = batches.Sum(batch => batch.Count);
        Stopwatch watch = Stopwatch.StartNew();
        await AnsiConsole
            .Progress()
            .StartAsync(async shown =>
            {
                ProgressTask sent = shown.AddTask("Sending", maxValue: total);
                ProgressTask visible = shown.AddTask("Visible", maxValue: batches.Length);
                List<string> receipts = [];
                foreach (DemoBatch batch in batches)
                {
                    receipts.Add(await SendAsync(batch, cancel));
                    sent.Increment(batch.Count);
                    double rate = sent.Value / watch.Elapsed.TotalSeconds;
                    sent.Description = $"{sent.Value:N0} events sent, {rate:N0}/s";
                }

                foreach (string receipt in receipts)
                {
                    await WaitUntilVisibleAsync(receipt, cancel);
                    visible.Increment(1);
                }
            });
        double seconds = watch.Elapsed.TotalSeconds;
        Console.WriteLine(
            $"{total:N0} events of {world.People.Count:N0} people and {world.Accounts.Count:N0} accounts: "
                + $"sent and visible in {seconds:N1} s ({total / seconds:N0}/s)."
        );
    }

    private async Task<string> SendAsync(DemoBatch batch, CancellationToken cancel)
    {
        string path = $"/v1/streams/{batch.Stream}";
        JsonObject answer = await api.SendAsync(HttpMethod.Post, path, batch.Body, Ndjson, cancel);
        return answer["quarantined"] is JsonArray { Count: 0 } && answer["receipt"] is { } receipt
            ? (string)receipt!
            : throw new CommandFailedException(
                $"The stream {batch.Stream} does not take the demo: has its definition been changed? "
                    + answer["quarantined"]?.AsArray().FirstOrDefault()?.ToJsonString()
            );
    }

    private async Task WaitUntilVisibleAsync(string receipt, CancellationToken cancel)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (
            await api.GetAsync($"/v1/receipts/{Uri.EscapeDataString(receipt)}", cancel)
                is not { } answer
            || !(bool)answer["visible"]!
        )
        {
            if (watch.Elapsed > VisibleMax)
            {
                throw new CommandFailedException(
                    $"Sent, but not visible after {VisibleMax.TotalMinutes:N0} minutes: see /v1/status."
                );
            }

            await Task.Delay(Pause, cancel);
        }
    }

    private Task<JsonObject?> ProfileAsync(DemoPerson person, CancellationToken cancel) =>
        api.GetAsync($"/v1/individuals/contactId/{person.ContactId}", cancel);

    private void Print(DemoPerson shown)
    {
        string address = api.Address.GetLeftPart(UriPartial.Authority);
        Console.WriteLine(
            $"""

            Address: {address} (API: {address}/docs)
            Key:     {key.Value} (from {key.From})

            The profile of {shown.Name} ({shown.Account!.Name}), with the source of every value:
              {Curl(address, $"/v1/individuals/contactId/{shown.ContactId}")}
            The context an agent sees when {shown.FirstName} writes: account, open cases, orders, what was done last:
              {Curl(address, $"/v1/context/email/{shown.Email}")}
            The status: partitions, and what became of every event:
              {Curl(address, "/v1/status")}

            """
        );
    }

    private string Curl(string address, string path) =>
        $"curl -s -H 'Authorization: Bearer {key.Value}' {address}{path}";
}
