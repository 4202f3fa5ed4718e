using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Takes CSV files apart into records and asks the data stream what it makes of each.</summary>
internal static class CsvReader
{
    /// <summary>Rows of a CSV file with a header; the separator is found in the header. Blank lines are none.</summary>
    /// <exception cref="ProblemException">
    /// There is no header, quotes do not match anywhere in the file, or it has more than
    /// <see cref="Limits.StreamRecordsMax"/> rows: then nothing of it was read.
    /// </exception>
    public static IEnumerable<IntakeItem> Rows(
        ReadOnlyMemory<byte> body,
        DataStream stream,
        DateTimeOffset now
    )
    {
        body = RecordReader.WithoutMark(body);
        byte separator = CsvText.SeparatorOf(body.Span);
        Check(body.Span, separator);
        bool isText = Utf8.IsValid(body.Span);
        int at = 0;
        string[] columns = ReadRecord(body.Span, separator, ref at);
        while (at < body.Length)
        {
            int start = at;
            string[] values = ReadRecord(body.Span, separator, ref at);
            if (values is not [""])
            {
                ReadOnlyMemory<byte> sent = body[start..at];
                yield return isText || Utf8.IsValid(sent.Span)
                    ? Row(columns, values, sent, stream, now)
                    : Misfit(
                        new(ReasonCodes.Malformed, "The row is not valid UTF-8."),
                        sent,
                        stream
                    );
            }
        }
    }

    /// <summary>Goes to the file's end once, so that a fault at its end does not come after half was stored.</summary>
    private static void Check(ReadOnlySpan<byte> body, byte separator)
    {
        if (body is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw Malformed("The file is UTF-16; UTF-8 is needed.");
        }

        CsvText text = new(body, separator, isWhole: true);
        if (body.IsEmpty)
        {
            throw Malformed("A header line is needed.");
        }

        int columns = 1;
        CsvStep step;
        while ((step = text.Next()) == CsvStep.Value)
        {
            columns++;
        }

        bool isBlank = columns == 1 && text.Value.IsEmpty;
        if (step != CsvStep.Broken && (isBlank || columns > Limits.ColumnsMax))
        {
            throw Malformed($"A header of 1 to {Limits.ColumnsMax} columns is needed.");
        }

        int row = 0;
        int records = 0;
        while (step != CsvStep.Broken && text.Position < body.Length)
        {
            int start = text.Position;
            step = text.NextRecord();
            row++;
            records += CsvText.IsBlank(body[start..text.Position].TrimEnd("\r\n"u8)) ? 0 : 1;
        }

        if (step == CsvStep.Broken)
        {
            throw Malformed($"The quotes do not match in row {row}, counted from 0, the header.");
        }

        RecordReader.DemandFew(records);
    }

    /// <summary>
    /// The values of the record at a place, which then is after it. Of a record with more than a header may have, one
    /// more is read and the rest passed over.
    /// </summary>
    private static string[] ReadRecord(ReadOnlySpan<byte> body, byte separator, ref int at)
    {
        List<string> values = [];
        CsvText text = new(body[at..], separator, isWhole: true);
        CsvStep step;
        do
        {
            step = text.Next();
            if (values.Count > Limits.ColumnsMax)
            {
                continue; // It is refused for its number whatever it says.
            }

            string value = Encoding.UTF8.GetString(text.Value);
            values.Add(
                text.HasDoubledQuotes
                    ? value.Replace("\"\"", "\"", StringComparison.Ordinal)
                    : value
            );
        } while (step == CsvStep.Value);

        at += text.Position;
        return [.. values];
    }

    private static IntakeItem Row(
        string[] columns,
        string[] values,
        ReadOnlyMemory<byte> sent,
        DataStream stream,
        DateTimeOffset now
    )
    {
        if (values.Length > columns.Length)
        {
            Admission why = DataStream.IsTooLarge(values)
                ? DataStream.TooLarge()
                : stream.Admit(columns, values, now);
            return Misfit((Admission.Refused)why, sent, stream);
        }

        if (values.Length < columns.Length)
        {
            // Many programs leave out the separators of empty values at a row's end.
            int missing = columns.Length - values.Length;
            values = [.. values, .. Enumerable.Repeat("", missing)];
        }

        Admission admission = stream.Admit(columns, values, now);
        byte[] payload = admission is Admission.Refused ? JsonOf(columns, values) : [];
        return new IntakeItem
        {
            Stream = stream.Name,
            Admission = admission,
            Payload = RecordReader.Kept(payload),
            Incomplete = payload.Length > IQuarantineGrain.PayloadBytesMax,
        };
    }

    /// <summary>
    /// A row that does not fit its header, or is no text, kept as it came: nobody can say which value belongs to which
    /// column, and an object made of it would be admitted as something else when it is replayed.
    /// </summary>
    private static IntakeItem Misfit(
        Admission.Refused why,
        ReadOnlyMemory<byte> sent,
        DataStream stream
    )
    {
        ReadOnlySpan<byte> row = sent.Span.TrimEnd("\r\n"u8);
        return new IntakeItem
        {
            Stream = stream.Name,
            Admission = why,
            Payload = RecordReader.Kept(row),
            Incomplete = row.Length > IQuarantineGrain.PayloadBytesMax,
            Origin = QuarantineOrigin.Row,
        };
    }

    /// <summary>A row as the JSON object it stands for, so that it can be replayed.</summary>
    private static byte[] JsonOf(string[] columns, string[] values)
    {
        Dictionary<string, string> row = new(StringComparer.Ordinal);
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i].Length > 0)
            {
                row[columns[i]] = values[i];
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(row);
    }

    private static ProblemException Malformed(string detail) =>
        new(Problem.BadRequest(ReasonCodes.Malformed, detail));
}
