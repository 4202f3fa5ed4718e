using System.Buffers;
using System.Text.Json;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Context;

/// <summary>
/// The default data graph: who somebody is, what they have open, what they did last. Bounded by
/// <see cref="GraphLimits"/>.
/// </summary>
public static class ServiceGraph
{
    /// <summary>The individual's part of the graph; the account's part is added by whoever answers.</summary>
    public static byte[] Individual(UnifiedIndividual individual, ReconciliationPolicy policy)
    {
        ArrayBufferWriter<byte> buffer = new(2048);
        using Utf8JsonWriter json = new(buffer, FieldJson.Compact);
        LinkSet links = individual.Links;
        json.WriteStartObject();
        json.WriteString("id", individual.Id);
        json.WriteTraits(Reconciliation.Traits(links, policy).Take(GraphLimits.TraitsMax));
        json.WriteIdentifiers(links, GraphLimits.IdentifiersMax);
        json.WriteInsights(BaseInsights.Of(links));
        WriteCases(json, links);
        WriteNewest(json, "orders", links, RecordObjects.SalesOrder, GraphLimits.OrdersMax);
        WriteNewest(
            json,
            "opportunities",
            links,
            RecordObjects.Opportunity,
            GraphLimits.OpportunitiesMax
        );
        WriteNewest(
            json,
            "entitlements",
            links,
            RecordObjects.Entitlement,
            GraphLimits.EntitlementsMax
        );
        WriteUsage(json, links);
        WriteInteractions(json, links);
        PossibleMatchJson.Write(json, individual);
        json.WriteInstant("asOf", AsOf(links));
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>An account's part of the graph.</summary>
    public static byte[] Account(Account account, ReconciliationPolicy policy)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using Utf8JsonWriter json = new(buffer, FieldJson.Compact);
        json.WriteStartObject();
        WriteAccountFacts(json, account, policy);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Receipt of the newest event in the answer; null when there is none.</summary>
    public static DateTimeOffset? AsOf(LinkSet links) =>
        links.Links.IsEmpty ? null : links.Links.Max(link => link.ReceivedAt);

    internal static void WriteAccountFacts(
        Utf8JsonWriter json,
        Account account,
        ReconciliationPolicy policy
    )
    {
        json.WriteString("id", account.Id);
        json.WriteTraits(Reconciliation.Traits(account.Links, policy).Take(GraphLimits.TraitsMax));
        json.WriteIdentifiers(account.Links, GraphLimits.IdentifiersMax);
        json.WriteNumber(
            "people",
            account
                .Members.Where(member => member.Belongs && !SubjectIds.IsRecord(member.Individual))
                .Select(member => member.Individual)
                .Distinct(StringComparer.Ordinal)
                .Count()
        );
        WriteNewest(
            json,
            "opportunities",
            account.Links,
            RecordObjects.Opportunity,
            GraphLimits.OpportunitiesMax
        );
        WriteNewest(
            json,
            "entitlements",
            account.Links,
            RecordObjects.Entitlement,
            GraphLimits.EntitlementsMax
        );
        json.WriteInstant("asOf", AsOf(account.Links));
    }

    private static void WriteCases(Utf8JsonWriter json, LinkSet links)
    {
        LinkRecord[] cases =
        [
            .. LinkRecords
                .Of(links, RecordObjects.Case)
                .OrderByDescending(record => record.State.First.At)
                .ThenBy(record => record.State.Id, StringComparer.Ordinal),
        ];
        json.WriteStartObject("cases");
        WriteAll(json, "open", cases.Where(c => !c.State.IsClosed).Take(GraphLimits.OpenCasesMax));
        WriteAll(
            json,
            "recent",
            cases
                .Where(c => c.State.IsClosed)
                .OrderByDescending(c => c.State.ClosedAt)
                .Take(GraphLimits.RecentCasesMax)
        );
        json.WriteEndObject();
    }

    private static void WriteNewest(
        Utf8JsonWriter json,
        string name,
        LinkSet links,
        string recordObject,
        int max
    ) =>
        WriteAll(
            json,
            name,
            LinkRecords
                .Of(links, recordObject)
                .OrderByDescending(record => record.State.MadeAt)
                .ThenBy(record => record.State.Id, StringComparer.Ordinal)
                .Take(max)
        );

    private static void WriteAll(Utf8JsonWriter json, string name, IEnumerable<LinkRecord> records)
    {
        json.WriteStartArray(name);
        foreach (LinkRecord record in records)
        {
            json.WriteRecord(record);
        }

        json.WriteEndArray();
    }

    private static void WriteUsage(Utf8JsonWriter json, LinkSet links)
    {
        json.WriteStartArray("productUsage");
        foreach (
            var use in links
                .Links.SelectMany(link => link.Engagement.Counters)
                .Where(counter => counter.Object == RecordObjects.ProductUsage)
                .GroupBy(counter => counter.Name)
                .Select(same =>
                    (
                        same.Key,
                        Count: same.Sum(use => use.Count),
                        LastAt: same.Max(use => use.LastAt)
                    )
                )
                .OrderByDescending(use => use.Count)
                .ThenBy(use => use.Key, StringComparer.Ordinal)
                .Take(GraphLimits.UsageMax)
        )
        {
            json.WriteStartObject();
            json.WriteString("name", use.Key);
            json.WriteNumber("count", use.Count);
            json.WriteInstant("lastAt", new DateTimeOffset(use.LastAt, TimeSpan.Zero));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteInteractions(Utf8JsonWriter json, LinkSet links)
    {
        json.WriteStartArray("interactions");
        foreach (Happening happening in Happenings.Latest(links))
        {
            json.WriteStartObject();
            json.WriteInstant("at", happening.At);
            json.WriteString("object", happening.Object);
            json.WriteString("name", happening.Name);
            json.WriteString("source", happening.Link.Source);
            if (happening.RecordId is not null)
            {
                json.WriteString("recordId", happening.RecordId);
            }

            if (happening.Done is { } done)
            {
                json.WriteString("eventId", done.EventId);
                json.WritePropertyName("fields");
                json.WriteRawValue(done.Fields, skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
