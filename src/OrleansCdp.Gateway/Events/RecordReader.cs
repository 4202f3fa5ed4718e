using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using OrleansCdp.Governance;
using Sylvan.Data.Csv;

namespace OrleansCdp.Events;

/// <summary>Takes bodies apart into records and asks the data stream what it makes of each.</summary>
internal static class RecordReader
{
    /// <summary>Deeper than any event can nest, so that depth is judged per record and not per body.</summary>
    private const int ParserDepthMax = Limits.StreamBodyBytesMax;

    private const int ColumnsMax = 2_000;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ParserDepthMax };

    /// <summary>Lines of JSON. A line that is none is refused alone.</summary>
    public static IEnumerable<IntakeItem> Lines(
        ReadOnlyMemory<byte> body,
        DataStream stream,
        DateTimeOffset now
    )
    {
        while (!body.IsEmpty)
        {
            int end = body.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = Trim(end < 0 ? body : body[..end]);
            body = end < 0 ? default : body[(end + 1)..];
            if (!line.IsEmpty)
            {
                yield return Item(line, stream, now);
            }
        }
    }

    /// <summary>One JSON value: an array of records, an object with an array <c>data</c>, or one record.</summary>
    /// <exception cref="ProblemException">The body is not JSON.</exception>
    public static IEnumerable<IntakeItem> Json(
        ReadOnlyMemory<byte> body,
        DataStream stream,
        DateTimeOffset now,
        Envelope envelope = default
    )
    {
        using JsonDocument document = Parse(body);
        JsonElement root = document.RootElement;
        if (
            root.ValueKind == JsonValueKind.Object
            && root.TryGetProperty("data"u8, out JsonElement data)
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

        foreach (JsonElement record in root.EnumerateArray())
        {
            yield return Item(record, stream, now, envelope);
        }
    }

    /// <summary>Rows of a CSV file with a header.</summary>
    /// <exception cref="ProblemException">There is no header, or quotes do not match.</exception>
    public static IEnumerable<IntakeItem> Csv(
        ReadOnlyMemory<byte> body,
        DataStream stream,
        DateTimeOffset now
    )
    {
        using StreamReader text = new(
            new MemoryStream(body.ToArray(), writable: false),
            Encoding.UTF8
        );
        using CsvDataReader csv = OpenCsv(text);
        string[] columns = [.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetName)];
        if (columns.Length is 0 or > ColumnsMax)
        {
            throw new ProblemException(
                Problem.BadRequest(
                    ReasonCodes.Malformed,
                    $"A header of 1 to {ColumnsMax} columns is needed."
                )
            );
        }

        while (Advance(csv))
        {
            string[] values = [.. Enumerable.Range(0, columns.Length).Select(csv.GetString)];
            yield return Row(columns, values, stream, now);
        }
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
            return JsonDocument.Parse(body, Options);
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

    private static Admission.Refused TooLarge { get; } =
        new(ReasonCodes.EventTooLarge, $"An event may have {Limits.EventBytesMax} bytes.");

    private static byte[] Kept(ReadOnlySpan<byte> raw) =>
        raw[..Math.Min(raw.Length, IQuarantineGrain.PayloadBytesMax)].ToArray();

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
                ? TooLarge
                : new Admission.Refused(ReasonCodes.Malformed, fault),
            Payload = Kept(line.Span),
            Incomplete = line.Length > IQuarantineGrain.PayloadBytesMax,
        };
    }

    private static IntakeItem Row(
        string[] columns,
        string[] values,
        DataStream stream,
        DateTimeOffset now
    )
    {
        int size = values.Sum(value => value.Length);
        Admission admission =
            size > Limits.EventBytesMax ? TooLarge
            : Array.Exists(values, value => value.Contains('\uFFFD', StringComparison.Ordinal))
                ? new Admission.Refused(ReasonCodes.Malformed, "The row is not valid UTF-8.")
            : stream.Admit(columns, values, now);
        byte[] payload = admission is Admission.Refused ? JsonOf(columns, values) : [];
        return new IntakeItem
        {
            Stream = stream.Name,
            Admission = admission,
            Payload = payload.Length > IQuarantineGrain.PayloadBytesMax ? Kept(payload) : payload,
            Incomplete = payload.Length > IQuarantineGrain.PayloadBytesMax,
        };
    }

    /// <summary>A row as the JSON object it stands for, so that it can be replayed.</summary>
    private static byte[] JsonOf(string[] columns, string[] values)
    {
        Dictionary<string, string> row = new(StringComparer.Ordinal);
        for (int i = 0; i < columns.Length; i++)
        {
            if (values[i].Length > 0)
            {
                row[columns[i]] = values[i];
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(row);
    }

    private static CsvDataReader OpenCsv(StreamReader text)
    {
        try
        {
            return CsvDataReader.Create(
                text,
                new CsvDataReaderOptions
                {
                    HasHeaders = true,
                    BufferSize = 64 * 1024,
                    MaxBufferSize = 2 * Limits.StreamBodyBytesMax,
                }
            );
        }
        catch (Exception e)
            when (e is FormatException or InvalidDataException or CsvMissingHeadersException)
        {
            throw MalformedCsv();
        }
    }

    private static bool Advance(CsvDataReader csv)
    {
        try
        {
            return csv.Read();
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            throw MalformedCsv();
        }
    }

    private static ProblemException MalformedCsv() =>
        new(Problem.BadRequest(ReasonCodes.Malformed, "The body is not CSV with a header line."));

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> line)
    {
        ReadOnlySpan<byte> blanks = " \t\r"u8;
        int start = line.Span.IndexOfAnyExcept(blanks);
        return start < 0 ? default : line[start..(line.Span.LastIndexOfAnyExcept(blanks) + 1)];
    }
}
