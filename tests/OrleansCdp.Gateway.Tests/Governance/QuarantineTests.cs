using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What was refused can be found, and goes in once its definition is right.</summary>
[Collection(GatewayCollection.Name)]
public sealed class QuarantineTests(GatewayHost host)
{
    private const string Iso = "yyyy-MM-dd";
    private const string Spanish = "d/M/yyyy";

    [Fact]
    public async Task After_the_definition_is_fixed_a_replay_brings_the_record_in_once()
    {
        const string stream = "replayed";
        const string record = """{"id":"replayed-1","since":"31/1/2026","level":"gold"}""";
        await host.DefineAsync(stream, Definition(Iso));
        Answer refused = await host.PostAsync($"/v1/streams/{stream}", record);
        ((string)refused.Json["quarantined"]![0]!["code"]!).ShouldBe("bad_time");

        ShouldHaveReplayed(await ReplayAsync(stream), 0, "bad_time");
        (await host.QuarantineAsync(stream)).Count.ShouldBe(1);

        await host.DefineAsync(stream, Definition(Spanish));
        ShouldHaveReplayed(await ReplayAsync(stream), 1);
        JsonNode profile = await host.ProfileAsync("userId", "replayed-1");
        ((string)profile["traits"]!["level"]!["value"]!).ShouldBe("gold");
        (await host.QuarantineAsync(stream)).ShouldBeEmpty();

        ShouldHaveReplayed(await ReplayAsync(stream), 0);
        Answer again = await host.PostAsync($"/v1/streams/{stream}", record);
        ((int)again.Json["duplicates"]!).ShouldBe(1, again.Text);
        Counts counts = await host.CountsAsync(stream, received: 2);
        counts[stream, "applied"].ShouldBe(1);
        counts[stream, "duplicate"].ShouldBe(1);
        counts[stream, "quarantined"].ShouldBe(0);
    }

    [Fact]
    public async Task A_replayed_record_is_as_old_as_it_is()
    {
        const string stream = "replayed-late";
        await host.DefineAsync(stream, Definition(Iso));
        await host.PostAsync(
            $"/v1/streams/{stream}",
            """{"id":"late-1","since":"31/1/2026","level":"old"}"""
        );
        await host.DefineAsync(stream, Definition(Spanish));
        await host.PostAsync(
            $"/v1/streams/{stream}",
            """{"id":"late-1","since":"1/2/2026","level":"new"}"""
        );

        ShouldHaveReplayed(await ReplayAsync(stream), 1);

        await host.Api.DrainAsync();
        JsonNode profile = await host.ProfileAsync("userId", "late-1");
        ((string)profile["traits"]!["level"]!["value"]!).ShouldBe("new");
    }

    [Fact]
    public async Task A_tracking_message_is_replayed_with_what_its_batch_said()
    {
        Answer refused = await host.PostAsync(
            "/v1/batch",
            """
            {"context":{"traits":{"firstName":"Ada"}},"batch":[
              {"type":"identify","userId":"replayed-message","traits":{"birthday":"10/12/1815"}}]}
            """
        );
        ((string)refused.Json["rejected"]![0]!["code"]!).ShouldBe("bad_time", refused.Text);
        await host.DefineAsync(
            "web",
            ShippedDefinitions
                .All["web"]
                .Replace(
                    "traits.birthday: date",
                    "traits.birthday: { type: date, format: d/M/yyyy }",
                    StringComparison.Ordinal
                )
        );
        try
        {
            Answer replayed = await ReplayAsync("web", "bad_time");
            ((int)replayed.Json["replayed"]!).ShouldBeGreaterThanOrEqualTo(1, replayed.Text);
        }
        finally
        {
            await host.DefineAsync("web", ShippedDefinitions.All["web"]);
        }

        JsonNode profile = await host.ProfileAsync("userId", "replayed-message");
        ((string)profile["traits"]!["firstName"]!["value"]!).ShouldBe("Ada");
        ((string)profile["traits"]!["birthday"]!["value"]!).ShouldBe("1815-12-10");
    }

    [Fact]
    public async Task A_cloud_event_is_replayed_under_its_own_id_and_time()
    {
        const string stream = "replayed-cloud";
        const string cloud = """
            {"specversion":"1.0","id":"cloud-7","source":"/t","type":"t","time":"2026-01-02T03:04:05Z",
             "data":{"id":"cloud-user","since":"31/1/2026","level":"gold"}}
            """;
        await host.DefineAsync(stream, Definition(Iso));
        await SendCloudAsync(stream, cloud);
        await host.DefineAsync(stream, Definition(Spanish));

        ShouldHaveReplayed(await ReplayAsync(stream), 1);

        JsonNode profile = await host.ProfileAsync("userId", "cloud-user");
        ((string)profile["traits"]!["level"]!["at"]!).ShouldStartWith("2026-01-02T03:04:05");
        ((string)profile["traits"]!["level"]!["eventId"]!).ShouldBe("/t cloud-7");
        Answer again = await SendCloudAsync(stream, cloud);
        ((int)again.Json["duplicates"]!).ShouldBe(1, again.Text);
    }

