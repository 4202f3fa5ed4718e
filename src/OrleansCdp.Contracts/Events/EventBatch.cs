using System.Buffers;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;
using WireField = Orleans.Serialization.WireProtocol.Field;

namespace OrleansCdp.Events;

/// <summary>
/// Events that travel together to the writer of their partition, in the form of <see cref="EventCodec"/>: the general
/// serializer's notes about every object and text cost more than the events themselves.
/// </summary>
[Immutable, Alias("cdp.event-batch")]
public sealed class EventBatch
{
    /// <summary>Makes a batch.</summary>
    /// <param name="events">
    /// At most <see cref="Limits.AppendBatchMax"/> events, none with a flaw (<see cref="EventCheck"/>); the array is never
    /// changed afterwards.
    /// </param>
    /// <exception cref="ArgumentException">There are too many, or one has a flaw.</exception>
    public EventBatch(LinkEvent[] events)
    {
        if (events.Length > Limits.AppendBatchMax)
        {
            throw new ArgumentException(
                $"More than {Limits.AppendBatchMax} events.",
                nameof(events)
            );
        }

        for (int i = 0; i < events.Length; i++)
        {
            if (EventCheck.FlawOf(events[i]) is { } flaw)
            {
                throw new ArgumentException($"Event {i} cannot be taken: {flaw}.", nameof(events));
            }
        }

        Events = events;
    }

    /// <summary>The events.</summary>
    public LinkEvent[] Events { get; }
}

/// <summary>Brings batches from process to process.</summary>
[RegisterSerializer]
internal sealed class EventBatchCodec : IFieldCodec<EventBatch>
{
    public void WriteField<TBufferWriter>(
        ref Writer<TBufferWriter> writer,
        uint fieldIdDelta,
        Type? expectedType,
        EventBatch? value
    )
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
        {
            return;
        }

        writer.WriteFieldHeader(
            fieldIdDelta,
            expectedType,
            typeof(EventBatch),
            WireType.LengthPrefixed
        );
        ReadOnlySpan<byte> bytes = EventCodec.Write(value!.Events);
        writer.WriteVarUInt32((uint)bytes.Length);
        writer.Write(bytes);
    }

    public EventBatch? ReadValue<TInput>(ref Reader<TInput> reader, WireField field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<EventBatch, TInput>(ref reader, field);
        }

        field.EnsureWireType(WireType.LengthPrefixed);
        byte[] bytes = reader.ReadBytes(reader.ReadVarUInt32());
        EventBatch batch = new(EventCodec.Read(bytes));
        ReferenceCodec.RecordObject(reader.Session, batch);
        return batch;
    }
}

/// <summary>A batch never changes, so it is its own copy.</summary>
[RegisterCopier]
internal sealed class EventBatchCopier : IDeepCopier<EventBatch>
{
    public EventBatch? DeepCopy(EventBatch? input, CopyContext context) => input;
}
