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
    /// <exception cref="InvalidDataException">They are not what was written.</exception>
    public static byte[] Open(byte[] bytes, string name)
    {
        if (bytes.Length < HeaderBytes || bytes[0] != Lz4Format)
        {
            throw new InvalidDataException($"The snapshot of {name} has an unknown format.");
        }

        ReadOnlySpan<byte> packed = bytes.AsSpan(HeaderBytes);
        ulong checksum = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(1));
        return checksum == XxHash3.HashToUInt64(packed)
            ? LZ4Pickler.Unpickle(packed)
            : throw new InvalidDataException(
                $"The snapshot of {name} does not match its checksum."
            );
    }
}
