namespace OrleansCdp.Segments;

/// <summary>Says within this silo that entries or exits were written.</summary>
internal sealed class MembershipNews
{
    /// <summary>Happens after each save that wrote some.</summary>
    public Signal Written { get; } = new();
}
