using System.Text;
using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What a record may hold: at the limit it is taken, one past it refused with the limit's code.</summary>
public sealed class AdmissionLimitTests
{
    private static readonly DateTimeOffset ReceivedAt = Some.Noon;

    private static readonly DataStream Notes = Compile(
        """
        source: crm
        fields:
          id: text
          record: text
          event: text
          loyalty: text
          note: text
          any: json
          amount: number
          at: timestamp
        object: Note
        recordId: record
        eventId: event
        subject: { object: person, id: id }
        identifiers: [{ type: loyaltyId, field: loyalty }]
        record: { note: note, any: any, amount: amount }
        occurredAt: at
        """
    );

    private static readonly DataStream Orders = Compile(
        """
        source: shop
        fields: { id: text }
        object: SalesOrder
        recordId: id
        subject: { object: customer, id: id }
        lines: { from: lines, id: sku, amount: amount }
        """
    );

    [Fact]
    public void Bytes_of_an_event() =>
        ShouldEndAt(Limits.EventBytesMax, ReasonCodes.EventTooLarge, bytes => Json(Padded(bytes)));

    [Fact]
    public void Bytes_of_a_row() =>
        ShouldEndAt(
            Limits.EventBytesMax,
            ReasonCodes.EventTooLarge,
            bytes => Row(["1", "r", new string('é', (bytes - 2) / 2) + new string('x', bytes % 2)])
        );

    [Fact]
    public void Columns_of_a_row() =>
        ShouldEndAt(
            Limits.ColumnsMax,
            ReasonCodes.Malformed,
            columns => Row(["1", "r", .. Enumerable.Repeat("x", columns - 2)])
        );

    [Fact]
    public void Nesting_of_a_record() =>
        ShouldEndAt(
            Limits.JsonDepthMax,
            ReasonCodes.TooDeep,
            depth => Json($$"""{"id":"1","record":"r","any":{{Nested(depth - 1)}}}""")
        );

    [Fact]
    public void Nesting_of_JSON_in_a_column() =>
        ShouldEndAt(
            Limits.JsonDepthMax,
            ReasonCodes.WrongType,
            depth => Notes.Admit(["id", "record", "any"], ["1", "r", Nested(depth)], ReceivedAt)
        );

    [Fact]
    public void Characters_of_an_event_id() =>
        ShouldEndAt(Limits.EventIdMax, ReasonCodes.LimitExceeded, n => Note("event", Text(n)));

    [Fact]
    public void Characters_of_an_event_id_that_the_protocol_gives() =>
        ShouldEndAt(
            Limits.EventIdMax,
            ReasonCodes.LimitExceeded,
            n => Json("""{"id":"1","record":"r"}""", new Envelope(EventId: Text(n)))
        );

    [Fact]
    public void Characters_of_a_record_id() =>
        ShouldEndAt(Limits.RecordIdMax, ReasonCodes.LimitExceeded, n => Note("record", Text(n)));

    [Fact]
    public void Characters_of_a_link_s_key() =>
        ShouldEndAt(
            Limits.LinkKeyMax,
            ReasonCodes.LimitExceeded,
            n => Note("id", Text(n - "crm/person/".Length))
        );

    [Fact]
    public void Characters_of_an_identifier() =>
        ShouldEndAt(Limits.IdentifierMax, ReasonCodes.LimitExceeded, n => Note("loyalty", Text(n)));

    [Fact]
    public void Characters_of_a_text() =>
        ShouldEndAt(Limits.FieldTextMax, ReasonCodes.LimitExceeded, n => Note("note", Text(n)));

    [Fact]
    public void Characters_of_nested_JSON() =>
        ShouldEndAt(
            Limits.FieldTextMax,
            ReasonCodes.LimitExceeded,
            n => Note("any", new[] { Text(n - """[""]""".Length) })
        );

    [Fact]
    public void Digits_of_a_number() =>
        ShouldEndAt(Numbers.DigitsMax, ReasonCodes.WrongType, n => Note("amount", Digits(n)));

    [Fact]
    public void Characters_of_a_number() =>
        ShouldEndAt(
            ValueReader.NumberCharactersMax,
            ReasonCodes.WrongType,
            n => Note("amount", "1.".PadRight(n, '0'))
        );

