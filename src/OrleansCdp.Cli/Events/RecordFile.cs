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
/// A CSV or NDJSON file, cut into chunks of whole records. A record of CSV may span lines inside quotes (RFC 4180).
/// </summary>
/// <param name="stream">The file.</param>
/// <param name="isCsv">CSV with a header, or NDJSON.</param>
internal sealed class RecordFile(Stream stream, bool isCsv) : IDisposable
{
    /// <summary>Records of one chunk: one request, small enough to show progress.</summary>
    public const int RecordsMax = 5_000;

    /// <summary>Bytes of one chunk, except for one record that has more.</summary>
    public const int ChunkBytesMax = 2 * 1024 * 1024;

    /// <summary>Bytes of one record: more than the gateway takes, so that the gateway says what is wrong.</summary>
    public const int RecordBytesMax = 8 * 1024 * 1024;

    private byte[] buffer = new byte[64 * 1024];
    private byte[] header = [];
    private int start;
    private int filled;
    private long position;

    /// <summary>Reads the header of a CSV file and goes where reading was left.</summary>
    /// <param name="resumeAt">A position that an earlier chunk ended at; 0 for the first record.</param>
    /// <param name="cancel">Stops reading.</param>
    /// <exception cref="CommandFailedException">There is no header.</exception>
    public async Task OpenAsync(long resumeAt, CancellationToken cancel)
    {
        if (isCsv)
        {
            ReadOnlyMemory<byte>? first = await NextAsync(cancel);
            header =
                first?.ToArray() ?? throw new CommandFailedException("The file has no header.");
        }

        if (resumeAt > position)
        {
            stream.Position = position = resumeAt;
            start = filled = 0;
        }
    }

    /// <summary>The next chunk; null at the end of the file.</summary>
    /// <exception cref="CommandFailedException">A record has more than <see cref="RecordBytesMax"/>.</exception>
    public async Task<RecordChunk?> NextChunkAsync(CancellationToken cancel)
    {
        ArrayBufferWriter<byte> body = new(ChunkBytesMax);
        List<ReadOnlyMemory<byte>> records = [];
        AppendLine(body, header);
        long bytes = 0;
        while (records.Count < RecordsMax && bytes < ChunkBytesMax)
        {
            if (await NextAsync(cancel) is not { } record)
            {
                break;
            }

            byte[] kept = record.ToArray();
            if (!IsBlank(kept))
            {
                records.Add(kept);
                AppendLine(body, kept);
                bytes += kept.Length;
            }
        }

        return records.Count == 0
            ? null
            : new RecordChunk(body.WrittenSpan.ToArray(), records, position);
    }

    public void Dispose() => stream.Dispose();

    private static bool IsBlank(ReadOnlySpan<byte> record) =>
        record.IndexOfAnyExcept(" \t\r\n"u8) < 0;

    private static void AppendLine(ArrayBufferWriter<byte> body, ReadOnlySpan<byte> record)
    {
        if (!record.IsEmpty)
        {
            body.Write(record);
            body.Write("\n"u8);
        }
    }

    /// <summary>The next record without its line end; null at the end. Valid until the next call.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancel)
    {
        int looked = 0;
        bool quoted = false;
        while (true)
        {
            for (int i = start + looked; i < filled; i++)
            {
                byte b = buffer[i];
                quoted ^= isCsv && b == (byte)'"';
                if (b == (byte)'\n' && !quoted)
                {
                    return Take(i, i + 1);
                }
            }

            looked = filled - start;
            if (looked > RecordBytesMax)
            {
                throw new CommandFailedException(
                    $"The record at byte {position} has more than {RecordBytesMax} bytes"
                        + (quoted ? "; is a quote missing?" : ".")
                );
            }

            if (!await FillAsync(cancel))
            {
                return looked == 0 ? null : Take(filled, filled);
            }
        }
    }

    private ReadOnlyMemory<byte> Take(int end, int next)
    {
        ReadOnlyMemory<byte> record = buffer.AsMemory(start, end - start);
        position += next - start;
        start = next;
        return record.Length > 0 && record.Span[^1] == (byte)'\r' ? record[..^1] : record;
    }

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
