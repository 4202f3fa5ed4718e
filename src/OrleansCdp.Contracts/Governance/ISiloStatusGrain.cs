namespace OrleansCdp.Governance;

/// <summary>
/// What one silo has in its memory. Its key is the silo's address (<c>SiloAddress.ToParsableString</c>); the caller's
/// placement hint puts it there.
/// </summary>
[Alias("cdp.silo-status")]
public interface ISiloStatusGrain : IGrainWithStringKey
{
    /// <summary>The silo's state as of now; null when this is not the silo that was asked for.</summary>
    [Alias("get")]
    ValueTask<MemberStatus?> GetAsync();
}

/// <summary>One silo.</summary>
[GenerateSerializer, Immutable, Alias("cdp.member-status")]
public sealed record MemberStatus
{
    /// <summary>Its name, as partitions have it.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Its address.</summary>
    [Id(1)]
    public required string Address { get; init; }

    /// <summary>Version of the definitions' catalogue it uses; 0 before it has one, null when it did not answer.</summary>
    [Id(2)]
    public long? Definitions { get; init; }

    /// <summary>Saves of states that wait for their turn; null when it did not answer.</summary>
    [Id(3)]
    public int? SavesWaiting { get; init; }
}
