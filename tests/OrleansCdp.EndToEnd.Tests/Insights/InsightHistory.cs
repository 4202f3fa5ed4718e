using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>
/// What happens to a few people and their accounts in two years, by seed, such that every shipped insight has something to say of
/// many: in no order, amended, deleted and made anew, reopened, closed again, told of under several links, and sent again.
/// </summary>
internal sealed class InsightHistory
{
    private const int People = 24;
    private const int Accounts = 6;
    private const int BatchSize = 16;
    private const int Days = 700;
    private const int Cases = 90;

    /// <summary>Somebody whose orders are all dated later.</summary>
    private const int Later = 23;

    private static readonly string?[] Currencies = ["EUR", "EUR", "EUR", "USD", null];
    private static readonly string?[] Categories =
    [
        "shoes",
        "hats",
        "coats",
        "belts",
        "Ärmel",
        null,
    ];
    private static readonly string[] Features =
    [
        "export",
        "search",
        "chart",
        "share",
        "sync",
        "api",
    ];
    private static readonly string[] Stages =
    [
        "Prospecting",
        "Proposal",
        "Closed Won",
        "Closed Lost",
    ];
    private static readonly string?[] Resolutions = ["solved", "duplicate", null];

    private readonly Random random;
    private readonly DateTimeOffset now;
    private int events;

    /// <summary>Makes one.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="batches">How many batches are sent.</param>
    /// <param name="now">When it ends, but for orders that are dated later.</param>
    public InsightHistory(int seed, int batches, DateTimeOffset now)
    {
        random = new Random(seed);
        this.now = now;
        List<(string Stream, string Body)> made = [.. Everybody()];
        while (made.Count < batches)
        {
            made.Add(Chance(10) ? made[random.Next(made.Count)] : NextBatch());
        }

        Batches = made;
    }

    /// <summary>The stream and the body of each batch, in the order they are sent.</summary>
    public IReadOnlyList<(string Stream, string Body)> Batches { get; }

    private IEnumerable<(string Stream, string Body)> Everybody()
    {
        IEnumerable<int> people = Enumerable.Range(0, People);
        yield return ("salesforce-contact", BodyOf(people.Select(Contact)));
        yield return ("web", BodyOf(people.Where(p => p % 2 == 0).Select(SignIn)));
        foreach ((string stream, JsonArray records) in new Stories(now).All())
        {
            yield return (stream, records.ToJsonString());
        }
    }

    private (string Stream, string Body) NextBatch()
    {
        (string stream, Func<JsonObject> next) = random.Next(20) switch
        {
            < 1 => ("salesforce-contact", () => Contact(random.Next(People))),
            < 4 => ("salesforce-opportunity", Opportunity),
            < 9 => ("salesforce-case", Case),
            < 13 => ("commerce-order", Order),
            < 15 => ("product-usage", Usage),
            _ => ("web", (Func<JsonObject>)Message),
        };
        return (stream, BodyOf(Enumerable.Range(0, BatchSize).Select(_ => next())));
    }

    private string BodyOf(IEnumerable<JsonObject> records)
    {
        List<JsonNode> body = [.. records];
        if (Chance(4))
        {
            body.Add(body[random.Next(body.Count)].DeepClone());
        }

        return new JsonArray([.. body]).ToJsonString();
    }

    private JsonObject Contact(int person)
    {
        JsonObject contact = new()
        {
            ["Id"] = $"003-{person}",
            ["AccountId"] = $"001-{(Chance(4) ? random.Next(Accounts) : person % Accounts)}",
            ["Email"] = $"person{person}@mail.example",
            ["SystemModstamp"] = Time(),
        };
        if (person % 3 == 0)
        {
            contact["Title"] = "Buyer"; // Always the same, so that it does not matter which was stated last.
        }

        return contact;
    }

    private JsonObject Opportunity()
    {
        int number = random.Next(40);
        string stage = Stages[random.Next(Stages.Length)];
        JsonObject opportunity = new()
        {
            ["Id"] = $"006-{number}",
            ["StageName"] = stage,
            ["SystemModstamp"] = Time(),
        };
        if (number % 13 != 0)
        {
            opportunity["AccountId"] = $"001-{number % Accounts}"; // Else it is an account of its own.
        }

        Maybe(opportunity, "Amount", 2, () => Cents(100_000));
        Maybe(opportunity, "CurrencyIsoCode", 2, () => Currencies[random.Next(4)]!);
        Maybe(opportunity, "IsWon", stage == "Closed Won" ? 1 : 3, () => stage == "Closed Won");
        Maybe(opportunity, "IsDeleted", 20, () => true);
        return opportunity;
    }

    private JsonObject Case()
    {
        int number = random.Next(Cases);
        int age = random.Next(Days - (number * Days / Cases)) * 24 * 60;
        JsonObject record = new()
        {
            ["Id"] = $"500-{number}",
            ["Status"] = random.Next(5) switch
            {
                < 2 => "Closed",
                2 => "New",
                _ => "Working", // It takes the low lane.
            },
            ["AccountId"] = $"001-{number % Accounts}",
            ["SystemModstamp"] = Text(now.AddMinutes(-age - random.Next(24 * 60))),
        };
        Maybe(
            record,
            "ContactId",
            1 + (number % 3),
            () => $"003-{(Chance(8) ? random.Next(People) : number % People)}"
        );
        Maybe(record, "CreatedDate", 2, () => Text(now.AddDays(-Days - number)));
        Maybe(record, "Type", 2, () => Categories[random.Next(5)]!);
        Maybe(record, "Resolution_Code__c", 2, () => Resolutions[random.Next(3)]);
        Maybe(record, "IsDeleted", 25, () => true);
        return record;
    }

