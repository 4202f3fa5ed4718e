using System.Text;
using System.Text.Json;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>How bodies are taken apart, without a host.</summary>
public sealed class RecordReaderTests
{
    private const string One = """{"type":"page","userId":"1"}""";
    private const string Bad = """{"type":"page"}""";

    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DataStream Web = DataStream
        .Compile("web", ShippedDefinitions.All["web"])
        .Stream!;

    [Fact]
    public void A_line_that_is_no_record_is_kept_as_it_came_and_the_others_are_read()
    {
        IntakeItem[] items =
        [
            .. RecordReader.Lines(BytesOf($"{One}\n oops \r\n\n{Bad}\n{One}"), Web, Noon),
        ];

        items.Select(CodeOf).ShouldBe([null, "malformed", "no_subject", null]);
        TextOf(items[0]).ShouldBeEmpty();
        TextOf(items[1]).ShouldBe("oops");
        TextOf(items[2]).ShouldBe(Bad);
    }

    [Fact]
    public void An_object_is_one_record_and_an_array_is_many_also_as_data()
    {
        RecordReader.Json(BytesOf(One), Web, Noon).Count().ShouldBe(1);
        RecordReader.Json(BytesOf($"[{One},{Bad}]"), Web, Noon).Count().ShouldBe(2);
        RecordReader.Json(BytesOf($$"""{"data":[{{One}}]}"""), Web, Noon).Count().ShouldBe(1);
        RecordReader.Json(BytesOf("""{"data":1}"""), Web, Noon).Count().ShouldBe(1);
        RecordReader.Json(BytesOf("""{"\ud800":1}"""), Web, Noon).Count().ShouldBe(1);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[1]]")]
    public void A_body_that_is_not_JSON_is_a_problem(string body) =>
        Should
            .Throw<ProblemException>(() => RecordReader.Json(BytesOf(body), Web, Noon).ToArray())
            .Problem.Code.ShouldBe("malformed");

    [Fact]
    public void Quarantine_keeps_the_beginning_of_what_is_larger_than_it_keeps()
    {
        string large = Sent.Message("1", IQuarantineGrain.PayloadBytesMax + 1);
        string less = Sent.Message("1", IQuarantineGrain.PayloadBytesMax);

        IntakeItem[] items = [.. RecordReader.Lines(BytesOf($"{less}\n{large}"), Web, Noon)];

        items.Select(CodeOf).ShouldBe(["event_too_large", "event_too_large"]);
        items.Select(item => item.Incomplete).ShouldBe([false, true]);
        TextOf(items[0]).ShouldBe(less);
        TextOf(items[1]).ShouldBe(large[..IQuarantineGrain.PayloadBytesMax]);
    }

    [Fact]
    public void A_row_is_kept_as_the_JSON_that_a_replay_reads()
    {
        IntakeItem row = CsvReader
            .Rows(BytesOf("type,event,name\npage,,\"a \"\"b\"\"\"\n"), Web, Noon)
            .Single();

        CodeOf(row).ShouldBe("no_subject");
        TextOf(row).ShouldBe(JsonSerializer.Serialize(new { type = "page", name = "a \"b\"" }));
    }

    [Fact]
    public void What_a_batch_adds_to_a_message_leaves_every_byte_of_it_alone()
    {
        const string message =
            """{"event":"\u00e9é\ud800","type":"track","context":{"a":1},"writeKey":"k"}""";
        const string batch = """{"sentAt":"now","context":{"a":0,"b":"\ud801"},"batch":[]}""";

        ReadOnlyMemory<byte> single = TrackingMerge.Of(ElementOf(message), "page", default);
        ReadOnlyMemory<byte> many = TrackingMerge.Of(ElementOf(message), null, ElementOf(batch));

        Encoding
            .UTF8.GetString(single.Span)
            .ShouldBe("""{"event":"\u00e9é\ud800","type":"page","context":{"a":1}}""");
        Encoding
            .UTF8.GetString(many.Span)
            .ShouldBe(
                """{"event":"\u00e9é\ud800","type":"track","sentAt":"now","context":{"b":"\ud801","a":1}}"""
            );
        TrackingMerge.IsNeeded(ElementOf(message), null, ElementOf("{}")).ShouldBeFalse();
    }

    private static ReadOnlyMemory<byte> BytesOf(string text) => Encoding.UTF8.GetBytes(text);

    private static JsonElement ElementOf(string json) => JsonDocument.Parse(json).RootElement;

    private static string TextOf(IntakeItem item) => Encoding.UTF8.GetString(item.Payload.Span);

    private static string? CodeOf(IntakeItem item) => (item.Admission as Admission.Refused)?.Code;
}
