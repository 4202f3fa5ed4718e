using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>A record as contender B's function takes it: read and checked once, in the producer's process.</summary>
internal sealed class SetBasedRow
{
    private static readonly string[] ContactTraits =
    [
        "FirstName",
        "LastName",
        "Email",
        "Title",
        "Department",
        "LeadSource",
        "MailingCity",
        "MailingCountry",
    ];

    private static readonly string[] AccountTraits =
    [
        "Name",
        "Industry",
        "Type",
        "Website",
        "NumberOfEmployees",
        "BillingCity",
        "BillingCountry",
    ];

    private static readonly string[] CaseFields =
    [
        "CaseNumber",
        "Status",
        "Subject",
        "Type",
        "Priority",
        "Origin",
        "Resolution_Code__c",
        "ClosedDate",
    ];

    private static readonly JsonWriterOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private SetBasedRow(EventLine line) => Line = line;

    public EventLine Line { get; }

    public Guid Key { get; private set; }

    public short Kind { get; private set; }

    public string? Subject { get; private set; }

    public string? Other { get; private set; }

    public string? Email { get; private set; }

    public long At { get; private set; }

    public string? Detail { get; private set; }

    public string? Recent { get; private set; }

    public string? Record { get; private set; }

    public decimal? Total { get; private set; }

    public string? Currency { get; private set; }

    public bool? Closed { get; private set; }

    public string? Account { get; private set; }

    /// <summary>Why the record is refused; null when it is taken.</summary>
    public string? Refused { get; private set; }

    /// <summary>Reads a record.</summary>
    public static SetBasedRow Read(EventLine line)
    {
        SetBasedRow row = new(line);
        using var document = JsonDocument.Parse(line.Json);
        JsonElement record = document.RootElement;
        switch (line.Stream)
        {
            case 0:
                row.ReadWeb(record);
                break;
            case 1:
                row.ReadContact(record);
                break;
            case 2:
                row.ReadAccount(record);
                break;
            default:
                row.ReadCase(record);
                break;
        }

        return row;
    }

    private static string? Text(JsonElement record, string name) =>
        record.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static long Milliseconds(JsonElement record, string name) =>
        record.GetProperty(name).GetDateTimeOffset().ToUnixTimeMilliseconds();

    private void ReadWeb(JsonElement record)
    {
        string? user = Text(record, "userId");
        string? browser = Text(record, "anonymousId");
        string id = Text(record, "messageId")!;
        Key = SetBasedTarget.KeyOf(Line.Stream, Encoding.UTF8.GetBytes(id));
        if (user is null && browser is null)
        {
            Refused = "no_subject";
            return;
        }

        Subject = user is null ? "a:" + browser : "u:" + user;
        Other = user is null || browser is null ? null : "a:" + browser;
        At = Milliseconds(record, "timestamp");
        string? name = Text(record, "event");
        switch (Text(record, "type"))
        {
            case "identify":
                Kind = 2;
                JsonElement traits = record.GetProperty("traits");
                Email = Text(traits, "email");
                Detail = Stamped(traits, names: null);
                break;
            case "track" when name == "Order Completed":
                ReadOrder(record.GetProperty("properties"), id);
                break;
            default:
                Kind = 3;
                Recent = RecentOf(name ?? "page", id, record);
                break;
        }
    }

    private void ReadOrder(JsonElement order, string id)
    {
        Kind = 4;
        if (!order.GetProperty("total").TryGetDecimalValue(out decimal total))
        {
            Refused = "wrong_type";
            return;
        }

        Total = total;
        Record = Text(order, "order_id");
        Currency = Text(order, "currency");
        Detail = order.GetRawText();
        Recent = RecentOf("SalesOrder created", id, default);
    }

    private void ReadContact(JsonElement record)
    {
        Kind = 0;
        Key = SetBasedTarget.KeyOf(Line.Stream, Line.Json.Span);
        Subject = "c:" + Text(record, "Id");
        Email = Text(record, "Email");
        Account = Text(record, "AccountId");
        At = Milliseconds(record, "SystemModstamp");
        Detail = Stamped(record, ContactTraits);
    }

    private void ReadAccount(JsonElement record)
    {
        Kind = 1;
        Key = SetBasedTarget.KeyOf(Line.Stream, Line.Json.Span);
        Subject = Text(record, "Id");
        At = Milliseconds(record, "SystemModstamp");
        Detail = Stamped(record, AccountTraits);
    }

    private void ReadCase(JsonElement record)
    {
        Kind = 5;
        Key = SetBasedTarget.KeyOf(Line.Stream, Line.Json.Span);
        Subject = "c:" + Text(record, "ContactId");
        Record = Text(record, "Id");
        Closed = record.GetProperty("IsClosed").GetBoolean();
        At = Milliseconds(record, "SystemModstamp");
        Detail = Write(json =>
        {
            foreach (string name in CaseFields)
            {
                if (record.TryGetProperty(name, out JsonElement value))
                {
                    json.WritePropertyName(name);
                    value.WriteTo(json);
                }
            }
        });
        Recent = RecentOf(Closed == true ? "Case closed" : "Case created", Record!, default);
    }

    /// <summary>Traits as <c>name: [value, time]</c>.</summary>
    private string Stamped(JsonElement record, string[]? names) =>
        Write(json =>
        {
            foreach (JsonProperty trait in record.EnumerateObject())
            {
                if (names is null || names.Contains(trait.Name))
                {
                    json.WriteStartArray(trait.Name);
                    trait.Value.WriteTo(json);
                    json.WriteNumberValue(At);
                    json.WriteEndArray();
                }
            }
        });

    private string RecentOf(string name, string id, JsonElement record) =>
        At.ToString("D13", CultureInfo.InvariantCulture)
        + Write(json =>
        {
            json.WriteString("name", name);
            json.WriteString("id", id);
            if (record.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            JsonElement page = record.TryGetProperty("context", out JsonElement context)
                ? context.GetProperty("page")
                : default;
            foreach (string field in (string[])["url", "path", "title"])
            {
                if (page.ValueKind == JsonValueKind.Object)
                {
                    json.WriteString(field, Text(page, field));
                }
            }

            if (record.TryGetProperty("properties", out JsonElement properties))
            {
                json.WriteString("product", Text(properties, "product_id"));
                json.WriteString("category", Text(properties, "category"));
            }
        });

    private static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer, Compact);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

/// <summary>Reading of numbers.</summary>
internal static class JsonNumbers
{
    /// <summary>The value, if it is a number at all.</summary>
    public static bool TryGetDecimalValue(this JsonElement element, out decimal value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetDecimal(out value);
    }
}
