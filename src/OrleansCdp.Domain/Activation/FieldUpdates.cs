using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Context;
using OrleansCdp.Insights;

namespace OrleansCdp.Activation;

/// <summary>A value to be written into a field of the CRM.</summary>
/// <param name="Topic">What it is about: <c>enrichments/OBJECT/FIELD</c>.</param>
/// <param name="Sequence">Of two for the same individual and field the higher is the newer.</param>
/// <param name="Payload">The value with where it comes from, as JSON.</param>
public sealed record FieldUpdate(string Topic, long Sequence, byte[] Payload);

/// <summary>Which fields of the CRM an individual or account has to be written into, now that its state is another.</summary>
public static class FieldUpdates
{
    /// <summary>What topics of field updates begin with.</summary>
    public const string TopicPrefix = "enrichments/";

    /// <summary>The updates that are due.</summary>
    /// <param name="id">Whose they are.</param>
    /// <param name="ledger">What counts in the insights, up to the new state.</param>
    /// <param name="links">The links of the new state.</param>
    /// <param name="known">What was handed over last, by field.</param>
    /// <param name="now">The moment.</param>
    /// <param name="written">What will have been handed over with these.</param>
    /// <returns>
    /// One for each field whose value differs from the one handed over last by more than the dead band of its insight. What has
    /// no value any more clears the field.
    /// </returns>
    public static ImmutableArray<FieldUpdate> Of(
        string id,
        InsightLedger ledger,
        LinkSet links,
        ImmutableArray<WrittenValue> known,
        DateTimeOffset now,
        out ImmutableArray<WrittenValue> written
    )
    {
        var updates = ImmutableArray.CreateBuilder<FieldUpdate>();
        written = known;
        foreach (ActiveInsight insight in ledger.Insights.Written)
        {
            // What some of the people add is no value that anybody should see in the CRM.
            bool isPartial = insight.Definition.HasPeople && ledger.People.IsPartial;
            if (isPartial || ledger.ValueOf(insight, now) is not { } value)
            {
                continue;
            }

            WrittenField field = insight.Definition.Writes!;
            FieldValue next = ValueOf(value);
            WrittenValue? before = known.FirstOrDefault(one => one.Field == field);
            if (IsWithin(insight.Definition.DeadBand, before?.Value ?? FieldValue.Null, next))
            {
                continue;
            }

            // A state that was made anew has forgotten what it handed over: the clock goes on all the same.
            long sequence = Math.Max((before?.Sequence ?? 0) + 1, now.ToUnixTimeMilliseconds());
            WrittenValue latest = new(field, next, sequence);
            written = before is null ? written.Add(latest) : written.Replace(before, latest);
            updates.Add(
                new FieldUpdate(
                    $"{TopicPrefix}{field.Object}/{field.Field}",
                    latest.Sequence,
                    PayloadOf(id, value, latest, links)
                )
            );
        }

        return updates.DrainToImmutable();
    }

    /// <summary>What a field gets: of a divided insight the name of its largest part.</summary>
    private static FieldValue ValueOf(InsightValue value) =>
        !value.Insight.Definition.IsDivided ? value.Value ?? FieldValue.Null
        : value.Parts.IsEmpty ? FieldValue.Null
        : FieldValue.Of(value.Parts[0].Name);

    private static bool IsWithin(decimal deadBand, FieldValue before, FieldValue next) =>
        before == next
        || (
            before.AsNumber() is { } from
            && next.AsNumber() is { } to
            && Math.Abs(to - from) <= deadBand
        );

    private static byte[] PayloadOf(
        string id,
        InsightValue value,
        WrittenValue written,
        LinkSet links
    )
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer, FieldJson.Compact);
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", written.Field.Object);
        json.WriteString("field", written.Field.Field);
        json.WritePropertyName("value");
        json.WriteValue(written.Value);
        json.WriteString("unit", value.Insight.Definition.Unit);
        json.WriteString("insight", value.Insight.Definition.Name);
        json.WriteNumber("version", value.Insight.Version);
        json.WriteInstant("computedAt", value.At);
        json.WriteInstant("asOf", ServiceGraph.AsOf(links));
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
