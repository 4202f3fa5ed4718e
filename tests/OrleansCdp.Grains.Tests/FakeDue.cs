using System.Collections.Concurrent;
using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>When individuals and accounts are due, without a database.</summary>
internal sealed class FakeDue : IDueStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, DueSubject> rows = new(StringComparer.Ordinal);

    /// <summary>Slices of every read, the last one last.</summary>
    public ConcurrentQueue<ImmutableArray<int>> Reads { get; } = new();

    /// <summary>Called before what came of looks is stored; throw to fail it.</summary>
    public Func<IReadOnlyCollection<Look>, Task> OnWrite { get; set; } = _ => Task.CompletedTask;

    public ImmutableArray<DueSubject> Rows
    {
        get
        {
            lock (gate)
            {
                return [.. rows.Values.OrderBy(due => due.At)];
            }
        }
    }

    /// <summary>When somebody is due; null for never.</summary>
    public DateTimeOffset? this[string id] =>
        Rows.Any(due => due.Id == id) ? Rows.First(due => due.Id == id).At : null;

    public void Add(string id, DateTimeOffset at)
    {
        lock (gate)
        {
            rows[id] = new DueSubject(id, at, 0);
        }
    }

    /// <summary>Takes what a save says.</summary>
    public void Take(SnapshotWrite write)
    {
        lock (gate)
        {
            if (write.DueAt is { } at)
            {
                Demand(write.Id, at);
            }
        }
    }

    public Task<ImmutableArray<DueSubject>> ReadAsync(
        IReadOnlyCollection<int> slices,
        DateTimeOffset now,
        int each,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            Reads.Enqueue([.. slices]);
            HashSet<int> wanted = [.. slices];
            return Task.FromResult<ImmutableArray<DueSubject>>([
                .. rows
                    .Values.Where(due => due.At <= now)
                    .GroupBy(due => Partitions.Of(due.Id, Some.PartitionCount))
                    .Where(slice => wanted.Contains(slice.Key))
                    .SelectMany(slice => slice.OrderBy(due => due.At).Take(each))
                    .OrderBy(due => due.At),
            ]);
        }
    }

    public async Task WriteAsync(IReadOnlyCollection<Look> looks, CancellationToken cancel)
    {
        await OnWrite(looks);
        lock (gate)
        {
            foreach (Look look in looks)
            {
                if (!rows.TryGetValue(look.Of.Id, out DueSubject due) || due.At != look.Of.At)
                {
                    continue;
                }

                rows.Remove(look.Of.Id);
                if (look.Next is { } next)
                {
                    int tries = look.Failed ? look.Of.Tries + 1 : 0;
                    rows[look.Of.Id] = new DueSubject(look.Of.Id, next, tries);
                }
            }
        }
    }

    public Task DemandAsync(
        IReadOnlyCollection<(string Id, DateTimeOffset At)> due,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            foreach ((string id, DateTimeOffset at) in due)
            {
                Demand(id, at);
            }
        }

        return Task.CompletedTask;
    }

    private void Demand(string id, DateTimeOffset at) =>
        rows[id] =
            !rows.TryGetValue(id, out DueSubject known) || known.At > at
                ? new DueSubject(id, at, 0)
                : known with
                {
                    At = known.At + TimeSpan.FromMicroseconds(1),
                };
}
