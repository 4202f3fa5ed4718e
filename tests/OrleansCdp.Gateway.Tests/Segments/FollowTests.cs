using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Entries and exits are followed, page by page or as server-sent events, and none is missed or told twice.</summary>
[Collection(GatewayCollection.Name)]
public sealed class FollowTests(GatewayHost host)
{
    private readonly Reviewed segments = new(host);

    [Fact]
    public async Task Changes_are_paged_through_in_order_and_the_last_page_says_where_to_go_on()
    {
        await segments.ActivateAsync("followed", "criteria: title = 'followed'");
        string begin = (string)(await PageAsync("/v1/segments/changes"))["next"]!;
        for (string? more = begin; more is not null; )
        {
            JsonNode page = await PageAsync($"/v1/segments/changes?limit=1000&after={begin}");
            more = page["data"]!.AsArray().Count == 1_000 ? begin : null;
            begin = (string)page["next"]!;
        }

        await segments.SayAsync("003cf1", "followed");
        await segments.SayAsync("003cf2", "followed");
        await segments.SayAsync("003cf1", "other", minute: 1);
        JsonNode? all = null;
        await Eventually.BeAsync(async () =>
        {
            all = await PageAsync($"/v1/segments/followed/changes?after={begin}");
            return all["data"]!.AsArray().Count == 3;
        });

        JsonNode left = all!["data"]![2]!;
        ((string)left["individual"]!).ShouldBe(await segments.IndividualAsync("003cf1"));
        ((string)left["segment"]!).ShouldBe("followed");
        left["tier"].ShouldBeNull();
        ((string)left["change"]!).ShouldBe("exited");
        ((int)left["version"]!).ShouldBe(1);
        ((int)left["sequence"]!).ShouldBe(2);
        ((string)left["cause"]!).ShouldBe("event");
        ((string)left["events"]![0]!["source"]!).ShouldBe("salesforce");
        ((string)left["values"]![0]!["value"]!).ShouldBe("other");
        ((string)all["next"]!).ShouldBe((string)left["position"]!);

        JsonNode first = await PageAsync($"/v1/segments/followed/changes?limit=2&after={begin}");
        first["data"]!.AsArray().Count.ShouldBe(2);
        JsonNode second = await PageAsync(
            $"/v1/segments/followed/changes?limit=2&after={first["next"]}"
        );
        ((int)second["data"]!.AsArray().Single()!["sequence"]!).ShouldBe(2);
        JsonNode none = await PageAsync($"/v1/segments/followed/changes?after={all["next"]}");
        none["data"]!.AsArray().ShouldBeEmpty();
        ((string)none["next"]!).ShouldBe((string)all["next"]!);
        (await PageAsync($"/v1/segments/changes?after={begin}"))["data"]!
            .AsArray()
            .Count(one => (string)one!["segment"]! == "followed")
            .ShouldBe(3);
    }

