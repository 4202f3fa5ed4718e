using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Orleans.Serialization;

namespace OrleansCdp;

/// <summary>Takes the parts in which a state differs from the one stored last.</summary>
internal interface IPartChanges
{
    /// <summary>A part that is new or differs.</summary>
    void Put<T>(string key, T part);

    /// <summary>The same, encoded already; the bytes are copied.</summary>
    void PutBytes(string key, ReadOnlySpan<byte> part);

    /// <summary>A part that is gone.</summary>
    void Remove(string key);
}

/// <summary>The parts of a stored state.</summary>
internal interface IStoredParts
{
    /// <summary>Their keys.</summary>
    IEnumerable<string> Keys { get; }

    /// <summary>Reads one.</summary>
    T Read<T>(string key);

    /// <summary>Its bytes, which are as they are until the next change.</summary>
    ReadOnlyMemory<byte> ReadBytes(string key);
}

/// <summary>
/// The parts of one state as they are stored: what changed lately together in the state's own row, up to
/// <see cref="InlineBytesMax"/>; what does not change just now, the largest first, in rows of its own. So a save costs
/// what changed, however much there is, and a small state is one row.
/// </summary>
internal sealed class StateParts(string id, Serializer serializer) : IPartChanges, IStoredParts
{
    /// <summary>Bytes, before compression, that a state's own row holds at most, unless its head alone has more.</summary>
    public const int InlineBytesMax = 8 * 1024;

    /// <summary>Key of the part that is always in the state's own row.</summary>
    public const string Head = "h";

    private readonly Dictionary<string, PartBytes> inline = new(StringComparer.Ordinal);
    private readonly HashSet<string> touched = new(StringComparer.Ordinal);
    private readonly List<SnapshotPart> written = [];
    private readonly List<string> removed = [];
    private Dictionary<string, byte[]> loaded = new(StringComparer.Ordinal);
    private HashSet<string>? apart;
    private int inlineBytes;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => inline.Keys.Concat(loaded.Keys);

    /// <summary>Takes in what is stored; then the parts can be read once.</summary>
    /// <exception cref="CorruptSnapshotException">
    /// The stored bytes are not what was written, or a newer program wrote them.
    /// </exception>
    public void Open(Snapshot snapshot)
    {
        ReadOnlySpan<byte> row = Open(snapshot, part: "", snapshot.Data);
        int apartCount = TakeNumber(ref row);
        while (!row.IsEmpty)
        {
            string key = Encoding.UTF8.GetString(TakeBytes(ref row));
            Keep(key, TakeBytes(ref row));
        }

        if (apartCount != snapshot.Parts.Length)
        {
            throw new CorruptSnapshotException(
                $"The snapshot of {id} has {snapshot.Parts.Length} parts of {apartCount}.",
                snapshot
            );
        }

        foreach (SnapshotPart part in snapshot.Parts)
        {
            (apart ??= new(StringComparer.Ordinal)).Add(part.Key);
            if (!inline.ContainsKey(part.Key))
            {
                loaded.Add(part.Key, Open(snapshot, part.Key, part.Data));
            }
        }
    }

    /// <summary>Ends reading: what is stored apart is not kept in memory.</summary>
    public void EndReading() => loaded = [];

    /// <inheritdoc/>
    public T Read<T>(string key) =>
        serializer.Deserialize<T>(ReadBytes(key).Span)
        ?? throw new InvalidDataException($"The snapshot of {id} has an empty part.");

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> ReadBytes(string key) =>
        inline.TryGetValue(key, out PartBytes? near) ? near.Memory : loaded[key];

    /// <inheritdoc/>
    public void Put<T>(string key, T part) => PutBytes(key, serializer.SerializeToArray(part));

    /// <inheritdoc/>
    public void PutBytes(string key, ReadOnlySpan<byte> part)
    {
        Keep(key, part);
        touched.Add(key);
    }

    /// <inheritdoc/>
    public void Remove(string key)
    {
        Drop(key);
        touched.Remove(key);
        if (apart?.Remove(key) == true)
        {
            removed.Add(key);
        }
    }

