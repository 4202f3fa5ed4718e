using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>Writes events of the workload as the records that the shipped data streams take.</summary>
internal sealed class RecordWriter : IDisposable
{
    /// <summary>Streams, by the number that the event file gives them.</summary>
    public static readonly string[] Streams =
    [
        "web",
        "salesforce-contact",
        "salesforce-account",
        "salesforce-case",
    ];

    private static readonly string[] Words =
    [
        "start",
        "pricing",
        "product",
        "support",
        "search",
        "cart",
        "account",
        "news",
    ];

    private readonly ArrayBufferWriter<byte> buffer = new(2048);
    private readonly Utf8JsonWriter json;

    /// <summary>Makes a writer.</summary>
    public RecordWriter() => json = new(buffer, new JsonWriterOptions { SkipValidation = true });

    /// <summary>The number of the stream that takes an event.</summary>
    public static byte StreamOf(WorkloadKind kind) =>
        kind switch
        {
            WorkloadKind.Contact => 1,
            WorkloadKind.Account => 2,
            WorkloadKind.CaseCreated or WorkloadKind.CaseClosed => 3,
            _ => 0,
        };

    /// <summary>The record of an event; valid until the next call.</summary>
    public ReadOnlySpan<byte> Write(in WorkloadEvent e)
    {
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        switch (StreamOf(e.Kind))
        {
            case 1:
                Contact(e);
                break;
            case 2:
                Account(e);
                break;
            case 3:
                Case(e);
                break;
            default:
                Web(e);
                break;
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    /// <inheritdoc/>
    public void Dispose() => json.Dispose();

    /// <summary>A person's user id.</summary>
    public static string UserOf(int person) => Text($"u{person:D7}");

    /// <summary>The anonymous id of one of a person's browsers.</summary>
    public static string BrowserOf(int person, int device) => Text($"a{person:D7}-{device}");

    /// <summary>The id of a message of the site.</summary>
    public static string MessageOf(long number) =>
        Text($"m-{number:D10}-{number * 2654435761 % 4294967296:x8}");

    /// <summary>A person's contact id.</summary>
    public static string ContactOf(int person) => Text($"003000000{person:D9}");

    private static string Text(FormattableString text) =>
        text.ToString(CultureInfo.InvariantCulture);

    private void Contact(in WorkloadEvent e)
    {
        json.WriteString("Id", ContactOf(e.Person));
        json.WriteString("AccountId", Text($"001000000{e.Person / 10:D9}"));
        json.WriteString("FirstName", Text($"First{e.Person % 997}"));
        json.WriteString("LastName", Text($"Last{e.Person}"));
        json.WriteString("Email", Text($"u{e.Person}@example.org"));
        json.WriteString("Title", Text($"Title {e.Number % 50}"));
        json.WriteString("Department", "Purchasing");
        json.WriteString("MailingCity", Text($"City {e.Number % 200}"));
        json.WriteString("MailingCountry", "DE");
        json.WriteString("LeadSource", "Web");
        Stamps(e);
    }

    private void Account(in WorkloadEvent e)
    {
        json.WriteString("Id", Text($"001000000{e.Person:D9}"));
        json.WriteString("Name", Text($"Company {e.Person}"));
        json.WriteString("Industry", "Manufacturing");
        json.WriteString("Type", "Customer");
        json.WriteString("Website", Text($"https://company-{e.Person}.example.org"));
        json.WriteNumber("NumberOfEmployees", 10 + (e.Number % 5000));
        json.WriteString("BillingCity", Text($"City {e.Person % 200}"));
        json.WriteString("BillingCountry", "DE");
        Stamps(e);
    }

    private void Case(in WorkloadEvent e)
    {
        bool closed = e.Kind == WorkloadKind.CaseClosed;
        json.WriteString("Id", Text($"500000000{e.Record:D9}"));
        json.WriteString("CaseNumber", Text($"{e.Record:D10}"));
        json.WriteString("ContactId", ContactOf(e.Person));
        json.WriteString("Status", closed ? "Closed" : "New");
        json.WriteBoolean("IsClosed", closed);
        json.WriteString("Subject", "The device does not start any more");
        json.WriteString("Type", "Technical");
        json.WriteString("Priority", "Medium");
        json.WriteString("Origin", "Web");
        if (closed)
        {
            json.WriteString("Resolution_Code__c", "Replaced");
            json.WriteString("ClosedDate", Time(e.At));
        }

        Stamps(e);
    }

    private void Stamps(in WorkloadEvent e)
    {
        json.WriteString("LastModifiedDate", Time(e.At));
        json.WriteString("SystemModstamp", Time(e.At));
    }

    private void Web(in WorkloadEvent e)
    {
        json.WriteString("type", TypeOf(e.Kind));
        json.WriteString("messageId", MessageOf(e.Number));
        if (e.Kind != WorkloadKind.NoSubject)
        {
            json.WriteString("anonymousId", BrowserOf(e.Person, e.Device));
            if (e.SignedIn)
            {
                json.WriteString("userId", UserOf(e.Person));
            }
        }

        json.WriteString("timestamp", Time(e.At));
        string page = Words[e.Record % Words.Length];
        string path = Text($"/{page}/{e.Record}");
        json.WriteStartObject("context");
        json.WriteString("locale", "de-DE");
        json.WriteStartObject("page");
        json.WriteString("path", path);
        json.WriteString("url", "https://shop.example.org" + path);
        json.WriteString("title", page);
        json.WriteEndObject();
        json.WriteEndObject();
        switch (e.Kind)
        {
            case WorkloadKind.Identify:
                Traits(e);
                break;
            case WorkloadKind.OrderCompleted or WorkloadKind.BadTotal:
                json.WriteString("event", "Order Completed");
                Order(e);
                break;
            case WorkloadKind.ProductViewed:
                Product(e, "Product Viewed", page);
                break;
            case WorkloadKind.AddToCart:
                Product(e, "Product Added", page);
                break;
            default:
                json.WriteString("name", page);
                break;
        }
    }

    private void Traits(in WorkloadEvent e)
    {
        json.WriteStartObject("traits");
        json.WriteString("email", Text($"u{e.Person}@example.org"));
        json.WriteString("firstName", Text($"First{e.Person % 997}"));
        json.WriteString("lastName", Text($"Last{e.Person}"));
        json.WriteString(
            "plan",
            (e.Number % 3) switch
            {
                0 => "free",
                1 => "team",
                _ => "business",
            }
        );
        json.WriteString("language", "de");
        json.WriteEndObject();
    }

    private void Product(in WorkloadEvent e, string name, string category)
    {
        json.WriteString("event", name);
        json.WriteStartObject("properties");
        json.WriteString("product_id", Text($"p{e.Record}"));
        json.WriteString("name", Text($"Product number {e.Record}"));
        json.WriteString("category", category);
        json.WriteNumber("quantity", 1);
        json.WriteEndObject();
    }

    private void Order(in WorkloadEvent e)
    {
        json.WriteStartObject("properties");
        json.WriteString("order_id", Text($"o{e.Record}"));
        if (e.Kind == WorkloadKind.BadTotal)
        {
            json.WriteString("total", "twelve");
        }
        else
        {
            json.WriteNumber("total", e.Cents / 100m);
        }

        json.WriteString("currency", e.Currency);
        json.WriteStartArray("products");
        for (int i = 0; i < 2; i++)
        {
            json.WriteStartObject();
            json.WriteString("product_id", Text($"p{(e.Number + i) % 5000}"));
            json.WriteString("category", Words[(e.Number + i) % Words.Length]);
            json.WriteNumber("quantity", 1);
            json.WriteNumber("price", e.Cents / 200m);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string TypeOf(WorkloadKind kind) =>
        kind switch
        {
            WorkloadKind.Identify => "identify",
            WorkloadKind.Page or WorkloadKind.NoSubject => "page",
            _ => "track",
        };

    private static string Time(DateTimeOffset at) =>
        at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
