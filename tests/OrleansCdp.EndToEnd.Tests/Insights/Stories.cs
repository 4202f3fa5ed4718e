using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>A few people of whom the segments tell that chance hardly makes.</summary>
/// <param name="now">When it ends.</param>
internal sealed class Stories(DateTimeOffset now)
{
    /// <summary>The stream and the records of each story.</summary>
    public IEnumerable<(string Stream, JsonArray Records)> All()
    {
        // A steward may merge one with somebody else.
        yield return (
            "commerce-order",
            [.. Enumerable.Range(1, 4).Select(i => Order($"new{i}", 1, daysAgo: 5))]
        );
        yield return (
            "commerce-order",
            [.. Rich.Select(i => Order($"rich{i}", 1, daysAgo: 20, total: 2_000m))]
        );
        yield return ("salesforce-contact", [.. Rich.Select(i => Contact($"rich{i}"))]);
        yield return (
            "salesforce-case",
            [
                .. Rich.SelectMany(i =>
                    Enumerable
                        .Range(1, 3)
                        .Select(n => Case($"rich{i}", n, "New", 20 + n))
                        .Append(Case($"rich{i}", 4, "Escalated", 15))
                ),
            ]
        );
        yield return (
            "commerce-order",
            [.. Enumerable.Range(1, 3).Select(i => Order("lover", i, 200 + i, "shoes"))]
        );
        yield return (
            "product-usage",
            [.. Enumerable.Range(1, 9).Select(i => Usage("falling", i, i == 9 ? 5 : 45))]
        );
        yield return ("salesforce-contact", [.. Lost.Select(i => Contact($"lost{i}", "001-lost"))]);
        yield return (
            "salesforce-opportunity",
            [.. Enumerable.Range(1, 2).Select(i => Won("001-lost", i, daysAgo: 100 * i))]
        );
        yield return ("salesforce-case", [.. Lost.Select(i => Case($"lost{i}", 1, "New", 20))]);
        yield return ("web", [.. Lost.Select(i => Identify($"lost{i}", daysAgo: 60))]);
        yield return (
            "product-usage",
            [
                .. Lost.SelectMany(i =>
                    Enumerable.Range(1, 9).Select(n => Usage($"lost{i}", n, n == 9 ? 5 : 45))
                ),
            ]
        );
        foreach (var one in OfTerms())
        {
            yield return one;
        }

        yield return ("web", [.. Enumerable.Range(1, 3).Select(i => Cart($"cart{i}", daysAgo: 3))]);
        yield return ("web", [.. Enumerable.Range(1, 6).Select(i => Page("dormant", i, 50 + i))]);
        yield return ("web", [.. Enumerable.Range(1, 12).Select(i => Page("engaged", i, 3))]);
        yield return ("salesforce-contact", [Contact("reopener")]);
        yield return (
            "salesforce-case",
            [
                .. Enumerable
                    .Range(1, 2)
                    .SelectMany(n =>
                        new[] { ("Closed", 50), ("New", 40), ("Closed", 10) }.Select(step =>
                            Case("reopener", n, step.Item1, step.Item2)
                        )
                    ),
            ]
        );
    }

    /// <summary>What accounts and people have, and who uses it less: renewed, about to end, cancelled, removed.</summary>
    private IEnumerable<(string Stream, JsonArray Records)> OfTerms()
    {
        yield return (
            "entitlement",
            [
                .. Plans.Select(i => Term("accountId", $"plan-{i}", 1, 10 * i, told: 300)),
                .. Plans.Select(i => Term("accountId", $"plan-{i}", 2, 20 * i, told: 200)),
                Term("accountId", "plan-1", 1, 400, told: 50),
                Term("accountId", "plan-2", 2, 40, told: 40, "cancelled"),
                Term("accountId", "plan-3", 2, 60, told: 30, "deleted"),
                Term("accountId", "plan-ending", 1, 40, told: 200),
                Term("userId", "user-falling", 1, 60, told: 200),
            ]
        );
        yield return ("web", [.. Ending.Select(i => Identify($"ending{i}", daysAgo: 60))]);
        yield return (
            "product-usage",
            [
                .. Ending.SelectMany(i =>
                    Enumerable
                        .Range(1, 9)
                        .Select(n => Usage($"ending{i}", n, n == 9 ? 5 : 45, "plan-ending"))
                ),
            ]
        );
    }

