using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Streams;

namespace OrleansCdp.Events;

/// <summary>A .NET host publishes through the Orleans streams, with what HTTP promises.</summary>
public sealed class ProducerTests(ProducerHost host) : IClassFixture<ProducerHost>
{
    private const string Stream = ProducerHost.Stream;

    private Api Api => host.Cdp.Api;

    [Fact]
    public async Task Records_are_admitted_filtered_and_refused_as_over_HTTP_and_count_once_with_it()
    {
        Contact[] contacts =
        [
            new("a1", "e-a1", "Ada"),
            new("a2", "e-a2", "Bob", Test: true),
            new("a3", "e-a3", "Cleo", Age: "old"),
        ];

        SendResult sent = await host.Producer.SendAsync(Stream, contacts);
        (HttpStatusCode status, JsonNode? posted) = await Api.PostAsync(
            $"/v1/streams/{Stream}",
            JsonSerializer.Serialize(contacts),
            "application/json"
        );

        sent.Accepted.ShouldBe(1);
        sent.Filtered.ShouldBe(1);
        IntakeRefusal refused = sent.Refused.ShouldHaveSingleItem();
        status.ShouldBe(HttpStatusCode.Accepted, posted?.ToJsonString());
        ((int)posted!["accepted"]!).ShouldBe(0);
        ((int)posted["duplicates"]!).ShouldBe(1);
        ((int)posted["filtered"]!).ShouldBe(1);
        JsonNode same = posted["quarantined"]!.AsArray().ShouldHaveSingleItem()!;
        refused.ShouldBe(
            new IntakeRefusal(
                (int)same["index"]!,
                (string)same["code"]!,
                (string)same["message"]!,
                (string?)same["pointer"]
            )
        );
        await AppearsAsync("a1", "Ada");
        (await Api.ProfileAsync("contactId", "a2")).ShouldBeNull();
        (await QuarantinedAsync("a3")).ShouldBe(2);
        Counts counts = await Api.DrainAsync();
        counts[Stream, "filtered", "test_data"]
            .ShouldBe(2, "one each way, by the rule's own reason");
        counts[Stream, "filtered"].ShouldBe(2);
    }

    [Fact]
    public async Task JSON_text_is_taken_as_one_record_or_as_many()
    {
        SendResult one = await host.Producer.SendJsonAsync(
            Stream,
            """{"Id":"j1","Event":"e-j1","FirstName":"Joan"}"""u8.ToArray()
        );
        SendResult many = await host.Producer.SendJsonAsync(
            Stream,
            """
            [{"Id":"j2","FirstName":"Jim"},{"Id":"j1","Event":"e-j1","FirstName":"Joan"}]
            """u8.ToArray()
        );

        one.Accepted.ShouldBe(1);
        many.Accepted.ShouldBe(2);
        await AppearsAsync("j1", "Joan");
        await AppearsAsync("j2", "Jim");
        await Should.ThrowAsync<JsonException>(() =>
            host.Producer.SendJsonAsync(Stream, "{"u8.ToArray())
        );
        await Api.DrainAsync();
    }

    [Fact]
    public async Task A_batch_at_the_limit_is_taken_whole_and_one_past_it_not_at_all()
    {
        Contact[] contacts =
        [
            .. Enumerable
                .Range(0, Limits.BatchItemsMax + 1)
                .Select(i => new Contact($"m{i}", $"e-m{i}", "Many")),
        ];

        (await host.Producer.SendAsync(Stream, contacts[..^1])).Accepted.ShouldBe(
            Limits.BatchItemsMax
        );
        await Should.ThrowAsync<ArgumentException>(() => host.Producer.SendAsync(Stream, contacts));

        await AppearsAsync(contacts[^2].Id, "Many");
        await Api.DrainAsync();
        (await Api.ProfileAsync("contactId", contacts[^1].Id)).ShouldBeNull();
    }

    [Fact]
    public async Task Text_at_the_limit_is_taken_and_one_byte_more_not()
    {
        byte[] text = new byte[Limits.StreamBodyBytesMax + 1];
        Array.Fill(text, (byte)' ');
        """{"Id":"t1","Event":"e-t1","FirstName":"Tom"}"""u8.CopyTo(text);

        await Should.ThrowAsync<ArgumentException>(() => host.Producer.SendJsonAsync(Stream, text));
        (await host.Producer.SendJsonAsync(Stream, text.AsMemory(..^1))).Accepted.ShouldBe(1);
    }

