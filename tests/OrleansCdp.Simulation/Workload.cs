using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// What producers send: a few people whose links find each other while they are busy, their accounts and cases, and
/// now and then an event that says nothing new, is over a limit or cannot be folded.
/// </summary>
internal sealed class Workload(Random chance)
{
    private readonly int people = chance.Next(2, 6);
    private readonly int accounts = chance.Next(1, 4);
    private readonly bool bothLanes = chance.Next(2) == 0;
    private int last;

    /// <summary>The events, in the order in which they are first sent.</summary>
    public List<LinkEvent> Events()
    {
        int count = chance.Next(30, 120);
        List<LinkEvent> events = [];
        while (events.Count < count)
        {
            LinkEvent e = Any(chance.Next(people));
            events.Add(e);
            if (chance.Next(8) == 0)
            {
                events.Add(e with { EventId = NextId() }); // The same said again: nothing new, for most of them.
            }
        }

        return events;
    }

    private LinkEvent Any(int person) =>
        chance.Next(20) switch
        {
            < 5 => Visit(person),
            < 7 => SignIn(person),
            < 10 => Contact(person),
            < 13 => Order(person),
            < 16 => Case(person),
            < 18 => Account(),
            18 => Group(person),
            _ => bothLanes ? Background(person) : Visit(person),
        };

    private LinkEvent Visit(int person) =>
        Of(Visitor(person), "web", EventKind.Engagement, "Engagement") with
        {
            Fields = [new Field("name", FieldValue.Of($"page {chance.Next(4)}"))],
        };

    /// <summary>In the other lane of a link, where order does not matter: an engagement.</summary>
    private LinkEvent Background(int person) =>
        Of(Customer(person), "imports", EventKind.Engagement, "ProductUsage") with
        {
            Lane = Lane.Low,
            Fields = [new Field("name", FieldValue.Of($"feature {chance.Next(3)}"))],
        };

    /// <summary>A visitor says who it is: by another link, or by an address.</summary>
    private LinkEvent SignIn(int person)
    {
        LinkEvent e = Of(Visitor(person), "web", EventKind.Updated, "Individual") with
        {
            Traits = [Trait("plan", 3)],
        };
        int other = chance.Next(10) == 0 ? chance.Next(people) : person;
        return chance.Next(3) switch
        {
            0 => e with { SameAs = ContactLink(other) },
            1 => e with { SameAs = Customer(other) },
            _ => e with { Identifiers = [Email(other)] },
        };
    }

    private LinkEvent Contact(int person)
    {
        Identifier contact = new(IdentifierTypes.ContactId, $"003{person}", Verified: true);
        return Of(ContactLink(person), "contacts", EventKind.Updated, "Individual") with
        {
            Identifiers = chance.Next(2) == 0 ? [contact] : [contact, Email(person)],
            Traits = [Trait("name", 4), Trait("city", 4)],
            Account = chance.Next(2) == 0 ? AccountLink(chance.Next(accounts)) : null,
        };
    }

    private LinkEvent Order(int person)
    {
        FieldValue total = chance.Next(12) switch
        {
            0 => new FieldValue(FieldType.Number, "much"), // Cannot be folded.
            1 => FieldValue.Of(Limits.AmountMax + 1),
            _ => FieldValue.Of(chance.Next(100_000) / 100m),
        };
        return Of(Customer(person), "orders", EventKind.Updated, RecordObjects.SalesOrder) with
        {
            RecordId = $"order {chance.Next(4)}",
            Fields = [new Field("total", total), new Field("currency", FieldValue.Of("EUR"))],
            Lines =
            [
                new OrderLine
                {
                    Id = "1",
                    Product = "bike",
                    Amount = chance.Next(100),
                },
            ],
            Identifiers = chance.Next(3) == 0 ? [Email(person)] : [],
        };
    }

