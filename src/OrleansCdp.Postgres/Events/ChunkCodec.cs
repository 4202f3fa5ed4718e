using System.Buffers.Binary;
using K4os.Compression.LZ4;
using Orleans.Serialization;

namespace OrleansCdp.Events;

/// <summary>Consecutive events as one row of the log.</summary>
internal sealed record EncodedChunk
{
    /// <summary>Sequence of the first event.</summary>
    public required long FirstSequence { get; init; }

    /// <summary>The events.</summary>
    public required LinkEvent[] Events { get; init; }

    /// <summary>The events, serialised and compressed.</summary>
    public required byte[] Payload { get; init; }

    /// <summary>Hash of each event's link, in order.</summary>
    public required long[] Subjects { get; init; }

    /// <summary>Key of each event, 16 bytes, in order.</summary>
    public required byte[] EventKeys { get; init; }

    /// <summary>Bytes before compression.</summary>
    public required int SerializedBytes { get; init; }
}

/// <summary>How events are written into, and read from, rows of the log. Part of the stored format.</summary>
/// <param name="serializer">Reads the rows of the first version.</param>
internal sealed class ChunkCodec(Serializer<LinkEvent[]> serializer)
{
    /// <summary>Events of one row. Readers look back this far, so it may grow but never shrink.</summary>
    public const int EventsMax = 500;

    /// <summary>Serialised bytes of one row, unless a single event is larger.</summary>
    public const int SerializedBytesMax = 256 * 1024;

    /// <summary>Bytes of an event key.</summary>
    public const int KeyBytes = 16;

    private const byte FirstFormat = 1;
    private const byte Format = 2;

    /// <summary>Splits events into rows.</summary>
    public static List<EncodedChunk> Encode(LaneAppend lane)
    {
        List<EncodedChunk> chunks = [];
        for (int from = 0; from < lane.Events.Length; from += EventsMax)
        {
            int to = Math.Min(from + EventsMax, lane.Events.Length);
            Encode(lane, from, to, chunks);
        }

        return chunks;
    }

    /// <summary>One event as a row has it.</summary>
    public static byte[] Encode(LinkEvent e) => PayloadOf(EventCodec.Write([e]));

    /// <summary>Reads a row's events.</summary>
    /// <returns>The events, and their bytes before compression.</returns>
    /// <exception cref="InvalidDataException">Not one of our rows.</exception>
    public (LinkEvent[] Events, int SerializedBytes) Decode(byte[] payload)
    {
        byte format = payload.Length == 0 ? (byte)0 : payload[0];
        if (format is not (FirstFormat or Format))
        {
            throw new InvalidDataException("The log has a chunk in a format of a newer program.");
        }

        byte[] serialized = LZ4Pickler.Unpickle(payload.AsSpan(1));
        LinkEvent[] events =
            (format == Format ? EventCodec.Read(serialized) : serializer.Deserialize(serialized))
            ?? throw new InvalidDataException("The log has a chunk without events.");
        return (events, serialized.Length);
    }

    private static void Encode(LaneAppend lane, int from, int to, List<EncodedChunk> chunks)
    {
        LinkEvent[] events = lane.Events[from..to];
        ReadOnlySpan<byte> serialized = EventCodec.Write(events);
        if (serialized.Length > SerializedBytesMax && events.Length > 1)
        {
            int middle = from + (events.Length / 2);
            Encode(lane, from, middle, chunks);
            Encode(lane, middle, to, chunks);
            return;
        }

        chunks.Add(
            new EncodedChunk
            {
                FirstSequence = lane.FirstSequence + from,
                Events = events,
                Payload = PayloadOf(serialized),
                Subjects = Array.ConvertAll(events, e => (long)Partitions.HashOf(e.Link)),
                EventKeys = KeysOf(lane.Keys.AsSpan(from..to)),
                SerializedBytes = serialized.Length,
            }
        );
    }

    private static byte[] PayloadOf(ReadOnlySpan<byte> serialized) =>
        [Format, .. LZ4Pickler.Pickle(serialized)];

    private static byte[] KeysOf(ReadOnlySpan<UInt128> keys)
    {
        byte[] bytes = new byte[keys.Length * KeyBytes];
        for (int i = 0; i < keys.Length; i++)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(i * KeyBytes), keys[i]);
        }

        return bytes;
    }
}
