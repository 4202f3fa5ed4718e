using Orleans.Runtime;

namespace OrleansCdp;

/// <summary>State that is written to nowhere: a thousand writes of a thousand keys are no limit's concern.</summary>
internal sealed class FakeState<T> : IPersistentState<T>
    where T : new()
{
    public T State { get; set; } = new();

    /// <summary>Whether the next write fails.</summary>
    public bool Fails { get; set; }

    public string? Etag => null;

    public bool RecordExists { get; private set; }

    public Task ClearStateAsync() => throw new NotSupportedException();

    public Task ReadStateAsync() => throw new NotSupportedException();

    public Task WriteStateAsync()
    {
        if (Fails)
        {
            throw new TimeoutException("The database is away.");
        }

        RecordExists = true;
        return Task.CompletedTask;
    }
}
