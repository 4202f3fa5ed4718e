using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>A log of one partition, all of it applied, read in stretches of a thousand.</summary>
internal sealed class FakeHistory : ILogHistory, IStateRepairs
{
    public const int StretchMax = 1_000;

    public List<LinkEvent> Events { get; } = [];

    public ImmutableArray<LaneExtent> Extents =>
        [
            new(Lane.Normal, 0, First: 1, Events.Count, Events.Count, DateTimeOffset.MinValue),
            new(Lane.Low, 0, First: 1, Head: 0, Checkpoint: 0, DateTimeOffset.MinValue),
        ];

    public Task<ImmutableArray<LaneExtent>> ExtentsAsync(CancellationToken cancel) =>
        Task.FromResult(Extents);

    public Task<LogStretch> ReadAsync(LogRange range, CancellationToken cancel)
    {
        SequencedEvent[] events =
        [
            .. Events
                .Select((e, i) => new SequencedEvent(i + 1, e))
                .Where(e => e.Sequence >= range.From && e.Sequence <= range.To)
                .Take(StretchMax),
        ];
        return Task.FromResult(
            new LogStretch(events, new HashSet<long>(), range.From + StretchMax)
        );
    }

    public Task<IReadOnlyDictionary<string, HeldClaim>> ClaimsAsync(
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, HeldClaim>>(
            new Dictionary<string, HeldClaim>()
        );

    public Task<IReadOnlySet<string>> DisputedAsync(
        IReadOnlyCollection<string> anchors,
        CancellationToken cancel
    ) => Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());

    public Task<ImmutableArray<string>> IdsAsync(
        string after,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<string>.Empty);

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

    public Task<IReadOnlyDictionary<LinkKey, DateTimeOffset?>?> LinksOfAsync(
        string individual,
        CancellationToken cancel
    ) => Task.FromResult<IReadOnlyDictionary<LinkKey, DateTimeOffset?>?>(null);

    public Task<ImmutableArray<DamagedState>> ListAsync(CancellationToken cancel) =>
        Task.FromResult(ImmutableArray<DamagedState>.Empty);
}
