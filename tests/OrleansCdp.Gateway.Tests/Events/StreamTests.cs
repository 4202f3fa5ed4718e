using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Records of a data stream in every shape they may come in.</summary>
[Collection(GatewayCollection.Name)]
public sealed class StreamTests(GatewayHost host)
{
    private const string Tries = "/v1/streams/web?dryRun=true";
    private const string One = """{"type":"track","event":"e","userId":"s-1"}""";
    private const string Two = """{"type":"track","event":"e","userId":"s-2"}""";

    [Theory]
    [InlineData("application/json", One, 1)]
    [InlineData("application/json", $"[{One},{Two}]", 2)]
    [InlineData("application/json", $$"""{"data":[{{One}},{{Two}}]}""", 2)]
    [InlineData("application/json; charset=utf-8", $"[{One}]", 1)]
    [InlineData("application/json", "[]", 0)]
    [InlineData("application/json", $"\uFEFF[{One},{Two}]", 2)]
    [InlineData("application/x-ndjson", $"{One}\n{Two}\n", 2)]
    [InlineData("application/x-ndjson", $"\uFEFF{One}\r\n\r\n  {Two}", 2)]
    [InlineData("application/ndjson", One, 1)]
    [InlineData("application/x-ndjson", "", 0)]
    [InlineData("text/csv", "type,event,userId\ntrack,e,s-1\ntrack,e,s-2\n", 2)]
    [InlineData("text/csv; charset=utf-8", "type,event,userId\r\ntrack,e,s-1\r\n", 1)]
    [InlineData("text/csv", "\uFEFFtype,event,userId\ntrack,e,s-1", 1)]
    [InlineData("text/csv", "type;event;userId\ntrack;e;s-1\n", 1)]
    [InlineData("text/csv", "type\tevent\tuserId\ntrack\te\ts-1\n", 1)]
    [InlineData("text/csv", "type,event,userId\n\ntrack,e,s-1\n\n", 1)]
    [InlineData("text/csv", "type,event,userId\n", 0)]
    [InlineData("text/csv", "userId,type,event\n#1,track,e\n#2,track,e\n", 2)]
    [InlineData("text/csv", "type,event,userId\ntrack,5\" disc,s-1\ntrack,e\"f,s-2\n", 2)]
    [InlineData("text/csv", "type,event,userId\rtrack,e,s-1\rtrack,e,s-2\r", 2)]
    public async Task Every_shape_of_a_body_is_read(string mediaType, string body, int accepted)
    {
        Answer answer = await host.PostAsync(Tries, body, mediaType: mediaType);

        answer.Status.ShouldBe(202, answer.Text);
        ((int)answer.Json["accepted"]!).ShouldBe(accepted, answer.Text);
        answer.Json["quarantined"]!.AsArray().ShouldBeEmpty(answer.Text);
    }

    [Fact]
    public async Task Quoted_values_hold_separators_quotes_and_line_breaks()
    {
        string file =
            "type,event,userId,properties.title\n"
            + "track,\"Said, \"\"hi\"\"\",s-quoted,\"two\nlines\"\n";

        Answer answer = await host.PostAsync("/v1/streams/web", file, mediaType: "text/csv");

        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        await host.ProfileAsync("userId", "s-quoted");
        Answer context = await host.GetAsync("/v1/context/userId/s-quoted");
        JsonNode done = context.Json["interactions"]![0]!;
        ((string)done["name"]!).ShouldBe("Said, \"hi\"");
        ((string)done["fields"]!["title"]!).ShouldBe("two\nlines");
    }

    [Fact]
    public async Task A_row_with_more_values_than_the_header_is_refused_and_a_shorter_one_is_not()
    {
        string file =
            "type,event,userId,properties.title\n"
            + "track,e,s-rows\n"
            + "track,e,s-rows,title,too much\n"
            + "track,e,s-rows,title\n";

        Answer answer = await host.PostAsync(Tries, file, mediaType: "text/csv");

        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
        JsonNode refusal = answer.Json["quarantined"]!.AsArray().ShouldHaveSingleItem()!;
        ((int)refusal["index"]!).ShouldBe(1);
        ((string)refusal["code"]!).ShouldBe("malformed");
    }