    /// <summary>A case belongs to the contact named last.</summary>
    private LinkEvent Case(int person)
    {
        int contact = chance.Next(6) == 0 ? chance.Next(people) : person;
        EventKind kind = chance.Next(3) == 0 ? EventKind.Closed : EventKind.Updated;
        return Of(new("crm", "Case", $"500{person}"), "cases", kind, RecordObjects.Case) with
        {
            RecordId = $"500{person}",
            FollowsAnchor = true,
            Identifiers =
                chance.Next(2) == 0
                    ? [new Identifier(IdentifierTypes.ContactId, $"003{contact}", Verified: true)]
                    : [],
            Fields = [Trait("status", 3)],
        };
    }

    private LinkEvent Account() =>
        Of(AccountLink(chance.Next(accounts)), "accounts", EventKind.Updated, "Account") with
        {
            Subject = SubjectKind.Account,
            Traits = [Trait("industry", 3)],
        };

    /// <summary>Facts about an account that come with an event about a person.</summary>
    private LinkEvent Group(int person) =>
        Of(Visitor(person), "web", EventKind.Updated, "Individual") with
        {
            Account = AccountLink(chance.Next(accounts)),
            AccountTraits = [Trait("seats", 5)],
        };

    private LinkEvent Of(LinkKey link, string stream, EventKind kind, string of)
    {
        DateTimeOffset at = Scheduler.Start - TimeSpan.FromMinutes(chance.Next(200));
        return new()
        {
            Link = link,
            Stream = stream,
            EventId = NextId(),
            OccurredAt = at,
            ReceivedAt = Scheduler.Start,
            Version = chance.Next(3),
            Kind = kind,
            Object = of,
        };
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"e{++last:D3}");

    private Field Trait(string name, int values) =>
        new(name, FieldValue.Of($"{name} {chance.Next(values)}"));

    private static LinkKey Visitor(int person) => new("web", "anonymous", $"v{person}");

    private static LinkKey Customer(int person) => new("shop", "customer", $"k{person}");

    private static LinkKey ContactLink(int person) => new("crm", "Contact", $"003{person}");

    private static LinkKey AccountLink(int account) => new("crm", "Account", $"001{account}");

    private static Identifier Email(int person) =>
        new(IdentifierTypes.Email, $"p{person}@example.com", Verified: true);
}

/// <summary>
/// A producer: sends until it is told that all is in the log, and sometimes again although it was.
/// </summary>
internal sealed class Producer(
    Cluster cluster,
    Process process,
    List<LinkEvent[]> batches,
    TimeSpan duration
)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);
    private readonly IGrainFactory grains = cluster.GrainsFor(process);

    /// <summary>Whether everything was acknowledged.</summary>
    public bool IsDone { get; private set; }

    /// <summary>What was acknowledged.</summary>
    public HashSet<(string Source, string EventId)> Acknowledged { get; } = [];

    public void Start() => process.Run(SendAllAsync);

    private async Task SendAllAsync()
    {
        foreach (LinkEvent[] batch in batches)
        {
            await SendAsync(batch);
            if (cluster.Scheduler.Chance.Next(10) == 0)
            {
                await SendAsync(batch);
            }

            await PauseAsync(
                duration * (2 * cluster.Scheduler.Chance.NextDouble() / batches.Count)
            );
        }

        IsDone = true;
    }

    private Task SendAsync(LinkEvent[] batch) =>
        Task.WhenAll(
            batch
                .GroupBy(e => Partitions.Of(e.Link, cluster.Parts.Shape.PartitionCount))
                .Select(group => SendAsync(group.Key, [.. group]))
        );

    private async Task SendAsync(int partition, LinkEvent[] events)
    {
        while (true)
        {
            try
            {
                await grains
                    .GetGrain<IPartitionLogGrain>(partition)
                    .AppendAsync(new EventBatch(events));
                Acknowledged.UnionWith(events.Select(e => (e.Link.Source, e.EventId)));
                return;
            }
            catch (Exception e)
            {
                cluster.Note($"{process.Name}: not acknowledged: {e.Message}");
            }

            await PauseAsync(RetryPause);
        }
    }

    private async Task PauseAsync(TimeSpan span) =>
        await new Signal().WaitAsync(0, span, process.Clock, CancellationToken.None);
}
