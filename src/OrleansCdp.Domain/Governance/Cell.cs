using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansCdp.Governance;

/// <summary>How far one field of one record has been read.</summary>
internal enum CellState : byte
{
    /// <summary>The record does not have it, or has a token for nothing.</summary>
    Missing = 0,

    /// <summary>Found, not yet read.</summary>
    Raw = 1,

    /// <summary>Explicitly nothing: removes what was there.</summary>
    Cleared = 2,

    /// <summary>Read.</summary>
    Value = 3,

    /// <summary>There, and wrong.</summary>
    Wrong = 4,
}

/// <summary>One field of one record while it is admitted.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Cell
{
    /// <summary>As found in a JSON record.</summary>
    public JsonElement Json;

    /// <summary>As found in a row; null in a JSON record.</summary>
    public string? Column;

    /// <summary>Canonical text once read; null for a time that nobody asked to see yet.</summary>
    public string? Text;

    /// <summary>UTC ticks of a time.</summary>
    public long Ticks;

    public CellState State;

    /// <summary>The reason code when wrong.</summary>
    public string? Code;
}
