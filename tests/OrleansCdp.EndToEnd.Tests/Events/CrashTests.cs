using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>The program is killed again and again while events stream in, and the books are right to the event.</summary>
public sealed class CrashTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Stream = "crash-orders";
    private const int Senders = 4;
    private const int PeoplePerSender = 5;
    private const int BatchSize = 50;
    private int acknowledged;

    /// <summary>One seed; twenty where <c>CDP_SLOW</c> is 1.</summary>
    public static TheoryData<int> Seeds { get; } =
    [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("CDP_SLOW") == "1" ? 20 : 1)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_was_acknowledged_is_there_once_and_every_event_has_its_fate(int seed)
    {
        await host.Api.DefineAsync(Stream);
        Counts before = await host.Api.DrainAsync();
        using CancellationTokenSource enough = new();
        Task<Sent>[] senders =
        [
            .. Enumerable
                .Range(0, Senders)
                .Select(sender => Task.Run(() => SendAsync(seed, sender, enough.Token))),
        ];
        Random random = new(seed);
        for (int kills = 0; kills < 3; kills++)
        {
            int target = Volatile.Read(ref acknowledged) + random.Next(1, 60);
            await Eventually.BeAsync(
                () => Task.FromResult(Volatile.Read(ref acknowledged) >= target),
                "batches are acknowledged",
                () => host.Output
            );
            await host.KillAsync();
            await host.StartAsync();
        }

        await enough.CancelAsync();
        Sent[] sent = await Task.WhenAll(senders);
        Counts after = await host.Api.DrainAsync();

        Check(before, after, sent);
        foreach (Sent one in sent)
        {
            foreach ((string person, decimal revenue) in one.Revenue)
            {
                JsonNode profile = (await host.Api.ContextAsync("customerId", person))!;
                JsonNode insights = profile["insights"]!;
                ((int)insights["orderCount"]!).ShouldBe(one.Orders[person], person);
                ((decimal)insights["revenue"]![0]!["amount"]!).ShouldBe(revenue, person);
            }
        }

        await LogOracle.CheckAsync(host);
    }

    private static void Check(Counts before, Counts after, Sent[] sent)
    {
        // Of what is in the log every event counts exactly once. What never reaches it has no id to be known by: a batch
        // that is sent again because its answer was lost counts again, as received too.
        Fate("applied").ShouldBe(sent.Sum(one => one.Applied));
        Fate("suppressed").ShouldBe(sent.Sum(one => one.Suppressed));
        Fate("suppressed", ReasonCodes.NothingNew).ShouldBe(Fate("suppressed"));
        Fate("quarantined", ReasonCodes.LimitExceeded).ShouldBe(sent.Sum(one => one.RefusedByFold));
        Fate("quarantined", ReasonCodes.Required)
            .ShouldBeGreaterThanOrEqualTo(sent.Sum(one => one.RefusedAtEdge));
        Fate("filtered", ReasonCodes.KindNotKept)
            .ShouldBeGreaterThanOrEqualTo(sent.Sum(one => one.Filtered));
        Fate("filtered", ReasonCodes.KindNotKept).ShouldBe(Fate("filtered"));
        sent.ShouldAllBe(one => one.Applied > 0 && one.Suppressed > 0 && one.RefusedByFold > 0);

        long Fate(string kind, string? reason = null) =>
            after[Stream, kind, reason] - before[Stream, kind, reason];
    }

    /// <summary>Sends batches until it is enough; each again and again until it is acknowledged.</summary>
    private async Task<Sent> SendAsync(int seed, int sender, CancellationToken enough)
    {
        Random random = new((seed * 100) + sender);
        Sent sent = new();
        for (int batch = 0; batch == 0 || !enough.IsCancellationRequested; batch++)
        {
            StringBuilder lines = new();
            for (int i = 0; i < BatchSize; i++)
            {
                string person = $"s{seed}-{sender}-{random.Next(PeoplePerSender)}";
                lines.Append(sent.Next(person, random)).Append('\n');
            }

            await InsistAsync(lines.ToString());
            Interlocked.Increment(ref acknowledged);
        }

        return sent;
    }

    private async Task InsistAsync(string lines)
    {
        await Eventually.BeAsync(
            async () =>
            {
                try
                {
                    Api api = host.Api; // Another address after every start.
                    var (status, json) = await api.PostAsync(
                        $"/v1/streams/{Stream}",
                        lines,
                        "application/x-ndjson"
                    );
                    (
                        status is HttpStatusCode.Accepted or HttpStatusCode.ServiceUnavailable
                    ).ShouldBeTrue($"{status}: {json?.ToJsonString()}");
                    return status == HttpStatusCode.Accepted;
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    return false; // Killed in the middle of it.
                }
            },
            "a batch is acknowledged",
            () => host.Output
        );
    }

    /// <summary>What one sender sent, and what must have become of it.</summary>
    private sealed class Sent
    {
        private int events;

        public int Applied { get; private set; }

        public int Suppressed { get; private set; }

        public int RefusedByFold { get; private set; }

        public int RefusedAtEdge { get; private set; }

        public int Filtered { get; private set; }

        public Dictionary<string, int> Orders { get; } = [];

        public Dictionary<string, decimal> Revenue { get; } = [];

        /// <summary>The next event as JSON.</summary>
        public string Next(string person, Random random)
        {
            int id = events++;
            switch (Orders.ContainsKey(person) ? random.Next(10) : 9)
            {
                case 0:
                    RefusedAtEdge++;
                    return Line(null, person, id, $"o{id}", 1);
                case 1:
                    Filtered++;
                    return Line($"e{id}", person, id, $"o{id}", 1, gone: true);
                case 2:
                    RefusedByFold++;
                    return Line($"e{id}", person, id, $"o{id}", Limits.AmountMax + 1);
                case < 5:
                    Suppressed++;
                    return Line($"e{id}", person, id, "first", 7.25m);
                default:
                    Applied++;
                    bool first = !Orders.TryGetValue(person, out int orders);
                    decimal total = first ? 7.25m : random.Next(1, 100_000) / 100m;
                    Orders[person] = orders + 1;
                    Revenue[person] = Revenue.GetValueOrDefault(person) + total;
                    return Line($"e{id}", person, id, first ? "first" : $"o{id}", total);
            }
        }

        private static string Line(
            string? id,
            string person,
            int second,
            string order,
            decimal total,
            bool gone = false
        )
        {
            JsonObject line = new()
            {
                ["person"] = person,
                ["order"] = order,
                ["total"] = total,
                ["at"] = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)
                    .AddSeconds(second)
                    .ToString("O"),
            };
            if (id is not null)
            {
                line["event"] = $"{person}-{id}";
            }

            if (gone)
            {
                line["gone"] = true;
            }

            return line.ToJsonString();
        }
    }
}
