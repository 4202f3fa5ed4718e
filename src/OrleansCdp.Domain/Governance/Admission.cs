using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What a data stream's definition makes of one record.</summary>
public abstract record Admission
{
    private Admission() { }

    /// <summary>Fields of the record that the definition does not ask for.</summary>
    public int UnknownFields { get; init; }

    /// <summary>Identifiers that the record states and the event does not bear.</summary>
    public IdentifiersLeftOut IdentifiersLeftOut { get; init; }

    /// <summary>The record is an event for the log.</summary>
    /// <param name="Event">The event in canonical form.</param>
    public sealed record Accepted(LinkEvent Event) : Admission;

    /// <summary>The definition's filter keeps it out of the log.</summary>
    /// <param name="Reason">A <see cref="ReasonCodes"/> value or the definition's own word.</param>
    public sealed record Filtered(string Reason) : Admission;

    /// <summary>The record is wrong and belongs in quarantine.</summary>
    /// <param name="Code">A <see cref="ReasonCodes"/> value.</param>
    /// <param name="Message">What is wrong, without repeating personal data.</param>
    /// <param name="Pointer">JSON pointer to the offending value, or null.</param>
    public sealed record Refused(string Code, string Message, string? Pointer = null) : Admission;
}

/// <summary>How many identifiers of a record were left out of its event, and why. The event itself goes on.</summary>
/// <param name="Blocked">Values that name nobody, as the stream's ruleset says: <c>none</c>, <c>null@...</c>.</param>
/// <param name="Invalid">Values that cannot be of their type: a telephone number of letters.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IdentifiersLeftOut(int Blocked, int Invalid);
