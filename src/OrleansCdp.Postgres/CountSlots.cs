namespace OrleansCdp;

/// <summary>
/// Sums that many writers add to have several rows each: writers spread over them, so that they seldom wait for one
/// another's commit.
/// </summary>
internal static class CountSlots
{
    /// <summary>Adds counts to their sums: a select of stream, kind, reason, slot and number follows, in that order.</summary>
    public const string Add =
        "insert into cdp.event_count as t (stream, kind, reason, slot, count)";

    /// <summary>Ends what <see cref="Add"/> begins.</summary>
    public const string Sum =
        "on conflict (stream, kind, reason, slot) do update set count = t.count + excluded.count";

    private const int Max = 64;

    /// <summary>The slot of this process.</summary>
    public static int Own { get; } = Of(0);

    /// <summary>The slot of one of several writers in this process.</summary>
    public static int Of(int writer) =>
        (int)((uint)HashCode.Combine(Environment.MachineName, Environment.ProcessId, writer) % Max);
}
