using System.Buffers;

namespace OrleansCdp.Events;

/// <summary>Whole records of a file, to be sent together.</summary>
/// <param name="Body">What to send: for CSV with the header.</param>
/// <param name="Records">The records as they stand in the file.</param>
/// <param name="End">Where the file goes on.</param>
internal sealed record RecordChunk(
    byte[] Body,
    IReadOnlyList<ReadOnlyMemory<byte>> Records,
    long End
);

/// <summary>
/// A CSV or NDJSON file, cut into chunks of whole records. What is a record of CSV is what the gateway takes for one
/// (<see cref="CsvText"/>). A byte order mark and blank lines are left out.
/// </summary>
/// <param name="stream">The file.</param>
/// <param name="isCsv">CSV with a header, or NDJSON.</param>
internal sealed class RecordFile(Stream stream, bool isCsv) : IDisposable
{
    /// <summary>Records of one chunk: one request, small enough to show progress.</summary>
    public const int RecordsMax = 5_000;

    /// <summary>Bytes of the records of one chunk, except for a record that has more: it goes alone.</summary>
    public const int ChunkBytesMax = 2 * 1024 * 1024;

    /// <summary>
    /// Bytes of one record: more than an event may have, so that the gateway says what is wrong, and with the header
    /// less than a request may have.
    /// </summary>
    public const int RecordBytesMax = 8 * 1024 * 1024;