    private JsonObject Order()
    {
        int number = random.Next(140);
        JsonObject order = new()
        {
            ["orderId"] = $"order-{number}",
            ["customerId"] = $"customer-{number % People}",
            ["email"] = $"person{number % People}@mail.example",
            ["emailVerified"] = true,
            ["total"] = number % 11 == 0 ? -Cents(20) : Cents(200),
            ["updatedAt"] = Chance(6) ? Text(now.AddDays(-number)) : Time(),
            ["revision"] = ++events % 7,
        };
        order["currency"] = CurrencyOf(number);
        int customer = number % People;
        bool isLater = customer == Later;
        int daysAgo = (number / (2 * People) * 150) + customer; // Two orders of a customer share a day.
        Maybe(
            order,
            "orderedAt",
            isLater ? 1 : 3,
            () => Text(now.AddDays(isLater || number % 17 == 0 ? 30 + number : -daysAgo))
        );
        Maybe(order, "status", 12, () => "cancelled");
        Maybe(order, "lines", 2, Lines);
        return order;
    }

    /// <summary>A third of the customers pay in several currencies.</summary>
    private string? CurrencyOf(int number) =>
        number % People % 3 == 0 ? Currencies[random.Next(Currencies.Length)] : "EUR";

    private JsonArray? Lines() =>
        Chance(8)
            ? null
            :
            [
                .. Enumerable
                    .Range(0, random.Next(4))
                    .Select(line => new JsonObject
                    {
                        ["lineId"] = $"line-{line}",
                        ["category"] = Categories[random.Next(Categories.Length)],
                        ["amount"] = Cents(50),
                    }),
            ];

    private JsonObject Message() =>
        random.Next(12) switch
        {
            0 => SignIn(random.Next(People)),
            1 => PassedBy(),
            < 4 => Bought(),
            < 7 => Done("page", message => message["category"] = Categories[random.Next(6)]),
            _ => Done(
                "track",
                message =>
                {
                    message["event"] = "Product Viewed";
                    message["properties"] = new JsonObject
                    {
                        ["category"] = Categories[random.Next(6)],
                    };
                }
            ),
        };

    /// <summary>A visitor who came long ago, and whom nobody knows.</summary>
    private JsonObject PassedBy() =>
        new()
        {
            ["type"] = "page",
            ["messageId"] = $"message-{++events}",
            ["anonymousId"] = $"passer-{random.Next(People)}",
            ["timestamp"] = Text(now.AddDays(-random.Next(60, 180))),
        };

    private JsonObject SignIn(int person) =>
        new()
        {
            ["type"] = "identify",
            ["messageId"] = $"message-{++events}",
            ["anonymousId"] = $"visitor-{person}",
            ["userId"] = $"user-{person}",
            ["traits"] = new JsonObject { ["email"] = $"person{person}@mail.example" },
            ["timestamp"] = Time(),
        };

    /// <summary>An order of a shop that knows a visitor and a user: the same order may be told of under both.</summary>
    private JsonObject Bought()
    {
        int number = random.Next(3 * People);
        number -= number % People == Later ? 1 : 0;
        JsonObject properties = new() { ["order_id"] = $"web-{number}" };
        Maybe(properties, "total", 2, () => Cents(300));
        properties["currency"] = CurrencyOf(number);
        Maybe(
            properties,
            "products",
            2,
            () =>
                new JsonArray(
                    new JsonObject
                    {
                        ["product_id"] = "p",
                        ["category"] = Categories[random.Next(6)],
                        ["price"] = Cents(30),
                        ["quantity"] = random.Next(1, 4),
                    }
                )
        );
        return Done(
            "track",
            message =>
            {
                message["event"] = random.Next(8) switch
                {
                    0 => "Order Cancelled",
                    < 5 => "Order Completed",
                    _ => "Order Updated",
                };
                message["properties"] = properties;
            },
            number
        );
    }

    private JsonObject Done(string type, Action<JsonObject> say, int? by = null)
    {
        int person = by % People ?? random.Next(People);
        JsonObject message = new()
        {
            ["type"] = type,
            ["messageId"] = $"message-{++events}",
            [Chance(2) ? "userId" : "anonymousId"] = "",
            ["timestamp"] = Chance(3) ? Lately() : Time(),
        };
        string key = message.ContainsKey("userId") ? "userId" : "anonymousId";
        message[key] = key == "userId" ? $"user-{person}" : $"visitor-{person}";
        say(message);
        return message;
    }

    private JsonObject Usage()
    {
        JsonObject usage = new()
        {
            ["id"] = $"use-{++events}",
            ["feature"] = Features[random.Next(Features.Length)],
            ["usedAt"] = Chance(2) ? Lately() : Time(),
        };
        if (Chance(3))
        {
            usage["accountId"] = $"plan-{random.Next(Accounts)}";
        }

        if (!Chance(4) || !usage.ContainsKey("accountId"))
        {
            usage["userId"] = $"user-{random.Next(People)}";
        }

        return usage;
    }

    private void Maybe(JsonObject record, string field, int oneIn, Func<JsonNode?> value)
    {
        if (Chance(oneIn))
        {
            record[field] = value();
        }
    }

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;

    private decimal Cents(int max) => random.Next(1, max * 100) / 100m;

    private string Time() => Text(now.AddMinutes(-random.Next(Days * 24 * 60)));

    /// <summary>Within what counts of things done lately; some clocks run ahead.</summary>
    private string Lately() =>
        Text(now.AddMinutes(Chance(9) ? random.Next(2, 20) : -random.Next(40 * 24 * 60)));

    private static string Text(DateTimeOffset at) =>
        at.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