    [Fact]
    public async Task A_row_that_does_not_fit_is_kept_as_it_came_and_no_replay_takes_it()
    {
        const string stream = "replayed-rows";
        await host.DefineAsync(stream, Definition(Iso));
        byte[] odd = [.. "rows-2,2026-01-01,g"u8, 0xe9, .. "ld"u8];
        byte[] file =
        [
            .. "id,since,level\r\nrows-1,2026-01-01,Smith, John\r\n"u8,
            .. odd,
            .. "\nrows-3,31/1/2026,gold\nrows-4,2026-01-01,gold"u8,
        ];

        Answer answer = await host.PostAsync($"/v1/streams/{stream}", file, "text/csv");

        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        IReadOnlyList<JsonNode> kept = await host.QuarantineAsync(stream);
        kept.Select(item => (string)item["code"]!).ShouldBe(["malformed", "malformed", "bad_time"]);
        ((string)kept[0]["payload"]!).ShouldBe("rows-1,2026-01-01,Smith, John");
        Convert.FromBase64String((string)kept[1]["payload"]!["base64"]!).ShouldBe(odd);
        ((string)kept[2]["payload"]!["id"]!).ShouldBe("rows-3");

        ShouldHaveReplayed(await ReplayAsync(stream), 0, "malformed", "malformed", "bad_time");

        await host.Api.DrainAsync();
        (await host.Api.ProfileAsync("userId", "rows-1")).ShouldBeNull();
        (await host.QuarantineAsync(stream)).Count.ShouldBe(3);
        await host.DefineAsync(stream, Definition(Spanish));
        ShouldHaveReplayed(await ReplayAsync(stream), 1, "malformed", "malformed");
    }

    [Theory]
    [InlineData("[1,2]")]
    [InlineData("""{"id":"rows-json", "level":"gold"}""")]
    public async Task A_row_that_looks_like_a_record_is_none(string row)
    {
        string stream = $"replayed-row-{row.Length}";
        await host.DefineAsync(stream, Definition(Iso));

        await host.PostAsync($"/v1/streams/{stream}", $"id\n{row}\n", mediaType: "text/csv");

        JsonNode kept = (await host.QuarantineAsync(stream)).ShouldHaveSingleItem();
        ((string)kept["payload"]!).ShouldBe(row);
        ShouldHaveReplayed(await ReplayAsync(stream), 0, "malformed");
    }

    [Fact]
    public async Task An_event_that_is_refused_ever_again_is_sent_in_again_once_and_then_if_named()
    {
        const string stream = "replayed-event";
        await host.DefineAsync(stream, ShippedDefinitions.All["salesforce-case"]);
        string[] changes =
        [
            .. Enumerable
                .Range(1, Limits.StatusPointsMax + 1)
                .Append(0) // The oldest comes last: it cannot be folded any more.
                .Select(i =>
                    $$"""{"Id":"500again","Status":"s{{i}}","LastModifiedDate":"2026-01-01T00:{{i / 60:D2}}:{{i % 60:D2}}Z"}"""
                ),
        ];
        await host.PostAsync(
            $"/v1/streams/{stream}",
            string.Join('\n', changes),
            mediaType: "application/x-ndjson"
        );
        string first = await RefusedEventAsync(stream, "");

        ShouldHaveResubmitted(await ReplayAsync(stream));
        string second = await RefusedEventAsync(stream, first);
        ShouldHaveReplayed(await ReplayAsync(stream), 0, "record_folded");
        long id = (long)(await host.QuarantineAsync(stream)).Single()["id"]!;
        ShouldHaveResubmitted(
            await host.PostAsync("/v1/quarantine/replay", $$"""{"ids":[{{id}}]}""")
        );
        string third = await RefusedEventAsync(stream, second);

        string original = second[..second.IndexOf('~', StringComparison.Ordinal)];
        first.ShouldBe(original);
        third.ShouldBe($"{original}~again-{id}");
    }

    [Theory]
    [InlineData(Limits.EventIdMax - 8, false)]
    [InlineData(Limits.EventIdMax - 7, true)]
    [InlineData(Limits.EventIdMax, true)]
    public void The_id_of_an_event_that_is_sent_in_again_is_never_longer_than_the_log_takes(
        int length,
        bool isHashed
    )
    {
        string original = new('e', length);

        string again = QuarantineReplay.IdAgain(original, 7); // "~again-7" has 8 characters.

        again.Length.ShouldBeLessThanOrEqualTo(Limits.EventIdMax);
        again.ShouldEndWith("~again-7");
        again.StartsWith("sha256:", StringComparison.Ordinal).ShouldBe(isHashed);
        QuarantineReplay.IdAgain(again, 9).ShouldBe(again[..^1] + "9");
    }

