using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Context;

/// <summary>The parts that answers are made of, as JSON.</summary>
internal static class ContextJson
{
    public static void WriteInstant(this Utf8JsonWriter json, string name, DateTimeOffset? instant)
    {
        if (instant is { } at)
        {
            json.WriteString(name, Rfc3339.Format(at));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    public static void WriteTraits(this Utf8JsonWriter json, IEnumerable<UnifiedTrait> traits)
    {
        json.WriteStartObject("traits");
        foreach (UnifiedTrait trait in traits)
        {
            json.WritePropertyName(trait.Name);
            json.WriteValue(trait.Won.Register.Value);
        }

        json.WriteEndObject();
    }

    public static void WriteIdentifiers(
        this Utf8JsonWriter json,
        LinkSet links,
        int max = int.MaxValue
    )
    {
        json.WriteStartArray("identifiers");
        foreach (
            Identifier identifier in links
                .Identifiers()
                .OrderByDescending(known => known.Verified)
                .ThenBy(known => known.Type, StringComparer.Ordinal)
                .ThenBy(known => known.Value, StringComparer.Ordinal)
                .Take(max)
        )
        {
            json.WriteStartObject();
            json.WriteString("type", identifier.Type);
            json.WriteString("value", identifier.Value);
            json.WriteBoolean("verified", identifier.Verified);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteInsights(this Utf8JsonWriter json, BaseInsights insights)
    {
        json.WriteStartObject("insights");
        json.WriteNumber("orderCount", insights.OrderCount);
        json.WriteMoney("revenue", insights.Revenue);
        json.WriteInstant("firstOrderAt", insights.FirstOrderAt);
        json.WriteInstant("lastOrderAt", insights.LastOrderAt);
        json.WriteNumber("engagementCount", insights.EngagementCount);
        json.WriteInstant("lastEngagementAt", insights.LastEngagementAt);
        json.WriteNumber("caseCount", insights.CaseCount);
        json.WriteNumber("openCases", insights.OpenCases);
        json.WriteNumber("caseClosures", insights.CaseClosures);
        json.WriteEndObject();
    }

    /// <summary>Amounts, one for each currency.</summary>
    public static void WriteMoney(this Utf8JsonWriter json, string name, IEnumerable<Money> sums)
    {
        json.WriteStartArray(name);
        foreach (Money money in sums)
        {
            json.WriteStartObject();
            json.WriteString("currency", money.Currency);
            json.WriteNumber("amount", money.Amount);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteRecord(this Utf8JsonWriter json, LinkRecord record)
    {
        json.WriteStartObject();
        json.WriteString("id", record.State.Id);
        json.WriteString("source", record.Link.Source);
        json.WriteString("createdAt", Rfc3339.Format(record.State.First.Time));
        json.WriteString("updatedAt", Rfc3339.Format(record.State.Last.Time));
        if (!record.State.Status.IsEmpty)
        {
            json.WriteBoolean("isClosed", record.State.IsClosed);
            json.WriteInstant("closedAt", record.State.ClosedAt);
            json.WriteNumber("closures", record.State.Closures);
        }

        foreach (Register field in record.State.Fields.Where(field => !field.Value.IsNull))
        {
            if (!Reserved.Contains(field.Name))
            {
                json.WritePropertyName(field.Name);
                json.WriteValue(field.Value);
            }
        }

        if (record.Object == RecordObjects.SalesOrder)
        {
            json.WriteNumber("total", record.State.Total);
            json.WriteLines(record.State.Lines);
        }

        json.WriteEndObject();
    }

    private static readonly ImmutableHashSet<string> Reserved =
    [
        "id",
        "source",
        "createdAt",
        "updatedAt",
        "isClosed",
        "closedAt",
        "closures",
        "total",
        "lines",
    ];

    private static void WriteLines(this Utf8JsonWriter json, ImmutableArray<LineRegister> lines)
    {
        json.WriteStartArray("lines");
        foreach (OrderLine line in lines.Take(GraphLimits.LinesMax).Select(known => known.Line))
        {
            json.WriteStartObject();
            json.WriteString("id", line.Id);
            WriteOptional(json, "product", line.Product);
            WriteOptional(json, "category", line.Category);
            json.WriteNumber("quantity", line.Quantity);
            json.WriteNumber("amount", line.Amount);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}

/// <summary>How much of each edge the default graph shows.</summary>
public static class GraphLimits
{
    /// <summary>Traits, by name.</summary>
    public const int TraitsMax = 500;

    /// <summary>Identifiers, verified ones first.</summary>
    public const int IdentifiersMax = 100;

    /// <summary>Open cases, newest first.</summary>
    public const int OpenCasesMax = 20;

    /// <summary>Recently closed cases.</summary>
    public const int RecentCasesMax = 10;

    /// <summary>Recent orders.</summary>
    public const int OrdersMax = 10;

    /// <summary>Lines shown of one order.</summary>
    public const int LinesMax = 20;

    /// <summary>Opportunities of an account.</summary>
    public const int OpportunitiesMax = 20;

    /// <summary>Entitlements.</summary>
    public const int EntitlementsMax = 20;

    /// <summary>Products or features used, most used first.</summary>
    public const int UsageMax = 20;

    /// <summary>People listed with an account.</summary>
    public const int PeopleMax = 50;
}
