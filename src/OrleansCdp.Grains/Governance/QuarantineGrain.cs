using System.Collections.Immutable;
using Orleans.Concurrency;

namespace OrleansCdp.Governance;

/// <summary>The way to the quarantine for processes that hold no database password.</summary>
[GrainType("cdp.quarantine")]
[StatelessWorker]
internal sealed class QuarantineGrain(IQuarantineStore store) : Grain, IQuarantineGrain
{
    public Task AddAsync(Immutable<QuarantineItem[]> items)
    {
        if (items.Value.Length > IQuarantineGrain.ItemsMax)
        {
            throw new ArgumentException(
                $"More than {IQuarantineGrain.ItemsMax} items.",
                nameof(items)
            );
        }

        if (Array.Exists(items.Value, i => i.Payload.Length > IQuarantineGrain.PayloadBytesMax))
        {
            throw new ArgumentException("A payload is too large.", nameof(items));
        }

        return store.AddAsync(items.Value, CancellationToken.None);
    }

    public Task<ImmutableArray<QuarantineItem>> ListAsync(QuarantineFilter filter) =>
        filter.Limit is < 1 or > IQuarantineGrain.ItemsMax
            ? throw new ArgumentException(
                $"The limit must be 1 to {IQuarantineGrain.ItemsMax}.",
                nameof(filter)
            )
            : store.ListAsync(filter, CancellationToken.None);

    public Task MarkReplayedAsync(ImmutableArray<long> ids) =>
        ids.Length > IQuarantineGrain.ItemsMax
            ? throw new ArgumentException(
                $"More than {IQuarantineGrain.ItemsMax} ids.",
                nameof(ids)
            )
            : store.MarkReplayedAsync(ids, CancellationToken.None);
}
