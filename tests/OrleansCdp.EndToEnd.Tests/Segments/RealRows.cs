using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using Row = System.Collections.Generic.Dictionary<string, string>;

namespace OrleansCdp.Segments;

/// <summary>
/// Rows of public data sets as events of one company's streams, shipped ones where there are any. No set tells of purchases, visits
/// and service of the same people, so the n-th customer of each set is taken for the n-th person of the company, and each set is
/// moved by whole days such that they overlap. Within a set every row is as far from the next one as it was.
/// </summary>
internal sealed class RealRows
{
    /// <summary>When the first set begins.</summary>
    public static readonly DateTimeOffset Start = new(2017, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>People of the company. Of each set at most as many customers are taken, half of them those with the most rows.</summary>
    public const int People = 120;

    /// <summary>CDNOW's orders of 1997, twenty years later.</summary>
    private static readonly TimeSpan Purchases = TimeSpan.FromDays(7_305);

    /// <summary>The service desk's log of 2016 begins with 2018, so that it meets those whose year of buying ends.</summary>
    private static readonly TimeSpan Cases = TimeSpan.FromDays(670);

    /// <summary>Visits of January 2026 are in October.</summary>
    private static readonly TimeSpan Visits = TimeSpan.FromDays(-3_014);

    /// <summary>Later than every row: none is refused for its time.</summary>
    private static readonly DateTimeOffset Received = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Of so many opportunities one is taken.</summary>
    private const int EveryOpportunity = 8;

    /// <summary>
    /// The callers who had an incident closed, reopened and closed again within a month. Each had one, so the first person is both.
    /// </summary>
    private static readonly string[] Reopeners = ["Caller 5240", "Caller 1756"];

    /// <summary>What the grocer's departments are called where segments speak of them by another name.</summary>
    private static readonly Dictionary<string, string> Categories = new(StringComparer.Ordinal)
    {
        ["MEAT"] = "shoes",
    };

    private readonly Dictionary<string, DataStream> streams = new(StringComparer.Ordinal);
    private readonly List<RealEvent> events = [];
    private readonly Dictionary<int, string> users = [];
    private readonly RealContracts contracts = new();

    private RealRows()
    {
        foreach ((string name, string text) in ShippedDefinitions.All)
        {
            streams.Add(name, DataStream.Compile(name, text).Stream!);
        }

        foreach (string name in (string[])["cdnow", "completejourney", "incident-event-log"])
        {
            string path = Path.Combine(AppContext.BaseDirectory, "Definitions", $"{name}.yaml");
            streams.Add(name, DataStream.Compile(name, File.ReadAllText(path)).Stream!);
        }
    }

    /// <summary>What the streams declare.</summary>
    public IReadOnlyCollection<DeclaredField> Declared =>
        [.. streams.Values.SelectMany(stream => stream.DeclaredFields).Distinct()];

    /// <summary>The events, the earliest first; of equal ones as they are in the files.</summary>
    public IReadOnlyList<RealEvent> Events { get; private set; } = [];

    /// <summary>Reads them. Skips the test where the data is absent.</summary>
    public static RealRows Read()
    {
        RealRows rows = new();
        rows.ReadAccounts();
        rows.ReadOpportunities();
        rows.ReadOrders();
        rows.ReadBaskets();
        rows.ReadIncidents();
        rows.ReadVisits();
        rows.ReadContracts();
        rows.Events = [.. rows.events.OrderBy(one => one.Event.OccurredAt)];
        return rows;
    }

    /// <summary>The id of a person.</summary>
    public static string IdOf(int person) =>
        string.Create(CultureInfo.InvariantCulture, $"ind_{person:D4}");

    private void ReadAccounts()
    {
        var accounts = RealData.Rows("crm/maven_accounts.csv");
        foreach (Row row in accounts)
        {
            Admit(
                "salesforce-account",
                null,
                TimeSpan.Zero,
                new JsonObject
                {
                    ["Id"] = row["account"],
                    ["Name"] = row["account"],
                    ["Industry"] = row["sector"],
                    ["BillingCountry"] = row["office_location"],
                    ["CreatedDate"] = Rfc3339.Format(Start),
                }
            );
        }

        for (int i = 0; i < People; i++)
        {
            Admit(
                "salesforce-contact",
                i,
                TimeSpan.Zero,
                new JsonObject
                {
                    ["Id"] = IdOf(i),
                    ["AccountId"] = accounts[i % accounts.Count]["account"],
                    ["CreatedDate"] = Rfc3339.Format(Start),
                }
            );
        }
    }

    /// <summary>Opportunities of the accounts: each begins, and most are won or lost.</summary>
    private void ReadOpportunities()
    {
        var rows = RealData
            .Rows("crm/maven_sales_pipeline.csv")
            .Where(row => row["account"].Length > 0 && row["engage_date"].Length > 0);
        foreach (Row row in rows.Where((_, i) => i % EveryOpportunity == 0))
        {
            Admit("salesforce-opportunity", null, TimeSpan.Zero, OpportunityOf(row, "engage_date"));
            if (row["close_date"].Length > 0)
            {
                Admit(
                    "salesforce-opportunity",
                    null,
                    TimeSpan.Zero,
                    OpportunityOf(row, "close_date")
                );
            }
        }
    }

    private static JsonObject OpportunityOf(Row row, string date)
    {
        bool isOver = date == "close_date";
        bool isWon = row["deal_stage"] == "Won";
        return new JsonObject
        {
            ["Id"] = row["opportunity_id"],
            ["AccountId"] = row["account"],
            ["Name"] = row["product"],
            ["StageName"] =
                !isOver ? "Prospecting"
                : isWon ? "Closed Won"
                : "Closed Lost",
            ["Amount"] = isOver
                ? decimal.Parse(row["close_value"], CultureInfo.InvariantCulture)
                : null,
            ["CurrencyIsoCode"] = "USD",
            ["IsClosed"] = isOver,
            ["IsWon"] = isOver && isWon,
            ["SystemModstamp"] = row[date] + "T12:00:00Z",
        };
    }

    private void ReadOrders()
    {
        var rows = RealData.Rows("purchases/cdnow_sample_transactions.csv");
        foreach ((int i, Row[] orders) in Sample(rows, row => row["master_id"], People).Index())
        {
            foreach (
                (int occurrence, Row row) in orders
                    .GroupBy(row => string.Join(',', row.Values))
                    .SelectMany(same => same.Index())
            )
            {
                Admit("cdnow", i, Purchases, row.Append(new("occurrence", $"{occurrence + 1}")));
            }
        }
    }

    /// <summary>Every second person is a household of the grocer's.</summary>
    private void ReadBaskets()
    {
        Dictionary<string, string> departments = RealData
            .Rows("purchases/completejourney_products.csv")
            .ToDictionary(row => row["product_id"], row => row["department"]);
        var rows = RealData.Rows("purchases/completejourney_transactions.csv");
        Row[][] households = [.. Sample(rows, row => row["household_id"], People / 2)];
        foreach ((int i, Row[] lines) in households.Index())
        {
            foreach (Row row in lines)
            {
                string department = departments.GetValueOrDefault(row["product_id"], "");
                string category = Categories.GetValueOrDefault(department, department);
                Admit(
                    "completejourney",
                    2 * i,
                    TimeSpan.Zero,
                    row.Append(new("department", category))
                );
            }
        }
    }

    /// <summary>Incidents whose rows all name one caller; those who had a critical one come first.</summary>
    private void ReadIncidents()
    {
        var rows = RealData
            .Rows("cases/incident_event_log.csv")
            .GroupBy(row => row["number"])
            .Where(same => same.Select(row => row["caller_id"]).Distinct().Count() == 1)
            .SelectMany(same => same)
            .Where(row => row["caller_id"] != "?");
        IEnumerable<Row[]> callers = Sample(
            rows,
            row => row["caller_id"],
            People,
            changes =>
                Reopeners.Contains(changes[0]["caller_id"])
                    ? int.MaxValue
                    : changes.Count(row => row["priority"] == "1 - Critical")
        );
        foreach ((int i, Row[] changes) in callers.Index())
        {
            foreach (Row row in changes)
            {
                Admit("incident-event-log", Math.Max(0, i - Reopeners.Length + 1), Cases, row);
            }
        }
    }

    /// <summary>Who buys least comes most often.</summary>
    private void ReadVisits()
    {
        var rows = RealData.Rows("events/funnel_events.csv");
        foreach ((int i, Row[] visits) in Sample(rows, row => row["user_id"], People).Index())
        {
            int person = People - 1 - i;
            users[person] = visits[0]["user_id"];
            foreach (Row row in visits)
            {
                bool isUse = row["event_name"] == "session_start";
                Admit(
                    isUse ? "product-usage" : "web",
                    person,
                    Visits,
                    isUse ? UsageOf(row, contracts.AccountOf(person)) : MessageOf(row)
                );
            }
        }
    }

    /// <summary>Contracts of people, and of accounts of some people each.</summary>
    private void ReadContracts()
    {
        foreach ((int? person, JsonObject record) in contracts.Records(users))
        {
            Admit("entitlement", person, TimeSpan.Zero, record);
        }
    }

    /// <summary>A session is a use of the product.</summary>
    private static JsonObject UsageOf(Row row, string? account) =>
        new()
        {
            ["id"] = row["event_id"],
            ["feature"] = row["event_name"],
            ["userId"] = row["user_id"],
            ["accountId"] = account,
            ["usedAt"] = MomentOf(row),
        };

    /// <summary>What was done in it is a message as client libraries send them.</summary>
    private static JsonObject MessageOf(Row row) =>
        new()
        {
            ["type"] = "track",
            ["messageId"] = row["event_id"],
            ["userId"] = row["user_id"],
            ["timestamp"] = MomentOf(row),
            ["event"] = row["event_name"] switch
            {
                "view_item" => "Product Viewed",
                "add_to_cart" => "Product Added",
                "begin_checkout" => "Checkout Started",
                "purchase" => "Order Completed",
                _ => row["event_name"],
            },
            ["properties"] = new JsonObject
            {
                ["category"] = row["product_category"],
                ["order_id"] = row["order_id"],
                ["revenue"] = decimal.Parse(row["revenue"], CultureInfo.InvariantCulture),
                ["currency"] = "RUB",
            },
        };

    private static string MomentOf(Row row) => row["event_timestamp"].Replace(' ', 'T') + "Z";

    /// <summary>Customers of a set: those with the most rows, and as many of all others.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="customerOf">Whose a row is.</param>
    /// <param name="count">How many customers.</param>
    /// <param name="rank">Which come before those with more rows; null for none.</param>
    private static IEnumerable<Row[]> Sample(
        IEnumerable<Row> rows,
        Func<Row, string> customerOf,
        int count,
        Func<Row[], int>? rank = null
    )
    {
        Row[][] customers =
        [
            .. rows.GroupBy(customerOf, StringComparer.Ordinal)
                .OrderBy(same => same.Key, StringComparer.Ordinal)
                .Select(same => same.ToArray())
                .OrderByDescending(same => rank?.Invoke(same) ?? 0)
                .ThenByDescending(same => same.Length),
        ];
        int most = count / 2;
        int step = (customers.Length - most) / (count - most);
        return customers.Where((_, i) => i < most || (i - most) % step == 0).Take(count);
    }

    private void Admit(string stream, int? person, TimeSpan by, JsonObject record)
    {
        using JsonDocument json = JsonDocument.Parse(record.ToJsonString());
        Take(streams[stream].Admit(json.RootElement, Received), person, by);
    }

    private void Admit(
        string stream,
        int person,
        TimeSpan by,
        IEnumerable<KeyValuePair<string, string>> row
    )
    {
        KeyValuePair<string, string>[] cells = [.. row];
        Admission admission = streams[stream]
            .Admit(
                [.. cells.Select(cell => cell.Key)],
                [.. cells.Select(cell => cell.Value)],
                Received
            );
        Take(admission, person, by);
    }

    private void Take(Admission admission, int? person, TimeSpan by)
    {
        if (admission is Admission.Filtered)
        {
            return;
        }

        LinkEvent admitted = admission
            .ShouldBeOfType<Admission.Accepted>(admission.ToString())
            .Event;
        DateTimeOffset at = admitted.OccurredAt + by;
        LinkEvent moved = admitted with { OccurredAt = at, ReceivedAt = at };
        events.Add(
            new RealEvent(
                moved,
                person is { } known ? IdOf(known) : SubjectIds.AccountOf(moved.Link)
            )
        );
    }
}

/// <summary>An event, and whose it is.</summary>
/// <param name="Event">The event.</param>
/// <param name="Holder">An individual, or an account.</param>
internal sealed record RealEvent(LinkEvent Event, string Holder);
