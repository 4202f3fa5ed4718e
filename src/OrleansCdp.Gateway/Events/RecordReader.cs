using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Takes bodies apart into records and asks the data stream what it makes of each.</summary>
internal static class RecordReader
{
    /// <summary>Deeper than any event can nest, so that depth is judged per record and not per body.</summary>
    private const int ParserDepthMax = Limits.StreamBodyBytesMax;

    /// <summary>How every body is parsed.</summary>
    public static readonly JsonDocumentOptions Options = new() { MaxDepth = ParserDepthMax };

    /// <summary>Lines of JSON. A line that is none is refused alone.</summary>
    /// <exception cref="ProblemException">
    /// There are more than <see cref="Limits.StreamRecordsMax"/>: then nothing was read.
    /// </exception>
    public static IEnumerable<IntakeItem> Lines(
        ReadOnlyMemory<byte> body,
        DataStream stream,
        DateTimeOffset now
    )
    {
        body = WithoutMark(body);
        DemandFew(LinesOf(body).Take(Limits.StreamRecordsMax + 1).Count());
        return LinesOf(body).Select(line => Item(line, stream, now));
    }

    /// <summary>Demands that a body has no more records than it may, before any of them is taken.</summary>
    /// <param name="records">Records it has, or one more than it may.</param>
    /// <param name="max">How many it may have.</param>
    /// <exception cref="ProblemException">It has more.</exception>
    public static void DemandFew(int records, int max = Limits.StreamRecordsMax)
    {
        if (records > max)
        {
            throw new ProblemException(
                Problem.TooLarge(
                    "too_many_items",
                    $"A body may have {max} records here. Nothing of it was taken: send it in parts."
                )
            );
        }
    }

    /// <summary>One JSON value: an array of records, an object with an array <c>data</c>, or one record.</summary>
    /// <param name="body">The body.</param>
    /// <param name="stream">The data stream it is for.</param>
    /// <param name="now">When it was received.</param>
    /// <param name="envelope">What the protocol around it says.</param>
    /// <param name="recordsMax">How many records it may have.</param>
    /// <exception cref="ProblemException">It is not JSON, or has more records: then none was read.</exception>
    public static IEnumerable<IntakeItem> Json(
        ReadOnlyMemory<byte> body,
        DataStream stream,
        DateTimeOffset now,
        Envelope envelope = default,
        int recordsMax = Limits.StreamRecordsMax
    )
    {
        using JsonDocument document = Parse(body);
        JsonElement root = document.RootElement;
        if (
            RawJson.TryGet(root, "data"u8, out JsonElement data)
            && data.ValueKind == JsonValueKind.Array
        )
        {
            root = data;
        }

        if (root.ValueKind != JsonValueKind.Array)
        {
            yield return Item(root, stream, now, envelope);
            yield break;
        }

        DemandFew(root.GetArrayLength(), recordsMax);
        foreach (JsonElement record in root.EnumerateArray())
        {
            yield return Item(record, stream, now, envelope);
        }
    }

    /// <summary>
    /// Deletions in Data Cloud's shape: an object with an array <c>ids</c>, or records as in <see cref="Json"/>.
    /// </summary>
    /// <exception cref="ProblemException">
    /// The body is not JSON, has more than <paramref name="recordsMax"/>, or the stream's records have no such id.
    /// </exception>
    public static IEnumerable<IntakeItem> Deletions(
        ReadOnlyMemory<byte> body,
        DataStream stream,
        DateTimeOffset now,
        int recordsMax
    )
    {
        Envelope envelope = new(Kind: EventKind.Deleted);
        using JsonDocument document = Parse(body);
        if (
            !RawJson.TryGet(document.RootElement, "ids"u8, out JsonElement ids)
            || ids.ValueKind != JsonValueKind.Array
        )
        {
            return Json(body, stream, now, envelope, recordsMax);
        }

        DemandFew(ids.GetArrayLength(), recordsMax);
        string key =
            stream.KeyProperty
            ?? throw new ProblemException(
                Problem.BadRequest(
                    ReasonCodes.Malformed,
                    $"No single property names a record of {stream.Name}: send records in 'data'."
                )
            );
        return
        [
            .. ids.EnumerateArray().Select(id => Item(RecordOf(key, id), stream, now, envelope)),
        ];
    }

    /// <summary>Parses a whole body.</summary>
    /// <exception cref="ProblemException">It is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            throw new ProblemException(
                Problem.BadRequest(ReasonCodes.Malformed, "The body is not valid UTF-8.")
            );
        }

        try
        {
            return JsonDocument.Parse(WithoutMark(body), Options);
        }
        catch (JsonException e)
        {
            throw new ProblemException(
                Problem.BadRequest(
                    ReasonCodes.Malformed,
                    $"The body is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})."
                )
            );
        }
    }

    /// <summary>One record of a parsed body.</summary>
    public static IntakeItem Item(
        JsonElement record,
        DataStream stream,
        DateTimeOffset now,
        Envelope envelope = default,
        QuarantineOrigin origin = QuarantineOrigin.Record
    ) => IntakeItem.Of(record, stream, now, envelope, origin);

    /// <summary>As much of a record as quarantine keeps.</summary>
    public static byte[] Kept(ReadOnlySpan<byte> raw) =>
        raw[..Math.Min(raw.Length, IQuarantineGrain.PayloadBytesMax)].ToArray();

    /// <summary>The body without the byte order mark that some programs put before UTF-8.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;

    private static JsonElement RecordOf(string key, JsonElement id)
    {
        ArrayBufferWriter<byte> json = new();
        json.Write("{"u8);
        json.Append(JsonEncodedText.Encode(key).EncodedUtf8Bytes, id);
        json.Write("}"u8);
        return JsonElement.Parse(json.WrittenSpan, Options);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> LinesOf(ReadOnlyMemory<byte> body)
    {
        while (!body.IsEmpty)
        {
            int end = body.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = Trim(end < 0 ? body : body[..end]);
            body = end < 0 ? default : body[(end + 1)..];
            if (!line.IsEmpty)
            {
                yield return line;
            }
        }
    }

    private static IntakeItem Item(ReadOnlyMemory<byte> line, DataStream stream, DateTimeOffset now)
    {
        string? fault =
            line.Length > Limits.EventBytesMax ? null
            : !Utf8.IsValid(line.Span) ? "The line is not valid UTF-8."
            : "The line is not JSON.";
        if (line.Length <= Limits.EventBytesMax && Utf8.IsValid(line.Span))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line, Options);
                return Item(document.RootElement, stream, now);
            }
            catch (JsonException)
            {
                // Refused below, with the line as it came.
            }
        }

        return new IntakeItem
        {
            Stream = stream.Name,
            Admission = fault is null
                ? DataStream.TooLarge()
                : new Admission.Refused(ReasonCodes.Malformed, fault),
            Payload = Kept(line.Span),
            Incomplete = line.Length > IQuarantineGrain.PayloadBytesMax,
        };
    }

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> line)
    {
        ReadOnlySpan<byte> blanks = " \t\r"u8;
        int start = line.Span.IndexOfAnyExcept(blanks);
        return start < 0 ? default : line[start..(line.Span.LastIndexOfAnyExcept(blanks) + 1)];
    }
}
