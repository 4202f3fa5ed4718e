using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Every limit of what comes in, at its maximum and one past it.</summary>
[Collection(GatewayCollection.Name)]
public sealed class LimitTests(GatewayHost host)
{
    private const string Tries = "/v1/streams/web?dryRun=true";

    [Theory]
    [InlineData(Limits.EventBytesMax, null)]
    [InlineData(Limits.EventBytesMax + 1, "event_too_large")]
    public async Task An_event_of_a_stream_has_a_limit(int bytes, string? code)
    {
        string sent = Sent.Message("limits-1", bytes);

        CodesOf(await host.PostAsync(Tries, sent)).ShouldBe(code is null ? [] : [code]);
        CodesOf(await host.PostAsync(Tries, sent, mediaType: "application/x-ndjson"))
            .ShouldBe(code is null ? [] : [code]);
    }

    [Theory]
    [InlineData(Limits.ColumnsMax, null, false)]
    [InlineData(Limits.ColumnsMax + 1, "malformed", false)]
    [InlineData(1_000_000, "malformed", true)]
    public async Task A_row_with_more_values_than_a_header_may_have_is_kept_as_it_came(
        int values,
        string? code,
        bool truncated
    )
    {
        string stream = $"limits-row-{values}";
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        string header = string.Join(
            ',',
            Enumerable.Range(0, Limits.ColumnsMax).Select(i => $"c{i}")
        );
        string row = string.Join(',', Enumerable.Repeat("a", values));

        Answer answer = await host.PostAsync(
            $"/v1/streams/{stream}",
            $"{header}\n{row}\n",
            mediaType: "text/csv"
        );

        answer.Status.ShouldBe(202, answer.Text);
        JsonNode item = (await host.QuarantineAsync(stream)).ShouldHaveSingleItem();
        ((bool)item["truncated"]!).ShouldBe(truncated);
        if (code is null)
        {
            item["payload"]!.AsObject().Count.ShouldBe(values);
        }
        else
        {
            ((string)item["code"]!).ShouldBe(code);
            string kept = (string)item["payload"]!;
            kept.ShouldBe(truncated ? row[..IQuarantineGrain.PayloadBytesMax] : row);
        }
    }

    [Theory]
    [InlineData(Limits.EventBytesMax, null)]
    [InlineData(Limits.EventBytesMax + 1, "event_too_large")]
    public async Task A_row_has_the_limit_of_an_event(int bytes, string? code)
    {
        // A value of two bytes a character: characters must not be counted for bytes.
        string pad = new string('é', (bytes - "tracklimits-2e".Length) / 2);
        string rest = new('x', bytes - "tracklimits-2e".Length - (2 * pad.Length));
        string file = $"type,userId,event,pad\ntrack,limits-2,e,{pad}{rest}\n";

        CodesOf(await host.PostAsync(Tries, file, mediaType: "text/csv"))
            .ShouldBe(code is null ? [] : [code]);
    }

    [Theory]
    [InlineData(Limits.EventBytesMax, 0)]
    [InlineData(Limits.EventBytesMax + 1, 1)]
    public async Task A_tracking_message_is_measured_as_it_was_sent(int bytes, int rejected)
    {
        string message = Sent.Message("limits-3", bytes, ""","context":{"locale":"\u00e9é"}""");
        string batch =
            $$$"""{"sentAt":"2026-01-01T00:00:00Z","context":{"channel":"server"},"batch":[{{{message}}}]}""";

        Answer one = await host.PostAsync("/v1/track", message);
        Answer many = await host.PostAsync("/v1/batch", batch);

        RejectedOf(one).ShouldBe(Enumerable.Repeat("event_too_large", rejected));
        RejectedOf(many).ShouldBe(Enumerable.Repeat("event_too_large", rejected));
    }

    [Theory]
    [InlineData(Limits.BatchBytesMax, 200)]
    [InlineData(Limits.BatchBytesMax + 1, 413)]
    public async Task A_batch_has_a_limit(int bytes, int status)
    {
        string batch = Sent.Filled("""{"batch":[],"pad":"#"}""", bytes);
        string events = Sent.Filled("[#]", bytes).Replace('x', ' ');

        Answer answer = await host.PostAsync("/v1/batch", batch);
        Answer cloud = await host.PostAsync(
            "/v1/cloudevents",
            events,
            mediaType: "application/cloudevents-batch+json"
        );

        answer.Status.ShouldBe(status, answer.Text);
        cloud.Status.ShouldBe(status == 200 ? 202 : status, cloud.Text);
        if (status == 413)
        {
            answer.ShouldBeProblem(413, "batch_too_large");
            cloud.ShouldBeProblem(413, "batch_too_large");
        }
    }

