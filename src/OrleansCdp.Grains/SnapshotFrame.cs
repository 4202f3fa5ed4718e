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

    /// <summary>Packs bytes for the store.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> content)
    {
        byte[] packed = LZ4Pickler.Pickle(content);
        byte[] bytes = new byte[HeaderBytes + packed.Length];
        bytes[0] = Lz4Format;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(1), XxHash3.HashToUInt64(packed));
        packed.CopyTo(bytes, HeaderBytes);
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
