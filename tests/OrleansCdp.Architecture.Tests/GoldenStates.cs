using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>The states and events whose bytes are kept in <c>Golden</c>.</summary>
internal static class GoldenStates
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static UnifiedIndividual MakeIndividual()
    {
        UnifiedIndividual person = new() { Id = "ind_golden" };
        person = person.Apply(Sequenced(PersonsEvents())).Next;
        person.Links.Links.Length.ShouldBe(2);
        return WithoutVisitor(person);
    }

    private static UnifiedIndividual WithoutVisitor(UnifiedIndividual person) =>
        person
            .Detach(
                [new LinkKey("web", "anonymous", "a1")],
                "ind_other",
                2,
                person.Id,
                default,
                isSentByOwner: false,
                out _
            )
            .Next;

    public static Account MakeAccount() =>
        new Account { Id = "acc_golden" }
            .Apply(Sequenced(CompanysEvents()))
            .Next;

    /// <summary>An account that told its people what segments ask.</summary>
    public static Account MakeTelling() =>
        MakeAccount() with
        {
            Told = new ToldFacts(Facts, Catalogue: 7) { IsTold = true },
        };

    /// <summary>Somebody whom an account told what segments ask.</summary>
    public static UnifiedIndividual MakeTold() =>
        new UnifiedIndividual { Id = "ind_told", AccountFacts = Facts }
            .Apply(Sequenced([.. PersonsEvents()]))
            .Next;

    private static AccountFacts Facts =>
        new()
        {
            Account = "acc_golden",
            Version = 5,
            Values =
            [
                new Field("account.industry", FieldValue.Of("Banking")),
                new Field("account.insights.open_cases", FieldValue.Null),
            ],
        };

    /// <summary>Somebody whose link knows of what was done in every form in which insights keep it.</summary>
    public static UnifiedIndividual MakeMeasured()
    {
        InsightSet insights = new(
            [
                .. new[]
                {
                    "measure: count\nwindow: 30 days",
                    "measure: sum\nvalue: seconds\nby: name",
                    "measure: max\nvalue: seconds",
                    "measure: last\nvalue: name",
                    "measure: distinct\nvalue: name",
                    "measure: sum\nvalue: seconds\nhalfLife: 10 days",
                    "measure: ratio\nnumerator: { value: seconds }\ndenominator: {}",
                    "measure: instants",
                }.Select((measure, i) => InsightOf(measure, i + 1)),
            ],
            newest: 8
        );
        LinkKey visitor = new("web", "user", "u1");
        return new UnifiedIndividual { Id = "ind_measured" }
            .Apply(
                Sequenced([
                    .. Enumerable
                        .Range(0, 5)
                        .Select(i =>
                            Event(visitor, EventKind.Engagement, "Engagement") with
                            {
                                EventId = $"visit-{i}",
                                OccurredAt = Noon.AddDays(i),
                                Fields =
                                [
                                    new Field("name", FieldValue.Of($"page {i % 3}")),
                                    new Field("seconds", FieldValue.Of(i + 0.5m)),
                                ],
                            }
                        ),
                ]),
                insights
            )
            .Next;
    }

    private static ActiveInsight InsightOf(string measure, int revision) =>
        new(
            InsightDefinition
                .Compile(
                    $"{InsightDefinition.DerivedPrefix}{revision}",
                    "source: Engagement\n" + measure,
                    [
                        new DeclaredField("Engagement", "name", FieldType.Text),
                        new DeclaredField("Engagement", "seconds", FieldType.Number),
                    ]
                )
                .Insight!,
            Version: 1,
            revision
        );

    /// <summary>More orders than are kept one by one, a link that left, and interactions.</summary>
    public static UnifiedIndividual MakeBuyer()
    {
        LinkKey customer = new("commerce", "customer", "17");
        LinkEvent[] orders =
        [
            .. Enumerable
                .Range(0, Limits.RecordsMax + 2)
                .Select(i =>
                    Event(customer, EventKind.Created, "SalesOrder") with
                    {
                        RecordId = $"o{i}",
                        OccurredAt = Noon.AddDays(i),
                        Fields = [new Field("total", FieldValue.Of(i + 0.25m))],
                    }
                ),
        ];
        LinkEvent[] visits =
        [
            .. Enumerable
                .Range(0, 30)
                .Select(i =>
                    Event(new LinkKey("web", "user", "u1"), EventKind.Engagement, "Engagement") with
                    {
                        OccurredAt = Noon.AddMinutes(i),
                        Fields =
                        [
                            new Field("name", FieldValue.Of("Viewed")),
                            new Field("page", FieldValue.Of($"/p/{i}")),
                        ],
                    }
                ),
        ];
        UnifiedIndividual person = new UnifiedIndividual { Id = "ind_golden" }
            .Apply(Sequenced([.. PersonsEvents(), .. orders, .. visits]))
            .Next;
        return WithoutVisitor(person);
    }

    /// <summary>Two who are merged into it, one with links of its own and one without any.</summary>
    public static UnifiedIndividual MakeSurvivor() =>
        MakeBuyer() with
        {
            Merged =
            [
                new MergedIndividual("ind_one", [new LinkKey("web", "user", "u1")])
                {
                    IsHere = true,
                    Announced = 1,
                    Times = 2,
                    IsWhole = true,
                },
                new MergedIndividual("ind_two", []) { Announced = 3, Times = 1 },
            ],
        };

    /// <summary>People who came, went and found no room, and facts.</summary>
    public static Account MakeCompany()
    {
        LinkKey company = new("salesforce", "Account", "001A");
        Account account = MakeAccount();
        for (int i = 0; i < 300; i++)
        {
            LinkKey contact = new("salesforce", "Contact", $"003{i:D3}");
            account = account.Note(new Member(contact, $"ind_{i}", i % 3 > 0, new Stamp(i, 0, i)));
        }

        ImmutableArray<Field> many =
        [
            .. Enumerable.Range(0, Limits.TraitsMax + 1).Select(i => new Field($"f{i}", default)),
        ];
        return account
            .Describe(company, [new Field("tier", FieldValue.Of("gold"))], new Stamp(1, 0, 1), "e1")
            .Describe(company, many, new Stamp(2, 0, 2), "e2");
    }

    private static SequencedEvent[] Sequenced(LinkEvent[] events) =>
        [.. events.Select((e, i) => new SequencedEvent(i + 1, e))];

    public static LinkEvent[] PersonsEvents()
    {
        LinkKey customer = new("commerce", "customer", "17");
        LinkEvent described = Event(customer, EventKind.Updated, "Individual") with
        {
            Identifiers =
            [
                new Identifier("contactId", "003A", Verified: true),
                new Identifier("email", "ada@example.com", Verified: true),
            ],
            Traits =
            [
                new Field("firstName", FieldValue.Of("Ada")),
                new Field("age", FieldValue.Of(36m)),
            ],
            Account = new LinkKey("salesforce", "Account", "001A"),
        };
        LinkEvent ordered = Event(customer, EventKind.Created, "SalesOrder") with
        {
            RecordId = "o1",
            Fields =
            [
                new Field("amount", FieldValue.Of(12.50m)),
                new Field("currency", FieldValue.Of("EUR")),
            ],
            Lines =
            [
                new OrderLine
                {
                    Id = "1",
                    Product = "p1",
                    Category = "books",
                    Quantity = 2,
                    Amount = 12.50m,
                },
            ],
            LinesComplete = true,
        };
        LinkEvent asked = Event(customer, EventKind.Created, "Case") with
        {
            RecordId = "c1",
            Lane = Lane.Low,
            Fields = [new Field("status", FieldValue.Of("New"))],
            FollowsAnchor = true,
        };
        LinkEvent solved = asked with
        {
            EventId = "e-closed",
            Kind = EventKind.Closed,
            Version = 2,
            OccurredAt = Noon.AddHours(1),
            Fields = [new Field("status", FieldValue.Of("Closed"))],
        };
        LinkEvent visited = Event(
            new LinkKey("web", "anonymous", "a1"),
            EventKind.Engagement,
            "Engagement"
        ) with
        {
            Fields = [new Field("name", FieldValue.Of("Viewed"))],
            SameAs = customer,
        };
        return [described, ordered, asked, solved, visited];
    }

    public static LinkEvent[] CompanysEvents()
    {
        LinkKey company = new("salesforce", "Account", "001A");
        return
        [
            Event(company, EventKind.Updated, "Account") with
            {
                Subject = SubjectKind.Account,
                Traits = [new Field("name", FieldValue.Of("Analytical Engines"))],
            },
            Event(company, EventKind.Updated, "Opportunity") with
            {
                Subject = SubjectKind.Account,
                RecordId = "006A",
                Fields = [new Field("amount", FieldValue.Of(1_000_000.01m))],
            },
        ];
    }

    private static LinkEvent Event(LinkKey link, EventKind kind, string name) =>
        new()
        {
            Link = link,
            Stream = "golden",
            EventId = $"e-{name}",
            OccurredAt = Noon,
            ReceivedAt = Noon.AddMinutes(1),
            Kind = kind,
            Object = name,
        };
}
