using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>
/// What happens to a few people, by seed: contacts, users, visitors, orders, and cases of authors who are known by what
/// they wrote, with errors. Every event has a time of its own, and they come in no order.
/// </summary>
internal sealed class PeopleHistory
{
    private const int People = 8;
    private const int Cases = 24;
    private const int BatchSize = 8;

    private readonly Random random;
    private readonly (string First, string Last)[] names;
    private readonly Queue<int> times;
    private int events;

    /// <summary>Makes one.</summary>
    public PeopleHistory(int seed, int batches)
    {
        random = new Random(seed);
        names = [.. Enumerable.Range(0, People).Select(_ => (Word(), Word()))];
        int[] moments = [.. Enumerable.Range(0, batches * BatchSize)];
        random.Shuffle(moments);
        times = new(moments);
        Batches = [.. Enumerable.Range(0, batches).Select(_ => NextBatch())];
    }

    /// <summary>The stream and the body of each batch, in the order they are sent.</summary>
    public IReadOnlyList<(string Stream, string Body)> Batches { get; }

    private (string Stream, string Body) NextBatch()
    {
        (string stream, Func<JsonObject> next) = random.Next(10) switch
        {
            < 2 => ("salesforce-contact", Contact),
            < 4 => ("web", (Func<JsonObject>)Message),
            < 5 => ("commerce-order", Order),
            _ => ("salesforce-case", Case),
        };
        JsonArray batch = [.. Enumerable.Range(0, BatchSize).Select(_ => (JsonNode)next())];
        return (stream, batch.ToJsonString());
    }

    private JsonObject Contact()
    {
        int person = random.Next(People);
        // One in four has a second contact, with the same email: a conflict.
        JsonObject contact = new()
        {
            ["Id"] = $"003-{person}{(person % 4 == 0 && Chance(3) ? "-b" : "")}",
            ["AccountId"] = $"001-{person % 3}",
            ["Title"] = Word(),
            ["SystemModstamp"] = Time(),
        };
        if (!Chance(3))
        {
            contact["FirstName"] = names[person].First;
            contact["LastName"] = names[person].Last;
        }

        if (!Chance(3))
        {
            contact["Email"] = EmailOf(person);
        }

        return contact;
    }

    private JsonObject Message()
    {
        int person = random.Next(People);
        JsonObject message = new()
        {
            ["type"] = "page",
            ["messageId"] = $"message-{events}",
            ["anonymousId"] = $"visitor-{random.Next(2 * People)}",
            ["name"] = Word(),
            ["timestamp"] = Time(),
        };
        if (!Chance(2))
        {
            return message;
        }

        message["type"] = "identify";
        message["userId"] = $"user-{person}";
        message["traits"] = Chance(2)
            ? new JsonObject { ["email"] = EmailOf(person), ["plan"] = Word() }
            : new JsonObject { ["plan"] = Word() };
        return message;
    }

    private JsonObject Order()
    {
        int person = random.Next(People);
        JsonObject order = new()
        {
            ["orderId"] = $"order-{random.Next(12)}",
            ["customerId"] = $"customer-{person}",
            ["total"] = random.Next(1, 100),
            ["currency"] = "EUR",
            ["updatedAt"] = Time(),
        };
        if (Chance(2))
        {
            order["email"] = EmailOf(person);
            order["emailVerified"] = Chance(2);
        }

        return order;
    }

    private JsonObject Case()
    {
        int number = random.Next(Cases);
        int person = number % (People + 2); // Authors of some are nobody else.
        JsonObject record = new()
        {
            ["Id"] = $"500-{number}",
            ["Status"] = Chance(3) ? "Closed" : "New",
            ["CreatedDate"] = "2026-01-01T00:00:00Z",
            ["SystemModstamp"] = Time(),
        };
        if (!Chance(4))
        {
            (string first, string last) =
                person < People ? names[person] : ($"Nobody{person}", "Else");
            record["SuppliedName"] = $"{Misspelt(first)} {last}";
            record["SuppliedEmail"] = person < People ? EmailOf(person) : $"n{person}@else.example";
        }

        if ((string)record["Status"]! == "Closed" && Chance(3))
        {
            record["ContactId"] = $"003-{random.Next(People)}";
        }

        return record;
    }

    private string EmailOf(int person) =>
        $"{names[person].First}.{names[person].Last}@mail.example".ToLowerInvariant();

    private string Misspelt(string word) =>
        Chance(3) ? word.Remove(random.Next(1, word.Length), 1) : word;

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;

    private string Time()
    {
        events++;
        return new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc)
            .AddMinutes(times.Dequeue())
            .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
    }

    private string Word() =>
        string.Concat(
            Enumerable
                .Range(0, 4)
                .Select(_ => $"{"bdfgklmnprstvz"[random.Next(14)]}{"aeiou"[random.Next(5)]}")
        );
}
