using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>
/// What the gateway refused, one JSON object per line: <c>record</c> (its number in the file, from 1), <c>code</c>,
/// <c>message</c>, <c>pointer</c> and <c>text</c>, the record as it stands in the file.
/// </summary>
internal sealed class RejectFile(string path)
{
    /// <summary>Where the rejects of a file go.</summary>
    public static string PathFor(FileInfo file) => file.FullName + ".rejects.ndjson";

    /// <summary>Removes what an interrupted or an earlier import wrote past this place.</summary>
    /// <param name="length">Bytes to keep; 0 for no file at all.</param>
    public void Cut(long length)
    {
        if (length == 0)
        {
            File.Delete(path);
        }
        else if (File.Exists(path))
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Write);
            file.SetLength(length);
        }
    }

    /// <summary>Appends the refused records of a chunk.</summary>
    /// <param name="offset">Where to write: what an interrupted import wrote after it is overwritten.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="before">Records sent before it.</param>
    /// <param name="refusals">The gateway's list; every place is one of the chunk.</param>
    /// <param name="cancel">Stops writing; what was half written is overwritten by the next attempt.</param>
    /// <returns>Where the next ones go.</returns>
    public async Task<long> AppendAsync(
        long offset,
        RecordChunk chunk,
        long before,
        ImmutableArray<ChunkRefusal> refusals,
        CancellationToken cancel
    )
    {
        if (refusals.IsEmpty)
        {
            return offset;
        }

        await using FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.Write);
        file.SetLength(offset);
        file.Position = offset;
        foreach (ChunkRefusal refusal in refusals)
        {
            JsonObject line = new()
            {
                ["record"] = before + refusal.Index + 1,
                ["code"] = refusal.Code,
                ["message"] = refusal.Message,
                ["pointer"] = refusal.Pointer,
                ["text"] = Encoding.UTF8.GetString(chunk.Records[refusal.Index].Span),
            };
            await JsonSerializer.SerializeAsync(file, line, cancellationToken: cancel);
            file.WriteByte((byte)'\n');
        }

        return file.Position;
    }
}