    private static IEnumerable<int> Plans => Enumerable.Range(0, 6);

    private static IEnumerable<int> Ending => Enumerable.Range(1, 3);

    private static IEnumerable<int> Rich => Enumerable.Range(1, 3);

    private static IEnumerable<int> Lost => Enumerable.Range(1, 3);

    private JsonObject Contact(string name, string? account = null) =>
        new()
        {
            ["Id"] = $"003-{name}",
            ["AccountId"] = account,
            ["Email"] = $"{name}@mail.example",
            ["SystemModstamp"] = Text(100),
        };

    private JsonObject Order(
        string customer,
        int number,
        int daysAgo,
        string? category = null,
        decimal total = 20m
    )
    {
        JsonObject order = new()
        {
            ["orderId"] = $"story-{customer}-{number}",
            ["customerId"] = $"customer-{customer}",
            ["email"] = $"{customer}@mail.example",
            ["emailVerified"] = true,
            ["total"] = total,
            ["currency"] = "EUR",
            ["orderedAt"] = Text(daysAgo),
        };
        if (category is not null)
        {
            order["lines"] = new JsonArray(
                new JsonObject
                {
                    ["lineId"] = "1",
                    ["category"] = category,
                    ["amount"] = 20m,
                }
            );
        }

        return order;
    }

    private JsonObject Identify(string name, int daysAgo) =>
        new()
        {
            ["type"] = "identify",
            ["messageId"] = $"story-{name}",
            ["userId"] = $"user-{name}",
            ["traits"] = new JsonObject { ["email"] = $"{name}@mail.example" },
            ["timestamp"] = Text(daysAgo),
        };

    private JsonObject Usage(string user, int number, int daysAgo, string? account = null) =>
        new()
        {
            ["id"] = $"story-use-{user}-{number}",
            ["feature"] = "export",
            ["userId"] = $"user-{user}",
            ["accountId"] = account,
            ["usedAt"] = Text(daysAgo),
        };

    private JsonObject Term(
        string by,
        string name,
        int number,
        int daysLeft,
        int told,
        string status = "active"
    ) =>
        new()
        {
            ["id"] = $"story-term-{name}-{number}",
            [by] = name,
            ["status"] = status,
            ["endDate"] = Text(-daysLeft)[..10],
            ["updatedAt"] = Text(told),
        };

    private JsonObject Cart(string visitor, int daysAgo) =>
        new()
        {
            ["type"] = "track",
            ["messageId"] = $"story-{visitor}",
            ["anonymousId"] = $"visitor-{visitor}",
            ["event"] = "Product Added",
            ["timestamp"] = Text(daysAgo),
        };

    private JsonObject Page(string visitor, int number, int daysAgo) =>
        new()
        {
            ["type"] = "page",
            ["messageId"] = $"story-{visitor}-{number}",
            ["anonymousId"] = $"visitor-{visitor}",
            ["timestamp"] = Text(daysAgo),
        };

    private JsonObject Won(string account, int number, int daysAgo) =>
        new()
        {
            ["Id"] = $"006-story-{account}-{number}",
            ["AccountId"] = account,
            ["StageName"] = "Closed Won",
            ["IsWon"] = true,
            ["Amount"] = 6_000,
            ["CurrencyIsoCode"] = "EUR",
            ["SystemModstamp"] = Text(daysAgo),
        };

    private JsonObject Case(string contact, int number, string status, int daysAgo) =>
        new()
        {
            ["Id"] = $"500-{contact}-{number}",
            ["Status"] = status,
            ["ContactId"] = $"003-{contact}",
            ["SystemModstamp"] = Text(daysAgo),
        };

    private string Text(int daysAgo) =>
        now.AddDays(-daysAgo).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