    /// <summary>Bytes of the header of a CSV file.</summary>
    public const int HeaderBytesMax = 1024 * 1024;

    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];
    private byte[] buffer = new byte[64 * 1024];
    private byte[] header = [];
    private byte separator;
    private int start;
    private int filled;
    private long position;
    private byte[]? next;
    private long nextEnd;

    /// <summary>Reads the header of a CSV file and goes where reading was left.</summary>
    /// <param name="resumeAt">A position that an earlier chunk ended at; 0 for the first record.</param>
    /// <param name="cancel">Stops reading.</param>
    /// <exception cref="CommandFailedException">There is no header, or it is too long or broken.</exception>
    public async Task OpenAsync(long resumeAt, CancellationToken cancel)
    {
        await SkipMarkAsync(cancel);
        if (isCsv)
        {
            separator = CsvText.SeparatorOf((await FirstLineAsync(cancel)).Span);
            ReadOnlyMemory<byte> first = await NextAsync(cancel) ?? default;
            header = first.ToArray();
            if (CsvText.IsBlank(header))
            {
                throw new CommandFailedException("The file has no header.");
            }

            if (header.Length > HeaderBytesMax)
            {
                throw new CommandFailedException(
                    $"The header has more than {HeaderBytesMax} bytes."
                );
            }
        }

        if (resumeAt > position)
        {
            stream.Position = position = resumeAt;
            start = filled = 0;
        }
    }

    /// <summary>The next chunk; null at the end of the file.</summary>
    /// <exception cref="CommandFailedException">
    /// A record has more than <see cref="RecordBytesMax"/>, or quotes that do not match.
    /// </exception>
    public async Task<RecordChunk?> NextChunkAsync(CancellationToken cancel)
    {
        ArrayBufferWriter<byte> body = new(64 * 1024);
        List<ReadOnlyMemory<byte>> records = [];
        AppendLine(body, header);
        long bytes = 0;
        long end = position;
        while (records.Count < RecordsMax && await PeekAsync(cancel) is { } record)
        {
            if (bytes > 0 && bytes + record.Length > ChunkBytesMax)
            {
                break; // The first of the next chunk.
            }

            records.Add(record);
            AppendLine(body, record);
            bytes += record.Length;
            end = nextEnd;
            next = null;
        }

        return records.Count == 0
            ? null
            : new RecordChunk(body.WrittenSpan.ToArray(), records, end);
    }

    public void Dispose() => stream.Dispose();

    /// <summary>Whether the gateway passes over it, too.</summary>
    private bool IsBlank(ReadOnlySpan<byte> record) =>
        isCsv ? CsvText.IsBlank(record) : record.IndexOfAnyExcept(" \t\r"u8) < 0;

    private static void AppendLine(ArrayBufferWriter<byte> body, ReadOnlySpan<byte> record)
    {
        if (!record.IsEmpty)
        {
            body.Write(record);
            body.Write("\n"u8);
        }
    }

    /// <summary>The record to be taken next, blank lines passed over; null at the end.</summary>
    private async ValueTask<byte[]?> PeekAsync(CancellationToken cancel)
    {
        while (next is null && await NextAsync(cancel) is { } record)
        {
            if (!IsBlank(record.Span))
            {
                next = record.ToArray();
                nextEnd = position;
            }
        }

        return next;
    }

    private async ValueTask SkipMarkAsync(CancellationToken cancel)
    {
        while (filled < Mark.Length && await FillAsync(cancel))
        {
            // A mark may come in pieces.
        }

        if (buffer.AsSpan(0, filled).StartsWith(Mark))
        {
            position = start = Mark.Length;
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> FirstLineAsync(CancellationToken cancel)
    {
        while (
            !buffer.AsSpan(start, filled - start).ContainsAny((byte)'\n', (byte)'\r')
            && filled <= HeaderBytesMax
            && await FillAsync(cancel)
        )
        {
            // The first line may be longer than what was read at once.
        }

        return buffer.AsMemory(start, filled - start);
    }

    /// <summary>The next record without its line end; null at the end. Valid until the next call.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancel)
    {
        bool isWhole = false;
        while (true)
        {
            if (TryTake(isWhole, out ReadOnlyMemory<byte> record, out bool quoted))
            {
                return record;
            }

            if (isWhole)
            {
                return null;
            }

            if (filled - start > RecordBytesMax + 1) // A carriage return may be the last of them.
            {
                throw TooLong(quoted);
            }

            isWhole = !await FillAsync(cancel);
        }
    }

    /// <summary>Takes the record that the buffer begins with.</summary>
    /// <param name="isWhole">Whether nothing comes after what the buffer holds.</param>
    /// <param name="record">The record without its line end.</param>
    /// <param name="quoted">Whether a quote was not closed by the end of the buffer.</param>
    /// <returns>False when its end is not in the buffer, or the buffer is empty.</returns>
    private bool TryTake(bool isWhole, out ReadOnlyMemory<byte> record, out bool quoted)
    {
        ReadOnlySpan<byte> rest = buffer.AsSpan(start, filled - start);
        int length = isCsv ? LengthOf(rest, isWhole, out quoted) : LineOf(rest, out quoted);
        length = length == 0 && isWhole ? rest.Length : length;
        record = buffer.AsMemory(start, length);
        if (length == 0)
        {
            return false;
        }

        record = record.Span[^1] == (byte)'\n' ? record[..^1] : record;
        record = record.Length > 0 && record.Span[^1] == (byte)'\r' ? record[..^1] : record;
        if (record.Length > RecordBytesMax)
        {
            throw TooLong(quoted: false);
        }

        position += length;
        start += length;
        return true;
    }

    private static int LineOf(ReadOnlySpan<byte> text, out bool quoted)
    {
        quoted = false;
        return text.IndexOf((byte)'\n') + 1;
    }

    /// <summary>Bytes of the first record with its line end; 0 when its end is not in the text.</summary>
    private int LengthOf(ReadOnlySpan<byte> text, bool isWhole, out bool quoted)
    {
        CsvText csv = new(text, separator, isWhole);
        CsvStep step = csv.NextRecord();
        quoted = csv.IsQuoted;
        return step switch
        {
            CsvStep.Cut => 0,
            CsvStep.Broken => throw new CommandFailedException(
                $"The quotes of the record at byte {position} do not match."
            ),
            _ => csv.Position,
        };
    }

    private CommandFailedException TooLong(bool quoted) =>
        new(
            $"The record at byte {position} has more than {RecordBytesMax} bytes"
                + (quoted ? "; is a quote missing?" : ".")
        );

    private async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            start = 0;
        }

        if (filled == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        int read = await stream.ReadAsync(buffer.AsMemory(filled), cancel);
        filled += read;
        return read > 0;
    }
}
