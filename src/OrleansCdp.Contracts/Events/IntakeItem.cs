using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>One record on its way in.</summary>
public sealed record IntakeItem
{
    /// <summary>Name of the data stream.</summary>
    public required string Stream { get; init; }

    /// <summary>What the definition makes of it.</summary>
    public required Admission Admission { get; init; }

    /// <summary>The record as sent; kept if it is refused.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Whether <see cref="Payload"/> is already cut short.</summary>
    public bool Incomplete { get; init; }

    /// <summary>How the payload would go in again.</summary>
    public QuarantineOrigin Origin { get; init; }

    /// <summary>A JSON record and what the stream's definition makes of it.</summary>
    /// <param name="record">The record as sent.</param>
    /// <param name="stream">The data stream it is for.</param>
    /// <param name="now">When it was received.</param>
    /// <param name="envelope">What the protocol around it says.</param>
    /// <param name="origin">How it would go in again, were it refused.</param>
    public static IntakeItem Of(
        JsonElement record,
        DataStream stream,
        DateTimeOffset now,
        Envelope envelope = default,
        QuarantineOrigin origin = QuarantineOrigin.Record
    )
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(record);
        Admission admission = stream.Admit(record, now, envelope);
        bool incomplete = raw.Length > IQuarantineGrain.PayloadBytesMax;
        ReadOnlySpan<byte> kept = incomplete ? raw[..IQuarantineGrain.PayloadBytesMax] : raw;
        return new IntakeItem
        {
            Stream = stream.Name,
            Admission = admission,
            Origin = origin,
            Payload = admission is Admission.Refused ? kept.ToArray() : default,
            Incomplete = incomplete,
        };
    }
}