    [Fact]
    public void Characters_of_a_number_that_is_no_text() =>
        ShouldEndAt(
            ValueReader.NumberCharactersMax,
            ReasonCodes.WrongType,
            n => Json($$"""{"id":"1","record":"r","amount":{{"1.".PadRight(n, '0')}}}""")
        );

    [Fact]
    public void An_event_may_be_a_day_ahead_and_not_a_tick_more()
    {
        DateTimeOffset latest = ReceivedAt + Limits.FutureMax;

        Note("at", Rfc3339.Format(latest)).ShouldBeOfType<Admission.Accepted>();
        CodeOf(Note("at", Rfc3339.Format(latest.AddTicks(1)))).ShouldBe(ReasonCodes.FutureTime);
    }

    [Fact]
    public void Lines_of_an_order() =>
        ShouldEndAt(
            Limits.OrderLinesMax,
            ReasonCodes.LimitExceeded,
            n => Order(Enumerable.Range(0, n).Select(i => $"l{i}"))
        );

    [Fact]
    public void Characters_of_a_line_s_id() =>
        ShouldEndAt(Limits.RecordIdMax, ReasonCodes.LimitExceeded, n => Order([Text(n)]));

    [Fact]
    public void Characters_of_a_line_s_id_that_is_numbered_because_others_have_it()
    {
        int max = Limits.RecordIdMax - "#10".Length;

        ShouldEndAt(max, ReasonCodes.LimitExceeded, n => Order(Enumerable.Repeat(Text(n), 10)));

        Order(Enumerable.Repeat(Text(max), 10))
            .ShouldBeOfType<Admission.Accepted>()
            .Event.Lines.Select(line => line.Id)
            .ShouldBe([Text(max), .. Enumerable.Range(2, 9).Select(i => $"{Text(max)}#{i}")]);
        Order(["short", .. Enumerable.Repeat(Text(max + 1), 10)])
            .ShouldBeOfType<Admission.Refused>()
            .Pointer.ShouldBe("/lines/10/sku");
    }

    [Fact]
    public void A_link_s_key_is_read_back_up_to_the_limit()
    {
        string longest = "crm/person/".PadRight(Limits.LinkKeyMax, 'x');

        LinkKey.TryParse(longest, out LinkKey key).ShouldBeTrue();
        key.ToString().ShouldBe(longest);
        LinkKey.TryParse(longest + "x", out _).ShouldBeFalse();
    }

    private static void ShouldEndAt(int max, string code, Func<int, Admission> admit)
    {
        admit(max).ShouldBeOfType<Admission.Accepted>();
        CodeOf(admit(max + 1)).ShouldBe(code);
    }

    private static string CodeOf(Admission admission) =>
        admission.ShouldBeOfType<Admission.Refused>().Code;

    private static Admission Note(string field, object value) =>
        Json(
            JsonSerializer.Serialize(
                new Dictionary<string, object>
                {
                    ["id"] = "1",
                    ["record"] = "r",
                    [field] = value,
                }
            )
        );

    private static Admission Order(IEnumerable<string> lines)
    {
        string items = string.Join(',', lines.Select(id => $$"""{"sku":"{{id}}","amount":1}"""));
        return Json($$"""{"id":"1","lines":[{{items}}]}""", stream: Orders);
    }

    private static Admission Json(
        string json,
        Envelope envelope = default,
        DataStream? stream = null
    )
    {
        using JsonDocument document = JsonDocument.Parse(
            json,
            new JsonDocumentOptions { MaxDepth = 100 }
        );
        return (stream ?? Notes).Admit(document.RootElement, ReceivedAt, envelope);
    }

    /// <summary>A row with columns nobody declared, which count for its size all the same.</summary>
    private static Admission Row(string[] values) =>
        Notes.Admit(
            ["id", "record", .. Enumerable.Range(2, values.Length - 2).Select(i => $"c{i}")],
            values,
            ReceivedAt
        );

    private static string Padded(int bytes)
    {
        const string json = """{"id":"1","record":"r","unknown":"?"}""";
        string pad = new('x', bytes - Encoding.UTF8.GetByteCount(json) + 1);
        return json.Replace("?", pad, StringComparison.Ordinal);
    }

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    private static string Text(int length) => new('x', length);

    private static string Digits(int count) => new('7', count);

    private static DataStream Compile(string definition)
    {
        (DataStream? stream, var errors) = DataStream.Compile("notes", definition);
        errors.ShouldBeEmpty();
        return stream!;
    }
}
