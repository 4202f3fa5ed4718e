using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp.Context;

/// <summary>Memberships of somebody, and why, as JSON.</summary>
public static class SegmentJson
{
    /// <summary>Where somebody is a member.</summary>
    /// <param name="id">Who.</param>
    /// <param name="memberships">What is stored.</param>
    public static byte[] Answer(string id, Memberships memberships) =>
        Written(json =>
        {
            json.WriteString("individual", id);
            json.WriteStartArray("memberships");
            foreach (Membership one in memberships.Segments.Where(one => one.IsIn))
            {
                json.WriteStartObject();
                json.WriteString("segment", one.Segment);
                json.WriteString("tier", one.Tier);
                json.WriteInstant("since", one.Since);
                json.WriteNumber("version", one.Version);
                json.WriteNumber("sequence", one.Sequence);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    /// <summary>Why somebody is in a segment, or is not.</summary>
    /// <param name="id">Who.</param>
    /// <param name="stored">What is stored of the segment; null for nothing.</param>
    /// <param name="explanation">Why.</param>
    /// <param name="ledger">What counts in insights.</param>
    public static byte[] Answer(
        string id,
        Membership? stored,
        SegmentExplanation explanation,
        InsightLedger ledger
    ) =>
        Written(json =>
        {
            json.WriteString("individual", id);
            json.WriteString("segment", explanation.Segment.Definition.Name);
            json.WriteNumber("version", explanation.Segment.Version);
            json.WriteInstant("at", explanation.At);
            json.WriteBoolean("ready", explanation.IsReady);
            WriteMembership(json, stored);
            json.WriteStartObject("decided");
            WritePlace(json, explanation.Decided);
            json.WriteEndObject();
            json.WriteInstant("until", explanation.Until);
            json.WriteInstant("changesAt", explanation.ChangesAt);
            json.WriteString("forecast", explanation.Forecast);
            json.WriteStartArray("tiers");
            foreach (ExplainedTier tier in explanation.Tiers)
            {
                WriteTier(json, tier);
            }

            json.WriteEndArray();
            json.WriteStartArray("asked");
            foreach (ExplainedPart part in AskedBy(explanation))
            {
                WriteAsked(json, part, ledger, explanation);
            }

            json.WriteEndArray();
        });

    /// <summary>What became of criteria once, part by part: <c>tiers</c>.</summary>
    /// <param name="tiers">The tiers, explained.</param>
    public static byte[] Answer(ImmutableArray<ExplainedTier> tiers) =>
        Written(json =>
        {
            json.WriteStartArray("tiers");
            foreach (ExplainedTier tier in tiers)
            {
                WriteTier(json, tier);
            }

            json.WriteEndArray();
        });

    private static byte[] Written(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(2048);
        using Utf8JsonWriter json = new(buffer, FieldJson.Compact);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteMembership(Utf8JsonWriter json, Membership? stored)
    {
        WritePlace(json, stored);
        if (stored is { IsIn: true })
        {
            json.WriteInstant("since", stored.Since);
            json.WriteNumber("sinceVersion", stored.Version);
            json.WriteNumber("sequence", stored.Sequence);
        }
    }

    private static void WritePlace(Utf8JsonWriter json, Membership? membership)
    {
        json.WriteBoolean("in", membership is { IsIn: true });
        json.WriteString("tier", membership?.Tier);
    }

    private static void WriteTier(Utf8JsonWriter json, ExplainedTier tier)
    {
        json.WriteStartObject();
        json.WriteString("name", tier.Tier.Name);
        json.WriteString("criteria", tier.Tier.NormalForm);
        if (tier.Tier.ForAtLeast is { } span)
        {
            json.WriteNumber("forAtLeastSeconds", span.TotalSeconds);
            json.WriteInstant("holdsSince", tier.HoldsSince);
        }

        json.WritePropertyName("condition");
        WritePart(json, tier.Root);
        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, ExplainedPart part)
    {
        json.WriteStartObject();
        json.WriteString("text", part.Text);
        WriteOutcome(json, part);
        if (!part.Parts.IsEmpty)
        {
            json.WriteStartArray("parts");
            foreach (ExplainedPart one in part.Parts)
            {
                WritePart(json, one);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteOutcome(Utf8JsonWriter json, ExplainedPart part)
    {
        if (part.IsCondition)
        {
            json.WriteBoolean("holds", part.Holds == true);
            json.WriteBoolean("known", part.Holds is not null);
        }
        else
        {
            json.WritePropertyName("value");
            json.WriteValue(part.Value ?? FieldValue.Null);
        }

        if (part.Until is { } until)
        {
            json.WriteInstant("until", until);
        }
    }

    private static void WriteAsked(
        Utf8JsonWriter json,
        ExplainedPart part,
        InsightLedger ledger,
        SegmentExplanation explanation
    )
    {
        json.WriteStartObject();
        json.WriteString("asked", part.Text);
        WriteOutcome(json, part);
        if (part.Asked!.IsOfAccount)
        {
            json.WriteString(
                "account",
                explanation.Account.Length == 0 ? null : explanation.Account
            );
        }

        json.WriteStartArray("measured");
        foreach (ActiveInsight insight in InsightsOf(part.Asked, ledger.Insights))
        {
            json.WriteStartObject();
            if (!InsightDefinition.IsDerived(insight.Definition.Name))
            {
                json.WriteString("insight", insight.Definition.Name);
            }

            json.WriteNumber("version", insight.Version);
            InsightJson.WriteContributions(json, insight, ledger, explanation.At);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IEnumerable<ActiveInsight> InsightsOf(SegmentInput asked, InsightSet insights) =>
        (
            asked.Kind is SegmentInputKind.Insight or SegmentInputKind.TopPart ? [asked.Name]
            : asked.Derived.IsEmpty ? []
            : asked.Derived.Select(derived => derived.Name).Distinct()
        ).Select(insights.Shown).OfType<ActiveInsight>();

    private static IEnumerable<ExplainedPart> AskedBy(SegmentExplanation explanation) =>
        explanation
            .Tiers.SelectMany(tier => All(tier.Root))
            .Where(part => part.Asked is not null)
            .DistinctBy(part => part.Text);

    private static IEnumerable<ExplainedPart> All(ExplainedPart part) =>
        part.Parts.SelectMany(All).Prepend(part);
}
