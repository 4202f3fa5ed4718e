using System.Collections.Concurrent;
using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>A log of one partition, all of it applied, read in stretches of a thousand.</summary>
internal sealed class FakeHistory : ILogHistory, IStateRepairs
{
    public const int StretchMax = 1_000;

    public IReadOnlyList<LinkEvent> Events { get; set; } = [];

    /// <summary>Links that every individual holds by the claims; null when they moved.</summary>
    public IReadOnlyDictionary<LinkKey, DateTimeOffset?>? Links { get; set; }

    /// <summary>Called before the links of an individual are read.</summary>
    public Func<Task> OnLinks { get; set; } = () => Task.CompletedTask;

    /// <summary>Ids of stored states, in any order.</summary>
    public IReadOnlyCollection<string> Ids { get; set; } = [];

    /// <summary>After which ids further ones were asked for.</summary>
    public ConcurrentQueue<string> IdsAfter { get; } = new();

    /// <summary>Called before ids are read.</summary>
    public Func<Task> OnIds { get; set; } = () => Task.CompletedTask;

    /// <summary>Who has links.</summary>
    public IReadOnlyDictionary<string, HeldClaim> Claims { get; set; } =
        new Dictionary<string, HeldClaim>();

    /// <summary>Claims that were asked for.</summary>
    public ConcurrentQueue<string> ClaimsAsked { get; } = new();

    /// <summary>Called before events are read.</summary>
    public Func<LogRange, Task> OnRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>First sequence that was not dropped.</summary>
    public long First { get; set; } = 1;

    public ImmutableArray<LaneExtent> Extents =>
        [
            new(Lane.Normal, 0, First, Events.Count, Events.Count, Some.Noon),
            new(Lane.Low, 0, First: 1, Head: 0, Checkpoint: 0, Some.Noon),
        ];

    public Task<ImmutableArray<LaneExtent>> ExtentsAsync(CancellationToken cancel) =>
        Task.FromResult(Extents);

    public async Task<LogStretch> ReadAsync(LogRange range, CancellationToken cancel)
    {
        await OnRead(range);
        int from = (int)range.From - 1;
        int to = (int)Math.Min(range.To, from + StretchMax);
        SequencedEvent[] events =
        [
            .. Enumerable.Range(from, to - from).Select(i => new SequencedEvent(i + 1, Events[i])),
        ];
        return new LogStretch(events, new HashSet<long>(), range.From + StretchMax);
    }

    public Task<IReadOnlyDictionary<string, HeldClaim>> ClaimsAsync(
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    )
    {
        foreach (string claim in claims)
        {
            ClaimsAsked.Enqueue(claim);
        }

        return Task.FromResult(Claims);
    }

    public Task<IReadOnlySet<string>> DisputedAsync(
        IReadOnlyCollection<string> anchors,
        CancellationToken cancel
    ) => Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());

    public async Task<ImmutableArray<string>> IdsAsync(
        string after,
        int limit,
        CancellationToken cancel
    )
    {
        IdsAfter.Enqueue(after);
        await OnIds();
        return
        [
            .. Ids.Order(StringComparer.Ordinal)
                .Where(id => string.CompareOrdinal(id, after) > 0)
                .Take(limit),
        ];
    }

    public Task<ImmutableArray<QuarantineSum>> QuarantineSumsAsync(CancellationToken cancel) =>
        Task.FromResult(ImmutableArray<QuarantineSum>.Empty);

    public Task<DamageOutcome> KeepAsync(StateDamage damage, CancellationToken cancel) =>
        Task.FromResult(DamageOutcome.Found);

    public Task<bool> SettleAsync(
        StateDamage damage,
        DamageOutcome outcome,
        string? reason,
        CancellationToken cancel
    ) => Task.FromResult(true);

    public async Task<IReadOnlyDictionary<LinkKey, DateTimeOffset?>?> LinksOfAsync(
        string individual,
        CancellationToken cancel
    )
    {
        await OnLinks();
        return Links;
    }

    public Task<ImmutableArray<DamagedState>> ListAsync(CancellationToken cancel) =>
        Task.FromResult(ImmutableArray<DamagedState>.Empty);
}
