using System.Text.Json.Nodes;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>Orders of individuals and accounts, and insights over them that are written.</summary>
internal static class WrittenInsights
{
    /// <summary>Orders of the last ten minutes, of individuals and of accounts.</summary>
    public static InsightSet Recent => SetOf(("window: 10 minutes", 1));

    private static readonly DeclaredField[] Declared =
    [
        new("SalesOrder", "total", FieldType.Number),
    ];

    /// <summary>Versions of how many orders there are; the last one serves.</summary>
    public static InsightSet SetOf(params (string More, long Revision)[] versions) =>
        new(
            [
                .. versions.SelectMany(version =>
                    new[]
                    {
                        Of(SubjectKind.Individual, version.More, version.Revision * 2),
                        Of(SubjectKind.Account, version.More, (version.Revision * 2) + 1),
                    }
                ),
            ],
            newest: 1
        );

    /// <summary>What is to be written for somebody; null for nothing yet.</summary>
    public static string? WrittenOf(FakeDatabase database, string id)
    {
        string of = IsAccount(id) ? "Account" : "Contact";
        return database.Outbox.TryGetValue((id, $"enrichments/{of}/Orders__c"), out OutboxRow? row)
            ? JsonNode.Parse(row.Payload)!["value"]!.ToString()
            : null;
    }

    /// <summary>Somebody orders now.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="name">The name of whoever it is.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="number">The order's number, from 1: higher than those before.</param>
    /// <returns>The individual or account.</returns>
    public static async Task<string> OrderAsync(
        Cluster cluster,
        string name,
        SubjectKind kind = SubjectKind.Individual,
        int number = 1
    )
    {
        LinkKey link = new("shop", "customer", name);
        DateTimeOffset now = cluster.Clock.GetUtcNow();
        SequencedEvent[] order =
        [
            (
                Some.Event(link, $"order-{name}-{number}") with
                {
                    Subject = kind,
                    Kind = EventKind.Created,
                    Object = RecordObjects.SalesOrder,
                    RecordId = $"{name}-{number}",
                    Traits = [],
                    OccurredAt = now,
                    ReceivedAt = now,
                    Fields = [new Field("total", FieldValue.Of(10m))],
                }
            ).At(number),
        ];
        string id =
            kind == SubjectKind.Account
                ? SubjectIds.AccountOf(link)
                : SubjectIds.IndividualOf(link);
        var outcomes =
            kind == SubjectKind.Account
                ? await cluster.Grains.GetGrain<IAccountGrain>(id).ApplyAsync(new(order))
                : await cluster
                    .Grains.GetGrain<IUnifiedIndividualGrain>(id)
                    .ApplyAsync(new(order), id);
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
        return id;
    }

    /// <summary>Whether an id is an account's.</summary>
    public static bool IsAccount(string id) =>
        id.StartsWith(SubjectIds.AccountPrefix, StringComparison.Ordinal);

    private static ActiveInsight Of(SubjectKind subject, string more, long revision)
    {
        bool isAccount = subject == SubjectKind.Account;
        var (insight, errors) = InsightDefinition.Compile(
            isAccount ? "orders_of_account" : "orders",
            $"""
            of: {(isAccount ? "account" : "individual")}
            source: SalesOrder
            measure: count
            writes: {(
                isAccount ? "{ object: Account" : "{ object: Contact"
            )}, field: Orders__c {"}"}
            {more}
            """,
            Declared
        );
        errors.ShouldBeEmpty();
        return new ActiveInsight(insight!, (int)revision, revision);
    }
}