    [Theory]
    [InlineData("")]
    [InlineData("type,event,userId\ntrack,e,s-unquoted-1\ntrack,\"e,s-unquoted-2\ntrack,e,s")]
    public async Task A_file_that_is_none_is_refused_and_nothing_of_it_stored(string file)
    {
        Answer answer = await host.PostAsync("/v1/streams/web", file, mediaType: "text/csv");

        answer.ShouldBeProblem(400, "malformed");
        await host.Api.DrainAsync();
        (await host.Api.ProfileAsync("userId", "s-unquoted-1")).ShouldBeNull();
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task A_file_in_UTF16_is_refused_and_told_why(string encoding)
    {
        Encoding utf16 = Encoding.GetEncoding(encoding);
        byte[] file = [.. utf16.Preamble, .. utf16.GetBytes("type,event,userId\ntrack,e,s\n")];

        Answer answer = await host.PostAsync(Tries, file, "text/csv");

        answer.ShouldBeProblem(400, "malformed");
        ((string)answer.Json["detail"]!).ShouldContain("UTF-16");
    }

    [Fact]
    public async Task A_row_that_is_not_UTF8_is_refused_alone()
    {
        byte[] file = [.. "type,event,userId\ntrack,e,"u8, 0xe9, .. "\ntrack,e,s-utf8\n"u8];
        string fine = "type,event,userId\ntrack,\uFFFD,s-utf8\n";

        Answer answer = await host.PostAsync(Tries, file, "text/csv");
        Answer replacement = await host.PostAsync(Tries, fine, mediaType: "text/csv");

        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        ((string)answer.Json["quarantined"]![0]!["code"]!).ShouldBe("malformed");
        ((int)replacement.Json["accepted"]!).ShouldBe(1, replacement.Text);
    }

    [Fact]
    public async Task A_dry_run_tells_stores_nothing_and_counts_nothing()
    {
        const string stream = "dry";
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        string body =
            $"{One.Replace("s-1", "s-dry", StringComparison.Ordinal)}\n"
            + """{"type":"track","event":"e"}""";

        Answer dry = await host.PostAsync(
            $"/v1/streams/{stream}?dryRun=true",
            body,
            mediaType: "application/x-ndjson"
        );

        dry.Status.ShouldBe(202);
        dry.Json["receipt"].ShouldBeNull();
        ((int)dry.Json["accepted"]!).ShouldBe(1);
        ((string)dry.Json["quarantined"]![0]!["code"]!).ShouldBe("no_subject");
        ((int)dry.Json["quarantined"]![0]!["index"]!).ShouldBe(1);

        // One record for good: once it is counted, whatever the dry run might have counted is, too.
        await host.PostAsync($"/v1/streams/{stream}", One);
        Counts counts = await host.CountsAsync(stream, received: 1);
        counts[stream, "quarantined"].ShouldBe(0);
        (await host.QuarantineAsync(stream)).ShouldBeEmpty();
        (await host.Api.ProfileAsync("userId", "s-dry")).ShouldBeNull();
    }

    [Fact]
    public async Task A_long_body_is_taken_slice_by_slice_with_indexes_of_the_whole()
    {
        StringBuilder body = new();
        for (int i = 0; i < 5_001; i++)
        {
            body.Append(
                i == 5_000
                    ? """{"type":"track"}"""
                    : $$"""{"type":"track","event":"e","userId":"s-long","messageId":"s-long-{{i}}"}"""
            );
            body.Append('\n');
        }

        Answer answer = await host.PostAsync(
            "/v1/streams/web",
            body.ToString(),
            mediaType: "application/x-ndjson"
        );

        ((int)answer.Json["accepted"]!).ShouldBe(5_000);
        ((int)answer.Json["quarantined"]![0]!["index"]!).ShouldBe(5_000);
        await host.Api.DrainAsync();
        JsonNode profile = await host.ProfileAsync("userId", "s-long");
        ((long)profile["insights"]!["engagementCount"]!).ShouldBe(5_000);
    }
}
