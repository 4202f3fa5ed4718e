namespace OrleansCdp;

/// <summary>
/// Sums that many writers add to have several rows each: writers spread over them, so that they seldom wait for one
/// another's commit.
/// </summary>
internal static class CountSlots
{
    private const int Max = 64;

    /// <summary>The slot of this process.</summary>
    public static int Own { get; } = Of(0);

    /// <summary>The slot of one of several writers in this process.</summary>
    public static int Of(int writer) =>
        (int)((uint)HashCode.Combine(Environment.MachineName, Environment.ProcessId, writer) % Max);
}