    [Theory]
    [InlineData(Limits.BatchItemsMax, 200)]
    [InlineData(Limits.BatchItemsMax + 1, 413)]
    public async Task A_batch_has_a_limit_of_messages(int items, int status)
    {
        string messages = string.Join(
            ',',
            Enumerable
                .Range(0, items)
                .Select(i =>
                    $$"""{"type":"track","event":"e","userId":"limits-4","messageId":"{{i}}"}"""
                )
        );

        Answer answer = await host.PostAsync("/v1/batch", $$"""{"batch":[{{messages}}]}""");

        answer.Status.ShouldBe(status, answer.Text);
        if (status == 413)
        {
            answer.ShouldBeProblem(413, "too_many_items");
        }
    }

    [Theory]
    [InlineData(Limits.EventBytesMax, 200)]
    [InlineData(Limits.EventBytesMax + 1, 413)]
    public async Task The_context_that_a_batch_adds_to_every_message_has_a_limit(
        int bytes,
        int status
    )
    {
        string context = Sent.Filled("""{"pad":"#"}""", bytes);

        Answer answer = await host.PostAsync(
            "/v1/batch",
            $$"""{"context":{{context}},"batch":[{"type":"track","event":"e","userId":"limits-5"}]}"""
        );

        answer.Status.ShouldBe(status, answer.Text);
        if (status == 413)
        {
            answer.ShouldBeProblem(413, "context_too_large");
        }
        else
        {
            RejectedOf(answer).ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData(Limits.StreamBodyBytesMax, 202)]
    [InlineData(Limits.StreamBodyBytesMax + 1, 413)]
    public async Task A_body_of_a_stream_has_a_limit(int bytes, int status)
    {
        byte[] body = new byte[bytes];
        Array.Fill(body, (byte)'\n');
        Encoding.UTF8.GetBytes(Sent.Message("limits-6", 100)).CopyTo(body, 0);

        Answer plain = await host.PostAsync(Tries, body, "application/x-ndjson");
        Answer packed = await host.PostAsync(Tries, Gzip(body), "application/x-ndjson", "gzip");

        plain.Status.ShouldBe(status, plain.Text);
        packed.Status.ShouldBe(status, packed.Text);
        if (status == 413)
        {
            plain.ShouldBeProblem(413, "body_too_large");
            packed.ShouldBeProblem(413, "body_too_large");
        }
        else
        {
            ((int)plain.Json["accepted"]!).ShouldBe(1);
            ((int)packed.Json["accepted"]!).ShouldBe(1);
        }
    }

    [Theory]
    [InlineData(Limits.JsonDepthMax, null)]
    [InlineData(Limits.JsonDepthMax + 1, "too_deep")]
    [InlineData(3_000, "too_deep")]
    public async Task Nesting_has_a_limit(int levels, string? code)
    {
        string sent = Sent.Nested("limits-7", levels);
        string[] expected = code is null ? [] : [code];

        CodesOf(await host.PostAsync(Tries, sent)).ShouldBe(expected);
        CodesOf(await host.PostAsync(Tries, sent, mediaType: "application/x-ndjson"))
            .ShouldBe(expected);
        RejectedOf(await host.PostAsync("/v1/track", sent)).ShouldBe(expected);
        Answer cloud = await host.PostAsync(
            "/v1/cloudevents?stream=web",
            $$$"""{"specversion":"1.0","id":"1","source":"/t","type":"t","data":{{{sent}}}}""",
            mediaType: "application/cloudevents+json"
        );
        CodesOf(cloud).ShouldBe(expected);
    }

    [Theory]
    [InlineData("/v1/batch", "batch_too_large")]
    [InlineData("/v1/streams/web", "body_too_large")]
    [InlineData("/v1/cloudevents", "batch_too_large")]
    public async Task A_gzip_bomb_is_not_unpacked(string path, string code)
    {
        // A second member whose content is none: whoever unpacks it all finds that out and answers 400.
        byte[] header = Gzip([0])[..10];
        byte[] bomb = [.. Gzip(new byte[64 * 1024 * 1024]), .. header, 0xFF, 0xFF, 0xFF, 0xFF];
        bomb.Length.ShouldBeLessThan(Limits.BatchBytesMax);
        Should.Throw<InvalidDataException>(() => Unpack(bomb));

        (await host.PostAsync(path, bomb, "application/json", "gzip")).ShouldBeProblem(413, code);
    }

    [Theory]
    [InlineData("application/json", "gzip")]
    [InlineData("application/json", null)]
    [InlineData("text/plain", "gzip")]
    [InlineData("application/x-www-form-urlencoded", "gzip")]
    public async Task Honest_gzip_is_unpacked_under_every_media_type_that_clients_use(
        string mediaType,
        string? encoding
    )
    {
        string user = $"gzip-{mediaType}-{encoding}".Replace('/', '-');
        string batch =
            $$$"""{"batch":[{"type":"identify","userId":"{{{user}}}","traits":{"firstName":"Ada"}}]}""";

        Answer answer = await host.PostAsync(
            "/v1/batch",
            Gzip(Encoding.UTF8.GetBytes(batch)),
            mediaType,
            encoding
        );

        answer.Status.ShouldBe(200, answer.Text);
        await host.ProfileAsync("userId", user);
    }

    [Fact]
    public async Task Gzip_of_several_members_is_unpacked_whole()
    {
        byte[] one = Gzip(Encoding.UTF8.GetBytes(Sent.Message("gzip-many", 100) + "\n"));

        Answer answer = await host.PostAsync(
            Tries,
            [.. one, .. one],
            "application/x-ndjson",
            "gzip"
        );

        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
    }

    [Fact]
    public async Task Gzip_that_was_cut_off_is_refused_wherever_it_was_cut()
    {
        string lines = string.Join(
            '\n',
            Enumerable.Range(0, 50).Select(i => Sent.Message("cut-" + i, 100))
        );
        byte[] whole = Gzip(Encoding.UTF8.GetBytes(lines));

        foreach (int length in new[] { 3, 10, 20, whole.Length / 2, whole.Length - 1 })
        {
            Answer answer = await host.PostAsync(
                Tries,
                whole[..length],
                "application/x-ndjson",
                "gzip"
            );
            answer.ShouldBeProblem(400, "malformed");
        }
    }

    [Fact]
    public async Task What_is_called_gzip_and_is_none_is_refused() =>
        (await host.PostAsync(Tries, "[]"u8.ToArray(), "application/json", "gzip")).ShouldBeProblem(
            400,
            "malformed"
        );

    [Theory]
    [InlineData(2_000, 202)]
    [InlineData(2_001, 400)]
    public async Task A_file_has_a_limit_of_columns(int columns, int status)
    {
        string header = string.Join(
            ',',
            Enumerable
                .Range(0, columns - 3)
                .Select(i => "c" + i.ToString(CultureInfo.InvariantCulture))
        );

        Answer answer = await host.PostAsync(
            Tries,
            $"type,userId,event,{header}\ntrack,u,e\n",
            mediaType: "text/csv"
        );

        answer.Status.ShouldBe(status, answer.Text);
    }

    private static byte[] Gzip(byte[] plain)
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Optimal))
        {
            zip.Write(plain);
        }

        return packed.ToArray();
    }

    private static void Unpack(byte[] packed)
    {
        using MemoryStream sent = new(packed);
        using GZipStream unzip = new(sent, CompressionMode.Decompress);
        unzip.CopyTo(Stream.Null);
    }

    private static string[] CodesOf(Answer answer)
    {
        answer.Status.ShouldBe(202, answer.Text);
        return CodesOf(answer.Json["quarantined"]);
    }

    private static string[] RejectedOf(Answer answer)
    {
        answer.Status.ShouldBe(200, answer.Text);
        ((bool)answer.Json["success"]!).ShouldBeTrue();
        return CodesOf(answer.Json["rejected"]);
    }

    private static string[] CodesOf(JsonNode? refusals) =>
        [.. refusals?.AsArray().Select(refusal => (string)refusal!["code"]!) ?? []];
}
