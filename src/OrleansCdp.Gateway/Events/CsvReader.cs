using System.Globalization;
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
    /// There is no header, or quotes do not match anywhere in the file: then nothing of it was read.
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
                bool isRowText = isText || Utf8.IsValid(body.Span[start..at]);
                yield return Row(columns, values, stream, now, isRowText);
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
        while (step != CsvStep.Broken && text.Position < body.Length)
        {
            step = text.NextRecord();
            row++;
        }

        if (step == CsvStep.Broken)
        {
            throw Malformed($"The quotes do not match in row {row}, counted from 0, the header.");
        }
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
        DataStream stream,
        DateTimeOffset now,
        bool isText
    )
    {
        Admission admission = Admit(columns, values, stream, now, isText);
        byte[] payload = admission is Admission.Refused ? JsonOf(columns, values) : [];
        return new IntakeItem
        {
            Stream = stream.Name,
            Admission = admission,
            Payload = RecordReader.Kept(payload),
            Incomplete =
                values.Length > Limits.ColumnsMax
                || payload.Length > IQuarantineGrain.PayloadBytesMax,
        };
    }

    private static Admission Admit(
        string[] columns,
        string[] values,
        DataStream stream,
        DateTimeOffset now,
        bool isText
    )
    {
        if (DataStream.IsTooLarge(values))
        {
            return DataStream.TooLarge();
        }

        if (!isText)
        {
            return new Admission.Refused(ReasonCodes.Malformed, "The row is not valid UTF-8.");
        }

        if (values.Length < columns.Length)
        {
            // Many programs leave out the separators of empty values at a row's end.
            int missing = columns.Length - values.Length;
            values = [.. values, .. Enumerable.Repeat("", missing)];
        }

        return stream.Admit(columns, values, now); // Too many values are refused there.
    }

    /// <summary>A row as the JSON object it stands for, so that it can be replayed.</summary>
    private static byte[] JsonOf(string[] columns, string[] values)
    {
        Dictionary<string, string> row = new(StringComparer.Ordinal);
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i].Length > 0)
            {
                string name =
                    i < columns.Length
                        ? columns[i]
                        : string.Create(
                            CultureInfo.InvariantCulture,
                            $"(value {i + 1}, beyond the header)"
                        );
                row[name] = values[i];
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(row);
    }

    private static ProblemException Malformed(string detail) =>
        new(Problem.BadRequest(ReasonCodes.Malformed, detail));
}
