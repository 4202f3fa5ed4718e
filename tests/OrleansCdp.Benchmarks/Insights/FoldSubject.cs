using System.Collections.Frozen;
using System.Text.Json;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>
/// A typical individual: a contact, a signed-in user and a browser; 10 orders of three lines, 5 cases, each with a link of its
/// own, and 200 engagements. Made of records as the shipped data streams admit them.
/// </summary>
internal sealed class FoldSubject
{
    private const int Orders = 10;
    private const int Cases = 5;
    private const int Engagements = 200;
    private const long LaterThanAll = 1_000_000;

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private static readonly string[] Words = ["start", "pricing", "search", "cart", "news"];

    /// <summary>The shipped data streams by their names.</summary>
    public static FrozenDictionary<string, DataStream> Streams { get; } =
        ShippedDefinitions.All.ToFrozenDictionary(
            text => text.Key,
            text => DataStream.Compile(text.Key, text.Value).Stream!
        );

    /// <summary>The shipped insights, compiled against the shipped data streams.</summary>
    public static InsightSet Shipped { get; } =
        new(
            [
                .. ShippedInsights
                    .All.OrderBy(text => text.Key, StringComparer.Ordinal)
                    .Select(
                        (text, i) => new ActiveInsight(Compile(text.Key, text.Value), 1, i + 1)
                    ),
            ],
            ShippedInsights.All.Count
        );

    private readonly Dictionary<LinkKey, long> sequences = [];
    private readonly InsightSet insights;
    private int number;

    /// <summary>Makes one.</summary>
    /// <param name="insights">The insights that are computed.</param>
    public FoldSubject(InsightSet insights)
    {
        this.insights = insights;
        State = new UnifiedIndividual { Id = "ind_typical" };
        Take("salesforce-contact", Contact());
        for (int i = 0; i < Engagements; i++)
        {
            bool isSignedIn = i % 4 != 0;
            Take("web", i % 4 == 3 ? ProductView() : PageView(isSignedIn));
            if (i % (Engagements / Orders) == 0)
            {
                Take("web", Order($"o{i}", 10 + i));
            }

            if (i % (Engagements / Cases) == 0)
            {
                Take("salesforce-case", Case($"c{i}", isClosed: false));
                Take("salesforce-case", Case($"c{i}", isClosed: i > 0));
            }
        }
    }

    /// <summary>What is known.</summary>
    public UnifiedIndividual State { get; private set; }

    /// <summary>Two events of a kind, either of which may come next.</summary>
    public SequencedEvent[] Next(string what) =>
        [
            .. Enumerable
                .Range(1, 2)
                .Select(i => new SequencedEvent(
                    LaterThanAll,
                    what switch
                    {
                        "page view" => Read("web", PageView(isSignedIn: true)),
                        "product view" => Read("web", ProductView()),
                        "order of 3 lines" => Read("web", Order("next", 100 * i)),
                        "case closed" or "case opened or closed" => Read(
                            "salesforce-case",
                            Case("c0", isClosed: true)
                        ),
                        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "No event."),
                    }
                )),
        ];

    /// <summary>Takes events of a kind, one after the other; cases are opened and closed by turns.</summary>
    /// <returns>What is known before the first and after each, and when.</returns>
    public (UnifiedIndividual State, DateTimeOffset Now)[] Live(string what, int events)
    {
        var lived = new (UnifiedIndividual, DateTimeOffset)[events + 1];
        lived[0] = (State, Now);
        for (int i = 0; i < events; i++)
        {
            (string stream, string json) = what switch
            {
                "page view" => ("web", PageView(isSignedIn: true)),
                "product view" => ("web", ProductView()),
                "order of 3 lines" => ("web", Order($"next-{i}", 10 + (i % 30))),
                "case opened or closed" => (
                    "salesforce-case",
                    Case($"next-{i / 2}", isClosed: i % 2 == 1)
                ),
                _ => throw new ArgumentOutOfRangeException(nameof(what), what, "No event."),
            };
            Take(stream, json);
            lived[i + 1] = (State, Now);
        }

        return lived;
    }

    /// <summary>A ledger of what is known.</summary>
    public InsightLedger Ledger()
    {
        InsightLedger ledger = new(insights, SubjectKind.Individual);
        ledger.Become(State.Links);
        return ledger;
    }

    /// <summary>When the last event was.</summary>
    public DateTimeOffset Now => Start.AddHours(number);

    private static InsightDefinition Compile(string name, string text)
    {
        var (insight, errors) = InsightDefinition.Compile(
            name,
            text,
            [.. Streams.Values.SelectMany(stream => stream.DeclaredFields).Distinct()]
        );
        return insight ?? throw new InvalidDataException($"{name}: {errors[0].Message}");
    }

    private string Contact() =>
        $$"""
            {"Id":"003A","AccountId":"001A","FirstName":"Ada","LastName":"Lovelace",
             "Email":"ada@example.org","Title":"Countess","MailingCity":"London",{{Stamps()}}}
            """;

    private string Case(string id, bool isClosed) =>
        $$"""
            {"Id":"{{id}}","ContactId":"003A","Status":"{{(isClosed ? "Closed" : "New")}}",
             "IsClosed":{{(isClosed ? "true" : "false")}},"Subject":"It does not start any more",
             "Type":"Technical","Priority":"Medium","Origin":"Web",
             "Resolution_Code__c":{{(isClosed ? "\"Replaced\"" : "null")}},{{Stamps()}}}
            """;

    private string PageView(bool isSignedIn) =>
        $$"""
            {"type":"page","name":"{{Word()}}",{{Message(isSignedIn)}}}
            """;

    private string ProductView() =>
        $$"""
            {"type":"track","event":"Product Viewed","properties":{"product_id":"p{{number}}",
             "name":"Product number {{number}}","category":"{{Word()}}","quantity":1},{{Message()}}}
            """;

    private string Order(string id, int total) =>
        $$"""
            {"type":"track","event":"Order Completed","properties":{"order_id":"{{id}}",
             "total":{{total}},"currency":"EUR","products":[{{Product(0)}},{{Product(1)}},{{Product(
                2
            )}}]},
             {{Message()}}}
            """;

    private string Product(int i) =>
        $$"""
            {"product_id":"p{{number + i}}","category":"{{Words[(number + i) % Words.Length]}}",
             "quantity":1,"price":{{i + 1}}.50}
            """;

    private string Message(bool isSignedIn = true) =>
        $$"""
            "messageId":"m{{++number}}","anonymousId":"browser",
            {{(isSignedIn ? "\"userId\":\"ada\"," : "")}}"timestamp":"{{Rfc3339.Format(Now)}}",
            "context":{"locale":"en-GB","page":{"path":"/{{Word()}}/{{number}}",
             "url":"https://shop.example.org/{{Word()}}/{{number}}","title":"{{Word()}}"} }
            """;

    private string Stamps()
    {
        number++;
        return $"\"SystemModstamp\":\"{Rfc3339.Format(Now)}\"";
    }

    private string Word() => Words[number % Words.Length];

    private void Take(string stream, string json)
    {
        LinkEvent e = Read(stream, json);
        long sequence = sequences[e.Link] = sequences.GetValueOrDefault(e.Link) + 1;
        State = State.Apply([new SequencedEvent(sequence, e)], insights).Next;
    }

    private LinkEvent Read(string stream, string json)
    {
        using var record = JsonDocument.Parse(json);
        return Streams[stream].Admit(record.RootElement, Now) is Admission.Accepted accepted
            ? accepted.Event
            : throw new InvalidDataException($"The stream {stream} does not take {json}");
    }
}