    [Fact]
    public async Task An_event_past_its_size_is_refused_alone()
    {
        JsonElement fits = OfSize("s1", Limits.EventBytesMax);
        JsonElement large = OfSize("s2", Limits.EventBytesMax + 1);

        SendResult sent = await host.Producer.SendAsync(Stream, [fits, large]);

        sent.Accepted.ShouldBe(1);
        IntakeRefusal refused = sent.Refused.ShouldHaveSingleItem();
        refused.Index.ShouldBe(1);
        refused.Code.ShouldBe(ReasonCodes.EventTooLarge);
        (await QuarantinedAsync("s2")).ShouldBe(1);
        await Api.DrainAsync();
    }

    [Fact]
    public async Task A_stream_that_nobody_defined_is_an_error_and_one_just_defined_is_known()
    {
        UnknownStreamException unknown = await Should.ThrowAsync<UnknownStreamException>(() =>
            host.Producer.SendAsync("nobodys", [new Contact("n1", "e-n1", "Nobody")])
        );
        unknown.Stream.ShouldBe("nobodys");

        await Api.DefineAsync("coral-contacts");
        SendResult sent = await host.Producer.SendJsonAsync("coral-contacts", "{}"u8.ToArray());
        sent.Refused.Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_plain_Orleans_client_publishes_on_the_streams_and_is_counted()
    {
        IHost client = await ProducerHost.StartAsync(services =>
            services.AddOrleansClient(orleans =>
            {
                orleans.UseStaticClustering(host.Gateway);
                orleans.Configure<Orleans.Configuration.ClusterOptions>(o =>
                    o.ClusterId = o.ServiceId = EventStreams.ClusterId
                );
                orleans.AddCdpStreams();
            })
        );
        try
        {
            var streams = client.Services.GetRequiredService<IClusterClient>();
            foreach (Lane lane in Enum.GetValues<Lane>())
            {
                LinkEvent[] events = LinkEvents.InPartition(
                    partition: 3,
                    Partitions.CountDefault,
                    count: 5,
                    prefix: $"raw-{lane}-",
                    lane
                );
                IAsyncStream<LinkEvent> stream = streams
                    .GetStreamProvider(EventStreams.ProviderOf(lane))
                    .GetStream<LinkEvent>(EventStreams.Of(lane, 3));
                await stream.OnNextBatchAsync(events);
                await stream.OnNextBatchAsync(events);
            }

            Counts counts = await Api.DrainAsync();
            counts["web-events", "received"].ShouldBe(20);
            counts["web-events", "duplicate"].ShouldBe(10);
        }
        finally
        {
            await ProducerHost.StopAsync(client);
        }
    }

    [Fact]
    public async Task Nothing_is_lost_while_the_program_restarts_and_sending_again_counts_once()
    {
        Contact[] contacts = [new("r1", "e-r1", "Rosa"), new("r2", "e-r2", "Rory")];
        (await host.Producer.SendAsync(Stream, contacts[..1])).Accepted.ShouldBe(1);
        await Api.DrainAsync();

        await host.Cdp.KillAsync();
        await Should.ThrowAsync<LogUnavailableException>(() =>
            host.Producer.SendAsync(Stream, contacts)
        );
        await host.Cdp.StartAsync();

        SendResult sent = await Eventually.SucceedAsync(() =>
            host.Producer.SendAsync(Stream, contacts)
        );
        sent.Accepted.ShouldBe(2);
        await AppearsAsync("r1", "Rosa");
        await AppearsAsync("r2", "Rory");
        await Api.DrainAsync();
    }

    private static JsonElement OfSize(string id, int bytes)
    {
        string start = $$"""{"Id":"{{id}}","Event":"e-{{id}}","Unknown":" """.TrimEnd();
        string text = start + new string('x', bytes - start.Length - 2) + "\"}";
        Encoding.UTF8.GetByteCount(text).ShouldBe(bytes);
        return JsonElement.Parse(text);
    }

    private async Task AppearsAsync(string id, string name)
    {
        JsonNode? profile = null;
        await Eventually.BeAsync(
            async () =>
            {
                profile = await Api.ProfileAsync("contactId", id);
                return (string?)profile?["traits"]?["firstName"]?["value"] == name;
            },
            string.Create(CultureInfo.InvariantCulture, $"{id} is visible"),
            () => profile?.ToJsonString() ?? "nobody"
        );
    }

    private async Task<int> QuarantinedAsync(string id)
    {
        JsonNode? list = await Api.GetAsync($"/v1/quarantine?stream={Stream}&limit=500");
        return list!["data"]!
            .AsArray()
            .Count(item =>
                item!.ToJsonString().Contains($"e-{id}\"", StringComparison.Ordinal)
                || item.ToJsonString().Contains($"e-{id}\\", StringComparison.Ordinal)
            );
    }

    private sealed record Contact(
        string Id,
        string Event,
        string FirstName,
        bool Test = false,
        object? Age = null
    );
}
