using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>Records of one data stream, to be sent together.</summary>
/// <param name="Stream">The data stream.</param>
/// <param name="Body">One JSON object per line.</param>
/// <param name="Count">Records.</param>
internal sealed record DemoBatch(string Stream, byte[] Body, int Count);

/// <summary>How the demo writes records down.</summary>
internal static class DemoRecords
{
    /// <summary>Records of one batch: small enough for a bar that moves.</summary>
    public const int BatchMax = 500;

    private static readonly JsonWriterOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Cuts records into batches.</summary>
    /// <param name="records">The records, in the order they are to be sent.</param>
    /// <param name="stream">The data stream.</param>
    public static IEnumerable<DemoBatch> For(this IEnumerable<JsonObject> records, string stream)
    {
        foreach (JsonObject[] batch in records.Chunk(BatchMax))
        {
            ArrayBufferWriter<byte> body = new(64 * 1024);
            foreach (JsonObject record in batch)
            {
                using Utf8JsonWriter json = new(body, Readable);
                record.WriteTo(json);
                json.Flush();
                body.Write("\n"u8);
            }

            yield return new DemoBatch(stream, body.WrittenSpan.ToArray(), batch.Length);
        }
    }

    /// <summary>A moment as all sources of the demo write it.</summary>
    public static string Text(this DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A day as all sources of the demo write it.</summary>
    public static string DayText(this DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
