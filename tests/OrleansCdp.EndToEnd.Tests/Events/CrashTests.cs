using System.Net;

namespace OrleansCdp.Events;

/// <summary>The program is killed again and again while events stream in, and the books are right to the event.</summary>
public sealed class CrashTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const int Senders = 4;
    private int acknowledged;

    /// <summary>One seed; twenty where <c>CDP_SLOW</c> is 1.</summary>
    public static TheoryData<int> Seeds { get; } =
    [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("CDP_SLOW") == "1" ? 20 : 1)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_was_acknowledged_is_there_once_and_every_event_has_its_fate(int seed)
    {
        await host.Api.DefineAsync(CrashOrders.Stream);
        Counts before = await host.Api.DrainAsync();
        using CancellationTokenSource enough = new();
        Task<CrashOrders>[] senders =
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
        CrashOrders[] sent = await Task.WhenAll(senders);
        Counts after = await host.Api.DrainAsync();

        CrashOrders.Check(before, after, sent);
        foreach (CrashOrders one in sent)
        {
            await one.CheckPeopleAsync(host.Api);
        }

        await LogOracle.CheckAsync(host);
    }

    /// <summary>Sends batches until it is enough; each again and again until it is acknowledged.</summary>
    private async Task<CrashOrders> SendAsync(int seed, int sender, CancellationToken enough)
    {
        CrashOrders orders = new($"s{seed}-{sender}", new Random((seed * 100) + sender));
        for (int batch = 0; batch == 0 || !enough.IsCancellationRequested; batch++)
        {
            await InsistAsync(orders.NextBatch());
            Interlocked.Increment(ref acknowledged);
        }

        return orders;
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
                        $"/v1/streams/{CrashOrders.Stream}",
                        lines,
                        "application/x-ndjson"
                    );
                    (
                        status
                        is HttpStatusCode.Accepted
                            or HttpStatusCode.ServiceUnavailable
                            or HttpStatusCode.TooManyRequests
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
}
