using System.Globalization;
using System.Text;

namespace OrleansCdp;

/// <summary>What one generated event is about, beside its JSON.</summary>
/// <param name="Id">Event id.</param>
/// <param name="Subject">Number of the individual.</param>
/// <param name="Kind">0 engagement, 1 order, 2 case created, 3 case closed, 4 identify.</param>
/// <param name="At">When it happened.</param>
/// <param name="Amount">Order total.</param>
/// <param name="Name">Engagement name, or the city identified with.</param>
/// <param name="Json">The tracking message as sent.</param>
internal sealed record GeneratedEvent(
    string Id,
    int Subject,
    short Kind,
    DateTimeOffset At,
    decimal Amount,
    string Name,
    byte[] Json
);

/// <summary>
/// The seeded workload of cdp-bench v1 in the tracking API's form: pages, products viewed, carts, orders,
/// identifies, cases; 2 % duplicates, 5 % late.
/// </summary>
internal sealed class Workload(int individuals, bool zipf, int seed)
{
    private const double Skew = 0.99;
    private readonly Random random = new(seed);
    private readonly double[] cumulated = zipf ? Cumulate(individuals) : [];
    private readonly int[] shuffled = Shuffle(individuals, seed);
    private readonly Queue<GeneratedEvent> again = new();
    private readonly DateTimeOffset start = DateTimeOffset.UtcNow.AddHours(-30);
    private long made;

    /// <summary>The next batch; a duplicate comes within about a second of its original.</summary>
    public GeneratedEvent[] Next(int count)
    {
        GeneratedEvent[] batch = new GeneratedEvent[count];
        for (int i = 0; i < count; i++)
        {
            bool duplicate = again.Count > 200 || (again.Count > 0 && random.Next(100) < 2);
            batch[i] = duplicate ? again.Dequeue() : Make();
            if (!duplicate && random.Next(100) < 2)
            {
                again.Enqueue(batch[i]);
            }
        }

        return batch;
    }

    private static double[] Cumulate(int n)
    {
        double[] sums = new double[n];
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            sums[i] = sum += 1 / Math.Pow(i + 1, Skew);
        }

        return sums;
    }

    private static int[] Shuffle(int n, int seed)
    {
        int[] all = [.. Enumerable.Range(0, n)];
        new Random(seed).Shuffle(all);
        return all;
    }

    private int Subject()
    {
        if (cumulated.Length == 0)
        {
            return random.Next(shuffled.Length);
        }

        int rank = Array.BinarySearch(cumulated, random.NextDouble() * cumulated[^1]);
        return shuffled[Math.Min(rank < 0 ? ~rank : rank, shuffled.Length - 1)];
    }

    private GeneratedEvent Make()
    {
        int subject = Subject();
        long n = made++;
        DateTimeOffset at = start.AddMilliseconds(n);
        at = random.Next(100) < 5 ? at.AddMinutes(-random.Next(1, 24 * 60)) : at;
        string id = string.Create(CultureInfo.InvariantCulture, $"{seed}-{n}");
        int dice = random.Next(100);
        return dice switch
        {
            < 60 => Page(id, subject, at),
            < 81 => Track(id, subject, at, "Product Viewed"),
            < 89 => Track(id, subject, at, "Product Added"),
            < 93 => Order(id, subject, at),
            _ => Identify(id, subject, at),
        };
    }

    private GeneratedEvent Page(string id, int subject, DateTimeOffset at)
    {
        int page = random.Next(500);
        string body = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            "type":"page","name":"Page {page % 40}","properties":{"{"}"url":"https://shop.example.com/catalogue/section-{page}/index.html","path":"/catalogue/section-{page}/index.html","title":"Section {page} of the catalogue","referrer":"https://search.example.com/?q=things+people+look+for"{"}"}
            """
        );
        return Message(id, subject, 0, at, 0, $"Page {page % 40}", body);
    }

    private GeneratedEvent Track(string id, int subject, DateTimeOffset at, string name)
    {
        int product = random.Next(5_000);
        string body = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            "type":"track","event":"{name}","properties":{"{"}"product_id":"p-{product}","category":"c-{product % 50}","name":"Product number {product}","price":{product % 97}.95,"quantity":1,"url":"https://shop.example.com/p/{product}"{"}"}
            """
        );
        return Message(id, subject, 0, at, 0, name, body);
    }

    private GeneratedEvent Order(string id, int subject, DateTimeOffset at)
    {
        decimal total = random.Next(500, 50_000) / 100m;
        int product = random.Next(5_000);
        string body = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            "type":"track","event":"Order Completed","properties":{"{"}"order_id":"o-{id}","total":{total},"currency":"EUR","products":[{"{"}"product_id":"p-{product}","category":"c-{product % 50}","price":{total},"quantity":1{"}"}]{"}"}
            """
        );
        return Message(id, subject, 1, at, total, "Order Completed", body);
    }

    private GeneratedEvent Identify(string id, int subject, DateTimeOffset at)
    {
        string city = "City " + random.Next(200).ToString(CultureInfo.InvariantCulture);
        string body = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            "type":"identify","traits":{"{"}"firstName":"First{subject}","lastName":"Last{subject}","city":"{city}","plan":"plan-{subject % 4}","company":"Company {subject % 10_000}"{"}"}
            """
        );
        return Message(id, subject, 4, at, 0, city, body);
    }

    private static GeneratedEvent Message(
        string id,
        int subject,
        short kind,
        DateTimeOffset at,
        decimal amount,
        string name,
        string body
    )
    {
        string json = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"messageId":"{{id}}","userId":"u{{subject}}","timestamp":"{{at:yyyy-MM-ddTHH:mm:ss.fffZ}}",{{body}},"context":{"library":{"name":"bench","version":"1"}}}"""
        );
        return new GeneratedEvent(id, subject, kind, at, amount, name, Encoding.UTF8.GetBytes(json));
    }
}
