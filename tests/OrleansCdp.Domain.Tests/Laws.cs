namespace OrleansCdp;

/// <summary>How long a law is tried with random histories.</summary>
internal static class Laws
{
    /// <summary>How many times more often than usual: 50 where <c>CDP_SLOW</c> is 1, as <c>deploy/test --slow</c> sets it.</summary>
    public static int Thoroughness { get; } =
        Environment.GetEnvironmentVariable("CDP_SLOW") == "1" ? 50 : 1;
}
