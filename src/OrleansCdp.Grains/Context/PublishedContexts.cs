using System.Collections.Concurrent;

namespace OrleansCdp.Context;

/// <summary>Answers of the individuals and accounts that are active in this silo.</summary>
internal sealed class PublishedContexts : IPublishedContexts
{
    private readonly ConcurrentDictionary<string, PublishedContext> entries = new(
        StringComparer.Ordinal
    );

    /// <summary>Opens an entry for an activation; the newest activation wins.</summary>
    public PublishedContext Open(string id)
    {
        PublishedContext entry = new();
        entries[id] = entry;
        return entry;
    }

    /// <summary>Takes an activation's entry back, if it is still that activation's.</summary>
    public void Close(string id, PublishedContext entry)
    {
        entry.Answer = null;
        entries.TryRemove(new KeyValuePair<string, PublishedContext>(id, entry));
    }

    public bool TryGetIndividual(string individual, string graph, out ContextAnswer? answer) =>
        TryGet(individual, graph, out answer);

    public bool TryGetAccount(string account, string graph, out ContextAnswer? answer) =>
        TryGet(account, graph, out answer);

    private bool TryGet(string id, string graph, out ContextAnswer? answer)
    {
        answer =
            graph == DataGraphs.Default && entries.TryGetValue(id, out PublishedContext? entry)
                ? entry.Answer
                : null;
        return answer is not null;
    }
}

/// <summary>
/// One activation's answer. Null while the state is newer than the answer: then the grain is asked, builds it once
/// and leaves it here. Built on read, never per event.
/// </summary>
internal sealed class PublishedContext
{
    private volatile ContextAnswer? answer;

    /// <summary>The current answer, or null.</summary>
    public ContextAnswer? Answer
    {
        get => answer;
        set => answer = value;
    }
}
