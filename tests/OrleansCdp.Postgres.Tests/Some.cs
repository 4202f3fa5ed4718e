namespace OrleansCdp;

/// <summary>States to test with.</summary>
internal static class Some
{
    /// <summary>A save whose only byte is its version.</summary>
    public static SnapshotWrite Write(string id, long previous, long version) =>
        new()
        {
            Id = id,
            PreviousVersion = previous,
            Version = version,
            Data = [(byte)version],
        };
}
