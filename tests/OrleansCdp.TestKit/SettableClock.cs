namespace OrleansCdp;

/// <summary>A clock that can be put forward. Timers run as the system's do.</summary>
public sealed class SettableClock : TimeProvider
{
    private long ahead;

    /// <summary>How far it is ahead of the system's.</summary>
    public TimeSpan Ahead => TimeSpan.FromTicks(Interlocked.Read(ref ahead));

    /// <summary>Puts it forward.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref ahead, by.Ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}