    /// <summary>What a save has to write, now that every change was said.</summary>
    public (
        byte[] Data,
        ImmutableArray<SnapshotPart> Written,
        ImmutableArray<string> Removed
    ) Close()
    {
        if (inlineBytes > InlineBytesMax)
        {
            // What this save does not touch is likely to rest; of that the largest makes most room.
            string[] leaving =
            [
                .. inline
                    .Keys.Where(key => key != Head)
                    .OrderBy(touched.Contains)
                    .ThenByDescending(key => inline[key].Memory.Length)
                    .ThenBy(key => key, StringComparer.Ordinal),
            ];
            for (int i = 0; i < leaving.Length && inlineBytes > InlineBytesMax; i++)
            {
                MoveApart(leaving[i]);
            }
        }

        var changes = (SealRow(), written.ToImmutableArray(), removed.ToImmutableArray());
        touched.Clear();
        written.Clear();
        removed.Clear();
        return changes;
    }

    private byte[] Open(Snapshot snapshot, string part, byte[] bytes)
    {
        try
        {
            return SnapshotFrame.Open(bytes, id);
        }
        catch (CorruptSnapshotException e)
        {
            throw new CorruptSnapshotException(e.Message, snapshot, part);
        }
    }

    private void MoveApart(string key)
    {
        written.Add(new SnapshotPart(key, SnapshotFrame.Seal(inline[key].Memory.Span)));
        (apart ??= new(StringComparer.Ordinal)).Add(key);
        Drop(key);
    }

    private void Keep(string key, ReadOnlySpan<byte> bytes)
    {
        if (!inline.TryGetValue(key, out PartBytes? kept))
        {
            inline.Add(key, kept = new PartBytes());
        }

        inlineBytes += bytes.Length - kept.Memory.Length;
        kept.Become(bytes);
    }

    private void Drop(string key)
    {
        if (inline.Remove(key, out PartBytes? kept))
        {
            inlineBytes -= kept.Memory.Length;
        }
    }

    private byte[] SealRow()
    {
        int length = sizeof(int);
        foreach ((string key, PartBytes part) in inline)
        {
            length += (2 * sizeof(int)) + Encoding.UTF8.GetByteCount(key) + part.Memory.Length;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> rest = rented;
        PutNumber(ref rest, apart?.Count ?? 0);
        foreach ((string key, PartBytes part) in inline)
        {
            ReadOnlySpan<byte> bytes = part.Memory.Span;
            int keyLength = Encoding.UTF8.GetBytes(key, rest[sizeof(int)..]);
            PutNumber(ref rest, keyLength);
            rest = rest[keyLength..];
            PutNumber(ref rest, bytes.Length);
            bytes.CopyTo(rest);
            rest = rest[bytes.Length..];
        }

        byte[] row = SnapshotFrame.Seal(rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
        return row;
    }

    private static void PutNumber(ref Span<byte> rest, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rest, number);
        rest = rest[sizeof(int)..];
    }

    private static int TakeNumber(ref ReadOnlySpan<byte> row)
    {
        int number = BinaryPrimitives.ReadInt32LittleEndian(row);
        row = row[sizeof(int)..];
        return number;
    }

    private static ReadOnlySpan<byte> TakeBytes(ref ReadOnlySpan<byte> row)
    {
        int length = TakeNumber(ref row);
        ReadOnlySpan<byte> bytes = row[..length];
        row = row[length..];
        return bytes;
    }

    /// <summary>
    /// A part's bytes in an array that outlives them: it is written over, or every save would leave a few old kilobytes
    /// behind.
    /// </summary>
    private sealed class PartBytes
    {
        private byte[] buffer = [];
        private int length;

        public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, length);

        public void Become(ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length > buffer.Length || bytes.Length < buffer.Length / 4)
            {
                buffer = new byte[bytes.Length + (bytes.Length / 8)];
            }

            bytes.CopyTo(buffer);
            length = bytes.Length;
        }
    }
}
