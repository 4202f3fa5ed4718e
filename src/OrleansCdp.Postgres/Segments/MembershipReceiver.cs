using System.Collections.Immutable;
using Orleans.Runtime;
using Orleans.Streams;

namespace OrleansCdp.Segments;

/// <summary>Reads entries and exits for their stream, each as soon as it can be followed.</summary>
internal sealed class MembershipReceiver(
    IMembershipStore store,
    MembershipProgress progress,
    MembershipNews news,
    TimeProvider clock
) : IQueueAdapterReceiver
{
    /// <summary>How soon it looks again after something was written that cannot be followed yet.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long it waits at most before it looks by itself: an idle silo asks the database nothing. What is written is read at once,
    /// here or in another silo, which says so; only where that word is lost does it come as late as there was nothing before it.
    /// </summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How far apart two looks are at least, unless there is more than one of them reads: what comes meanwhile is read, and noted as
    /// delivered, together. What comes after a rest is read at once.
    /// </summary>
    internal static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(50);

    private string? position;
    private long told;
    private long? lookedAt;
    private TimeSpan pause = Soon;

    public Task Initialize(TimeSpan timeout) => Initialize(timeout, CancellationToken.None);

    public async Task Initialize(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(timeout, clock);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(
            deadline.Token,
            cancellationToken
        );
        (position, told) = await progress.ReadAsync(until.Token);
    }

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) =>
        GetQueueMessagesAsync(maxCount, CancellationToken.None);

    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(
        int maxCount,
        CancellationToken cancellationToken
    )
    {
        if (position is null)
        {
            (position, told) = await progress.ReadAsync(cancellationToken);
        }

        if (lookedAt is { } last && clock.GetElapsedTime(last) is var since && since < Apart)
        {
            await Task.Delay(Apart - since, clock, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return [];
            }
        }

        long seen = news.Written.Times;
        ImmutableArray<FollowedChange> page = await ReadAsync(cancellationToken);
        if (page.IsEmpty)
        {
            bool heard = await news.Written.WaitAsync(seen, pause, clock, cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                return [];
            }

            TimeSpan longer = pause * 2;
            pause =
                heard ? Soon
                : longer < Rest ? longer
                : Rest;
            page = await ReadAsync(cancellationToken);
        }

        if (page.IsEmpty)
        {
            return [];
        }

        pause = Soon;
        lookedAt = page.Length < MembershipStream.BatchMax ? clock.GetTimestamp() : null;
        MembershipBatch batch = new(page, told);
        position = page[^1].Position;
        told += page.Length;
        return [batch];
    }

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) =>
        messages is [.., MembershipBatch last]
            ? progress.WriteAsync(
                last.Changes[^1].Position,
                last.Told + last.Changes.Length,
                CancellationToken.None
            )
            : Task.CompletedTask;

    public Task Shutdown(TimeSpan timeout) => Task.CompletedTask;

    private Task<ImmutableArray<FollowedChange>> ReadAsync(CancellationToken cancel) =>
        store.FollowAsync(segment: null, position, MembershipStream.BatchMax, cancel);
}
