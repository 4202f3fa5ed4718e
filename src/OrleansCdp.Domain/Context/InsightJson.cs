using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Insights;

namespace OrleansCdp.Context;

/// <summary>Insights as JSON.</summary>
public static class InsightJson
{
    /// <summary>Things that count in one value and are listed, the latest; how many more there are is said.</summary>
    public const int ContributionsMax = 100;

    /// <summary>The insights of somebody, as JSON.</summary>
    /// <param name="id">Whose they are.</param>
    /// <param name="ledger">What counts in them, up to the present state.</param>
    /// <param name="links">The links they are computed from.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="people">Of an account, what its people add to each version that is asked about; null for nothing.</param>
    public static byte[] Answer(
        string id,
        InsightLedger ledger,
        LinkSet links,
        InsightQuestion question,
        IReadOnlyDictionary<long, ImmutableArray<PersonValue>>? people = null
    )
    {
        ArrayBufferWriter<byte> buffer = new(2048);
        using Utf8JsonWriter json = new(buffer, FieldJson.Compact);
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteInstant("at", question.At);
        json.WriteInstant("asOf", ServiceGraph.AsOf(links));
        json.WriteStartObject("insights");
        foreach (InsightValue value in ledger.Values(question.At, question.IsPast, question.Name))
        {
            if (question.Name is null && InsightDefinition.IsDerived(value.Insight.Definition.Name))
            {
                continue; // Nobody wrote it: segments tell of what they measure.
            }

            json.WritePropertyName(value.Insight.Definition.Name);
            Write(json, value, ledger, links, question, people);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(
        Utf8JsonWriter json,
        InsightValue value,
        InsightLedger ledger,
        LinkSet links,
        InsightQuestion question,
        IReadOnlyDictionary<long, ImmutableArray<PersonValue>>? people
    )
    {
        InsightDefinition insight = value.Insight.Definition;
        json.WriteStartObject();
        WriteValue(json, value);
        if (insight.HasPeople)
        {
            json.WriteNumber("people", value.People);
            if (ledger.People.IsPartial && value.Insight.IsComplete)
            {
                json.WriteBoolean("incomplete", true);
            }

            if (ledger.People.NotTaken > 0)
            {
                json.WriteNumber("peopleLeftOut", ledger.People.NotTaken);
            }
        }

        if (question.Explain)
        {
            WriteFormula(json, insight);
            WriteContributions(json, value.Insight, ledger, question.At);
            WriteTallies(json, value.Insight, links);
            if (people?.TryGetValue(value.Insight.Revision, out var listed) == true)
            {
                WritePeople(json, listed, value.People);
            }
        }

        json.WriteEndObject();
    }

    /// <summary>A value with what it is, as fields of an object.</summary>
    private static void WriteValue(Utf8JsonWriter json, InsightValue value)
    {
        InsightDefinition insight = value.Insight.Definition;
        json.WritePropertyName("value");
        json.WriteValue(value.Value ?? FieldValue.Null);
        if (insight.IsMoney && insight.Prediction is null)
        {
            json.WriteMoney("amounts", value.Parts.Select(part => new Money(part.Key, part.Value)));
        }
        else if (insight.IsDivided)
        {
            WriteParts(json, value);
        }

        if (value.Why is { } why)
        {
            json.WriteString("why", why);
        }

        WriteCustomer(json, value);
        json.WriteString("unit", insight.Unit);
        json.WriteNumber("version", value.Insight.Version);
        json.WriteNumber("items", value.Items);
        if (!value.Insight.IsComplete)
        {
            json.WriteBoolean("incomplete", true);
        }

        if (value.IsEstimated)
        {
            json.WriteBoolean("estimated", true);
        }

        if (value.LeftOut > 0)
        {
            json.WriteNumber("leftOut", value.LeftOut);
        }

        if (insight.Description is { } description)
        {
            json.WriteString("description", description);
        }
    }

    /// <summary>What the model of a prediction is, and what it knows of the customer.</summary>
    private static void WriteCustomer(Utf8JsonWriter json, InsightValue value)
    {
        if (value is not { Insight.Model: { } model, Customer: { } customer })
        {
            return;
        }

        json.WriteString("model", model.Name);
        json.WriteStartObject("customer");
        json.WriteNumber("frequency", customer.Frequency);
        json.WriteNumber("recency", customer.Recency);
        json.WriteNumber("age", customer.Age);
        json.WriteNumber("monetaryValue", customer.MonetaryValue);
        json.WriteString("timeUnit", customer.Unit.ToString().ToLowerInvariant());
        json.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter json, InsightValue value)
    {
        json.WriteStartArray("parts");
        foreach (InsightPart part in value.Parts)
        {
            json.WriteStartObject();
            WriteBy(json, part.Values);
            json.WriteNumber("value", part.Value);
            json.WriteNumber("share", part.Share);
            if (part.IsTied)
            {
                json.WriteBoolean("tied", true);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("partCount", value.PartCount);
    }

    /// <summary>What each of the expressions says that a part is named by.</summary>
    private static void WriteBy(Utf8JsonWriter json, IEnumerable<string?> values)
    {
        json.WriteStartArray("by");
        foreach (string? value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void WriteFormula(Utf8JsonWriter json, InsightDefinition insight)
    {
        json.WriteStartObject("formula");
        json.WriteString("measure", insight.Measure.ToString().ToLowerInvariant());
        if (insight.Window is { } window)
        {
            json.WriteNumber("windowSeconds", window.TotalSeconds);
        }

        if (insight.HalfLife is { } halfLife)
        {
            json.WriteNumber("halfLifeSeconds", halfLife.TotalSeconds);
        }

        json.WriteStartArray("sources");
        foreach (InsightInput input in insight.Inputs)
        {
            json.WriteStartObject();
            json.WriteString("source", input.Source.Name);
            foreach ((string key, string form) in input.Forms)
            {
                json.WriteString(key, form);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The latest things that count in an insight, as fields of an object.</summary>
    internal static void WriteContributions(
        Utf8JsonWriter json,
        ActiveInsight insight,
        InsightLedger ledger,
        DateTimeOffset at
    )
    {
        int count = 0;
        json.WriteStartArray("contributions");
        foreach (Contribution contribution in ledger.Contributions(insight, at))
        {
            if (++count <= ContributionsMax)
            {
                Write(json, contribution);
            }
        }

        json.WriteEndArray();
        json.WriteNumber("contributionsNotListed", Math.Max(0, count - ContributionsMax));
    }

    private static void Write(Utf8JsonWriter json, Contribution contribution)
    {
        json.WriteStartObject();
        json.WriteString("source", contribution.Origin.Link.Source);
        json.WriteString("object", contribution.Origin.Object);
        json.WriteString("id", contribution.Origin.Id);
        json.WriteInstant("at", contribution.At);
        json.WritePropertyName("value");
        json.WriteValue(contribution.Value);
        if (contribution.Divisor is { } divisor)
        {
            json.WriteNumber("divisor", divisor);
        }

        if (contribution.Part is { } part)
        {
            WriteBy(json, PartNames.ValuesOf(part));
        }

        json.WriteEndObject();
    }

    private static void WritePeople(
        Utf8JsonWriter json,
        ImmutableArray<PersonValue> listed,
        long people
    )
    {
        json.WriteStartArray("ofPeople");
        foreach (PersonValue one in listed)
        {
            json.WriteStartObject();
            json.WriteString("individual", one.Individual);
            json.WritePropertyName("value");
            json.WriteValue(one.Value ?? FieldValue.Null);
            json.WriteNumber("items", one.Items);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("peopleNotListed", Math.Max(0, people - listed.Length));
    }

    /// <summary>What is known of things that are not kept, link by link.</summary>
    private static void WriteTallies(Utf8JsonWriter json, ActiveInsight insight, LinkSet links)
    {
        json.WriteStartArray("notKept");
        foreach (Link link in links.Links)
        {
            foreach (Accumulation known in InsightSet.KnownOf(link, insight))
            {
                json.WriteStartObject();
                json.WriteString("source", link.Key.Source);
                json.WriteString("link", link.Key.ToString());
                json.WriteNumber("items", known.Tallies.Sum(tally => tally.Count));
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }
}
