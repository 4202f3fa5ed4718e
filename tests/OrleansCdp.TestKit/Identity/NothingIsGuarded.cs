using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>No identifier that too many have, and no limit that is met.</summary>
public sealed class NothingIsGuarded : IGuardStore, IFigureStore
{
    public Task<GuardReviewDue?> FindDueAsync(int? space, CancellationToken cancel) =>
        Task.FromResult<GuardReviewDue?>(null);

    public Task<ImmutableArray<Holder>> ReadHoldersAsync(
        GuardReviewDue due,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<Holder>.Empty);

    public Task NoteReviewedAsync(GuardReviewDue due, long? reviewed, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<(int Space, ImmutableArray<Holder> Records)?> ReadUnlistedAsync(
        int limit,
        CancellationToken cancel
    ) => Task.FromResult<(int, ImmutableArray<Holder>)?>(null);

    public Task NoteListedAsync(int space, long? listed, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<bool> CountAsync(TimeSpan period, CancellationToken cancel) =>
        Task.FromResult(false);

    public Task<ImmutableArray<IdentityFigure>> ReadAsync(CancellationToken cancel) =>
        Task.FromResult(ImmutableArray<IdentityFigure>.Empty);

    public Task NoteAsync(IReadOnlyCollection<LimitAlarm> alarms, CancellationToken cancel) =>
        Task.CompletedTask;

    public Task<ImmutableArray<MetLimit>> ListAsync(
        LimitKind kind,
        LimitCursor? after,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MetLimit>.Empty);
}
