namespace OrleansCdp.Segments;

/// <summary>Says within this silo that entries or exits were written.</summary>
internal sealed class MembershipNews
{
    /// <summary>Happens after each save of this silo that wrote some, and when another silo says that it has written some.</summary>
    public Signal Written { get; } = new();

    /// <summary>Happens after each save of this silo that wrote some.</summary>
    public Signal WrittenHere { get; } = new();

    /// <summary>This silo has saved some.</summary>
    public void NoteWrittenHere()
    {
        Written.Set();
        WrittenHere.Set();
    }
}