    [Fact]
    public async Task Too_large_an_event_stays_out_whoever_sent_it()
    {
        await host.PostAsync("/v1/track", Sent.Message("stays-out", Limits.EventBytesMax + 1));
        await host.PostAsync("/v1/track", Sent.Message("stays-out", 3 * Limits.EventBytesMax));

        Answer replayed = await ReplayAsync("web", "event_too_large");

        ((int)replayed.Json["replayed"]!).ShouldBe(0, replayed.Text);
        (await host.Api.ProfileAsync("userId", "stays-out")).ShouldBeNull();
    }

    [Fact]
    public async Task The_list_is_filtered_by_stream_code_and_time_and_comes_in_pages()
    {
        const string stream = "paged";
        await host.DefineAsync(stream, Definition(Iso));
        for (int i = 0; i < 5; i++)
        {
            await host.PostAsync(
                $"/v1/streams/{stream}",
                $$"""{"id":"paged-{{i}}","since":"not at all"}"""
            );
        }

        await host.PostAsync($"/v1/streams/{stream}", """{"since":"2026-01-01"}""");
        IReadOnlyList<JsonNode> all = await host.QuarantineAsync(stream);
        all.Count.ShouldBe(6);
        (await host.QuarantineAsync(stream, "&code=bad_time")).Count.ShouldBe(5);
        (await host.QuarantineAsync(stream, "&code=no_such_code")).ShouldBeEmpty();
        string third = Uri.EscapeDataString((string)all[2]["at"]!);
        (await host.QuarantineAsync(stream, $"&from={third}")).Count.ShouldBe(4);
        (await host.QuarantineAsync(stream, $"&to={third}")).Count.ShouldBe(2);

        List<long> ids = [];
        string? cursor = null;
        int pages = 0;
        do
        {
            Answer page = await host.GetAsync($"/v1/quarantine?stream={stream}&limit=2{cursor}");
            ids.AddRange(page.Json["data"]!.AsArray().Select(item => (long)item!["id"]!));
            string? next = (string?)page.Json["cursor"];
            cursor = next is null ? null : "&cursor=" + next;
            pages++;
        } while (cursor is not null && pages < 10);
        ids.ShouldBe(all.Select(item => (long)item["id"]!));
    }

    [Theory]
    [InlineData("limit=0", "bad_limit")]
    [InlineData("limit=1001", "bad_limit")]
    [InlineData("cursor=!", "bad_cursor")]
    [InlineData("cursor=bm8", "bad_cursor")]
    [InlineData("stream=%00", "bad_filter")]
    [InlineData("code=a%00", "bad_filter")]
    public async Task A_question_that_makes_no_sense_is_refused(string query, string code) =>
        (await host.GetAsync("/v1/quarantine?" + query)).ShouldBeProblem(400, code);

    [Theory]
    [InlineData("""{"limit":0}""", "bad_limit")]
    [InlineData("""{"limit":1001}""", "bad_limit")]
    [InlineData("""{"stream":"\u0000"}""", "bad_filter")]
    [InlineData("""{"ids":"all"}""", "malformed")]
    public async Task A_replay_that_makes_no_sense_is_refused(string body, string code) =>
        (await host.PostAsync("/v1/quarantine/replay", body)).ShouldBeProblem(400, code);

    /// <summary>People with a day, in a format, and a level.</summary>
    private static string Definition(string format) =>
        $$"""
            source: replays
            fields:
              id: text
              since: { type: date, format: {{format}} }
              level: text
            object: Individual
            subject: { object: person, id: id, of: individual }
            identifiers: [{ type: userId, field: id, verified: true }]
            traits: { since: since, level: level }
            kind: updated
            """;

    private static void ShouldHaveReplayed(Answer answer, int replayed, params string[] refused)
    {
        answer.Status.ShouldBe(200, answer.Text);
        ((int)answer.Json["replayed"]!).ShouldBe(replayed, answer.Text);
        answer.Json["stillRefused"]!
            .AsArray()
            .Select(item => (string)item!["code"]!)
            .ShouldBe(refused);
    }

    private static void ShouldHaveResubmitted(Answer answer)
    {
        ShouldHaveReplayed(answer, 0);
        ((int)answer.Json["resubmitted"]!).ShouldBe(1, answer.Text);
    }

    /// <summary>Waits for the one refused event of a stream, another than the former.</summary>
    private async Task<string> RefusedEventAsync(string stream, string former)
    {
        string id = "";
        await Eventually.BeAsync(
            async () =>
                (await host.QuarantineAsync(stream)) is [var item]
                && (id = (string)item["payload"]!["EventId"]!) != former,
            "an event is refused",
            () => id
        );
        return id;
    }

    private Task<Answer> ReplayAsync(string stream, string? code = null) =>
        host.PostAsync("/v1/quarantine/replay", JsonSerializer.Serialize(new { stream, code }));

    private Task<Answer> SendCloudAsync(string stream, string cloud) =>
        host.PostAsync(
            $"/v1/cloudevents?stream={stream}",
            cloud,
            mediaType: "application/cloudevents+json"
        );
}
