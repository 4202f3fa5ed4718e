using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Orleans.Serialization;

namespace OrleansCdp;

/// <summary>The stored state of one individual or account, as its grain holds it.</summary>
/// <typeparam name="T">The state.</typeparam>
internal sealed class SnapshotCell<T>(string id, ISnapshotStore store, Serializer<T> serializer)
    where T : class
{
    private const byte Format = 1;
    private const int HeaderBytes = 9;
    private long version;

    /// <summary>Reads the state; null when there is none.</summary>
    /// <exception cref="InvalidDataException">The stored bytes are not what was written.</exception>
    public async Task<T?> LoadAsync(CancellationToken cancel)
    {
        Snapshot? snapshot = await store.LoadAsync(id, cancel);
        if (snapshot is null)
        {
            return null;
        }

        version = snapshot.Version;
        return Decode(snapshot.Data);
    }

    /// <summary>The save of a state; the caller adds what must be true at the same instant.</summary>
    public SnapshotWrite Prepare(T state) =>
        new()
        {
            Id = id,
            PreviousVersion = version,
            Version = version + 1,
            Data = Encode(state),
        };

    /// <summary>Saves; one at a time.</summary>
    public async Task SaveAsync(SnapshotWrite write)
    {
        await store.SaveAsync(write);
        version = write.Version;
    }

    private byte[] Encode(T state)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        buffer.Advance(Clear(buffer.GetSpan(HeaderBytes)));
        serializer.Serialize(state, buffer);
        byte[] bytes = buffer.WrittenSpan.ToArray();
        bytes[0] = Format;
        BinaryPrimitives.WriteUInt64LittleEndian(
            bytes.AsSpan(1),
            XxHash3.HashToUInt64(bytes.AsSpan(HeaderBytes))
        );
        return bytes;
    }

    private static int Clear(Span<byte> header)
    {
        header[..HeaderBytes].Clear();
        return HeaderBytes;
    }

    private T Decode(byte[] bytes)
    {
        if (bytes.Length < HeaderBytes || bytes[0] != Format)
        {
            throw new InvalidDataException($"The snapshot of {id} has an unknown format.");
        }

        ReadOnlySpan<byte> body = bytes.AsSpan(HeaderBytes);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(1)) != XxHash3.HashToUInt64(body))
        {
            throw new InvalidDataException($"The snapshot of {id} does not match its checksum.");
        }

        return serializer.Deserialize(body.ToArray())
            ?? throw new InvalidDataException($"The snapshot of {id} holds nothing.");
    }
}
