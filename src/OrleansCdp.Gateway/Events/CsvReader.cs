using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using OrleansCdp.Governance;
using Sylvan.Data.Csv;

namespace OrleansCdp.Events;

/// <summary>Takes CSV files apart into records and asks the data stream what it makes of each.</summary>
internal static class CsvReader
{
    /// <summary>Columns a file may have.</summary>
    public const int ColumnsMax = 2_000;

    private const char Replacement = '\uFFFD';

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
        Check(body);
        bool isText = Utf8.IsValid(body.Span);
        using CsvDataReader csv = Open(body);
        string[] columns = [.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetName)];
        while (csv.Read())
        {
            string[] values = [.. Enumerable.Range(0, csv.RowFieldCount).Select(csv.GetString)];
            if (values.Length > 1 || values is [{ Length: > 0 }])
            {
                yield return Row(columns, values, stream, now, isText);
            }
        }
    }

    /// <summary>Reads the file to its end once, so that a fault at its end does not come after half was stored.</summary>
    private static void Check(ReadOnlyMemory<byte> body)
    {
        int row = 0;
        try
        {
            using CsvDataReader csv = Open(body);
            if (csv.FieldCount is 0 or > ColumnsMax)
            {
                throw Malformed($"A header of 1 to {ColumnsMax} columns is needed.");
            }

            while (csv.Read())
            {
                row++;
            }
        }
        catch (Exception e)
            when (e is FormatException or InvalidDataException or CsvMissingHeadersException)
        {
            throw Malformed(
                e is CsvMissingHeadersException
                    ? "A header line is needed."
                    : $"The quotes do not match in the row after row {row}."
            );
        }
    }

    private static CsvDataReader Open(ReadOnlyMemory<byte> body) =>
        CsvDataReader.Create(
            new StreamReader(new MemoryStream(body.ToArray(), writable: false), Encoding.UTF8),
            new CsvDataReaderOptions
            {
                HasHeaders = true,
                BufferSize = 64 * 1024,
                MaxBufferSize = 2 * Limits.StreamBodyBytesMax,
            }
        );

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
            Incomplete = payload.Length > IQuarantineGrain.PayloadBytesMax,
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

        if (!isText && Array.Exists(values, v => v.Contains(Replacement, StringComparison.Ordinal)))
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