    [Fact]
    public async Task Whoever_comes_back_with_the_last_id_misses_nothing_and_gets_nothing_twice()
    {
        await segments.ActivateAsync("streamed", "criteria: title = 'streamed'");
        List<Told> told = [];
        using (EventReader reader = await OpenAsync("streamed", null))
        {
            (await reader.NextAsync()).Data.ShouldBeNull("it says where it begins");
            await segments.SayAsync("003ce1", "streamed");
            await segments.SayAsync("003ce2", "streamed");
            await segments.SayAsync("003ce3", "streamed");
            told.Add(await reader.NextAsync());
            told.Add(await reader.NextAsync()); // The third is on its way when the line breaks.
        }

        await segments.SayAsync("003ce1", "other", minute: 1);
        using (EventReader reader = await OpenAsync("streamed", told[^1].Id))
        {
            (await reader.NextAsync()).Id.ShouldBe(told[^1].Id);
            told.Add(await reader.NextAsync());
            told.Add(await reader.NextAsync());
        }

        told.Select(one => $"{one.Name} {one.Data!["individual"]}")
            .ShouldBe([
                $"entered {await segments.IndividualAsync("003ce1")}",
                $"entered {await segments.IndividualAsync("003ce2")}",
                $"entered {await segments.IndividualAsync("003ce3")}",
                $"exited {await segments.IndividualAsync("003ce1")}",
            ]);
        told.ShouldAllBe(one => one.Id == (string)one.Data!["position"]!);
        using (EventReader after = await OpenAsync("streamed", null, $"?after={told[0].Id}"))
        {
            (await after.NextAsync()).Id.ShouldBe(told[0].Id);
            (await after.NextAsync()).Id.ShouldBe(told[1].Id);
        }

        using HttpClient http = new();
        HttpStatusCode refused = HttpStatusCode.TooManyRequests;
        await Eventually.BeAsync(async () =>
        {
            using HttpResponseMessage answer = await SendAsync(http, "streamed", "nothing");
            refused = answer.StatusCode;
            return refused != HttpStatusCode.TooManyRequests;
        });
        refused.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Whoever_left_before_the_first_event_misses_none()
    {
        await segments.ActivateAsync("left_early", "criteria: title = 'left early'");
        string id;
        using (EventReader reader = await OpenAsync("left_early", null))
        {
            id = (await reader.NextAsync()).Id!;
        }

        await segments.SayAsync("003cl1", "left early");

        using EventReader again = await OpenAsync("left_early", id);
        await again.NextAsync();
        (await again.NextAsync()).Name.ShouldBe("entered");
    }

    [Fact]
    public async Task Whoever_comes_back_after_what_follows_is_forgotten_is_told_so()
    {
        await segments.ActivateAsync("expired", "criteria: title = 'expired'");
        string position = (string)(await PageAsync("/v1/segments/expired/changes"))["next"]!;
        await host.Database.ExecuteAsync(
            """
            insert into cdp.membership_forgotten (segment, written_by, number)
            values ('expired', pg_current_xact_id(), 1)
            """
        );
        try
        {
            (await host.GetAsync($"/v1/segments/expired/changes?after={position}")).ShouldBeProblem(
                410,
                "expired_position"
            );
            using HttpClient http = new();
            await Eventually.BeAsync(async () =>
            {
                using HttpResponseMessage refused = await SendAsync(http, "expired", position);
                return refused.StatusCode == HttpStatusCode.Gone;
            });
            JsonNode first = await PageAsync("/v1/segments/expired/changes?limit=1");
            await PageAsync($"/v1/segments/expired/changes?after={first["next"]}");
        }
        finally
        {
            await host.Database.ExecuteAsync("delete from cdp.membership_forgotten");
        }
    }

    [Fact]
    public async Task Nobody_is_kept_waiting_without_a_sign_of_life()
    {
        await segments.ActivateAsync("quiet", "criteria: title = 'quiet'");
        using EventReader reader = await OpenAsync("quiet", null);

        await reader.CommentAsync();
    }

    [Fact]
    public async Task As_many_streams_as_are_allowed_are_open_and_one_more_is_refused()
    {
        await segments.ActivateAsync("crowded", "criteria: title = 'crowded'");
        List<EventReader> open = [];
        try
        {
            while (open.Count < GatewayHost.ChangeStreamsMax)
            {
                open.Add(await OpenAsync("crowded", null));
            }

            using HttpClient http = new();
            using HttpResponseMessage refused = await SendAsync(http, "crowded", null);
            refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            refused.Headers.RetryAfter.ShouldNotBeNull();
            (await refused.Content.ReadAsStringAsync()).ShouldContain("too_many_streams");

            open[0].Dispose();
            open.RemoveAt(0);
            open.Add(await OpenAsync("crowded", null));
        }
        finally
        {
            open.ForEach(reader => reader.Dispose());
        }
    }

    private Task<JsonNode> PageAsync(string path) => segments.GetAsync(path);

    /// <summary>Opens a stream, once the gateway has noticed that enough clients of before have left.</summary>
    private async Task<EventReader> OpenAsync(string segment, string? lastId, string query = "")
    {
        HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };
        HttpResponseMessage? answer = null;
        await Eventually.BeAsync(async () =>
        {
            answer?.Dispose();
            answer = await SendAsync(http, segment, lastId, query);
            return answer.StatusCode != HttpStatusCode.TooManyRequests;
        });
        answer!.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return new EventReader(http, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    private Task<HttpResponseMessage> SendAsync(
        HttpClient http,
        string segment,
        string? lastId,
        string query = ""
    )
    {
        HttpRequestMessage request = new(
            HttpMethod.Get,
            new Uri(host.Address, $"/v1/segments/{segment}/changes{query}")
        )
        {
            Headers =
            {
                Authorization = new("Bearer", GatewayHost.AdminKey),
                Accept = { new("text/event-stream") },
            },
        };
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>What one event says.</summary>
    private sealed record Told(string? Id, string? Name, JsonNode? Data);

    /// <summary>Reads server-sent events as the standard says, with nothing of ours.</summary>
    private sealed class EventReader(HttpClient http, StreamReader lines) : IDisposable
    {
        /// <summary>What stands up to the next empty line.</summary>
        public async Task<Told> NextAsync()
        {
            Told told = new(null, null, null);
            while (await lines.ReadLineAsync() is { } line)
            {
                switch (line.Split(": ", 2))
                {
                    case ["id", var id]:
                        told = told with { Id = id };
                        break;
                    case ["event", var name]:
                        told = told with { Name = name };
                        break;
                    case ["data", var data]:
                        told = told with { Data = JsonNode.Parse(data) };
                        break;
                    case [""] when told != new Told(null, null, null):
                        return told;
                }
            }

            throw new EndOfStreamException();
        }

        /// <summary>Waits for a comment.</summary>
        public async Task CommentAsync()
        {
            while (await lines.ReadLineAsync() is { } line)
            {
                if (line.StartsWith(':'))
                {
                    return;
                }
            }

            throw new EndOfStreamException();
        }

        public void Dispose()
        {
            lines.Dispose();
            http.Dispose();
        }
    }
}
