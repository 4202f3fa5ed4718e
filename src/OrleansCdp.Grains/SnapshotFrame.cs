using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using K4os.Compression.LZ4;

namespace OrleansCdp;

/// <summary>
/// How bytes of a state are stored: a format byte, an XXH3 checksum, LZ4. Part of the stored format, never changed.
/// </summary>
internal static class SnapshotFrame
{
    private const byte Lz4Format = 1;
    private const int HeaderBytes = 9;
    private const int BufferKeptMax = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? buffer;

    /// <summary>Packs bytes for the store.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> content)
    {
        ArrayBufferWriter<byte> frame = buffer ??= new ArrayBufferWriter<byte>();
        frame.ResetWrittenCount();
        frame.GetSpan(HeaderBytes)[0] = Lz4Format;
        frame.Advance(HeaderBytes);
        LZ4Pickler.Pickle(content, frame);
        byte[] bytes = frame.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(
            bytes.AsSpan(1),
            XxHash3.HashToUInt64(bytes.AsSpan(HeaderBytes))
        );
        if (frame.Capacity > BufferKeptMax)
        {
            buffer = null;
        }

        return bytes;
    }

    /// <summary>Unpacks what <see cref="Seal"/> packed.</summary>
    /// <param name="bytes">The stored bytes.</param>
    /// <param name="name">Whose they are, for the message.</param>
    /// <exception cref="CorruptSnapshotException">They are not what was written, or a newer program wrote them.</exception>
    public static byte[] Open(byte[] bytes, string name)
    {
        if (IsOfUnknownFormat(bytes))
        {
            throw new CorruptSnapshotException(
                $"The snapshot of {name} has format {bytes[0]}, which this program does not know."
            );
        }

        if (bytes.Length < HeaderBytes)
        {
            throw new CorruptSnapshotException($"The snapshot of {name} is cut short.");
        }

        ReadOnlySpan<byte> packed = bytes.AsSpan(HeaderBytes);
        ulong checksum = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(1));
        return checksum == XxHash3.HashToUInt64(packed)
            ? LZ4Pickler.Unpickle(packed)
            : throw new CorruptSnapshotException(
                $"The snapshot of {name} does not match its checksum."
            );
    }

    /// <summary>Whether a newer program may have written them; a damaged first byte looks the same.</summary>
    public static bool IsOfUnknownFormat(byte[] bytes) => bytes.Length > 0 && bytes[0] != Lz4Format;
}

/// <summary>Stored bytes are not what was written: a disk, or somebody's hand, or a newer program.</summary>
/// <param name="message">What is wrong, without personal data.</param>
/// <param name="found">All that is stored of the state; null where only one frame was looked at.</param>
/// <param name="part">The damaged part; empty for the state's own row.</param>
/// <param name="unreadable">Why bytes that are whole could not be read; null where they are not whole.</param>
internal sealed class CorruptSnapshotException(
    string message,
    Snapshot? found = null,
    string part = "",
    Exception? unreadable = null
) : Exception(message, unreadable)
{
    /// <summary>All that is stored of the state.</summary>
    public Snapshot Found =>
        found ?? throw new InvalidOperationException("Only one frame was looked at.", this);

    /// <summary>The damaged part; empty for the state's own row.</summary>
    public string Part => part;

    /// <summary>Whether a newer program may have written any of it: then nothing may be written over it.</summary>
    public bool MayBeNewer =>
        InnerException is not null
        || SnapshotFrame.IsOfUnknownFormat(Found.Data)
        || Found.Parts.Any(stored => SnapshotFrame.IsOfUnknownFormat(stored.Data));
}
