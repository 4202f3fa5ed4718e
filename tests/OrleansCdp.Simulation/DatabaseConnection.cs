using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>
/// A process's way to the database: every statement takes a while, and may fail before or after it was done. Of a process
/// that dies meanwhile it may have been done or not.
/// </summary>
internal sealed class DatabaseConnection(
    Scheduler scheduler,
    Process process,
    Faults faults,
    Database database,
    ChunkCodec codec,
    Misbehaviour broken
)
    : ILogCommits,
        ILogReads,
        ICheckpointStatements,
        ISnapshotStatements,
        IIdentityStore,
        IOpenDecisionStore,
        IMergeStore,
        IStewardStore,
        IQuarantineStore
{
    private const double UsualMilliseconds = 12;

    public Task<LogOwnership> AcquireAsync(int partition, CancellationToken cancel) =>
        RunAsync($"take over writing {partition}", () => database.Acquire(partition), cancel);

    public Task<HashSet<int>> CommitAsync(List<PendingAppend> group, DateTimeOffset now) =>
        RunAsync(
            $"commit {string.Join(", ", group.Select(Text))}",
            () => database.Commit(group, now),
            mayBeForgotten: broken == Misbehaviour.AcknowledgesTooEarly,
            CancellationToken.None
        );

    public async Task ReadEventKeysAsync(
        int partition,
        DateTimeOffset since,
        Action<UInt128, DateTimeOffset> remember,
        CancellationToken cancel
    )
    {
        var keys = await RunAsync(
            $"read event keys of {partition}",
            () => database.EventKeys(partition, since),
            cancel
        );
        keys.ForEach(known => remember(known.Key, known.At));
    }

    public Task<CheckpointFound> TakeOverAsync(
        Lane lane,
        int partition,
        CancellationToken cancel
    ) =>
        RunAsync(
            $"take over reading {lane} {partition}",
            () => database.TakeOver(lane, partition),
            cancel
        );

    public Task<CheckpointFound> CheckpointAsync(
        Lane lane,
        int partition,
        CancellationToken cancel
    ) =>
        RunAsync(
            $"ask checkpoint of {lane} {partition}",
            () => database.Checkpoint(lane, partition),
            cancel
        );

    public async Task ReadAsync(
        Lane lane,
        int partition,
        BatchBuilder batches,
        CancellationToken cancel
    )
    {
        long position = batches.Position;
        List<StoredChunk> chunks = await RunAsync(
            $"read {lane} {partition} from {position}",
            () => database.Read(lane, partition, position),
            cancel
        );
        foreach (StoredChunk chunk in chunks)
        {
            var (events, bytes) = codec.Decode(chunk.Row.Payload);
            if (!batches.TryAdd(new TailChunk(chunk.First, events, bytes)))
            {
                return;
            }
        }
    }

    public Task<List<HeadFound>> HeadsAsync(int[] partitions, CancellationToken cancel) =>
        RunAsync("ask heads", () => database.HeadsOf(partitions), cancel);

    public Task<Dictionary<long, EventOutcome>> FatesAsync(
        EventChunk chunk,
        CancellationToken cancel
    ) =>
        RunAsync(
            $"ask fates of {chunk.Lane} {chunk.Partition}",
            () => database.FatesOf(chunk),
            cancel
        );

    public Task<Dictionary<(Lane, int), CheckpointFound>> WriteAsync(
        List<LaneWrite> writes,
        CancellationToken cancel
    ) =>
        RunAsync(
            $"checkpoint {string.Join(", ", writes.Select(w => $"{w.Lane} {w.Partition} to {w.Last}"))}",
            () => database.MoveCheckpoints(writes),
            cancel
        );

    public Task<HashSet<string>> SaveAsync(SnapshotWrite[] writes, int saver) =>
        RunAsync(
            $"save {string.Join(", ", writes.Select(w => $"{w.Id}@{w.Version}"))}",
            () => database.Save(writes)
        );

    public Task<Dictionary<string, Snapshot>> LoadAsync(string[] ids) =>
        RunAsync($"load {string.Join(", ", ids)}", () => database.Load(ids));

    public async Task<IReadOnlyDictionary<string, Claim>> ReadAsync(
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    ) => await RunAsync("read claims", () => database.ReadClaims(claims), cancel);

    public async Task<IReadOnlyDictionary<string, Claim>> ClaimAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> claims,
        CancellationToken cancel
    )
    {
        var held = await Commands.RetryConflictsAsync(() =>
            RunAsync(
                $"claim {string.Join(", ", claims.Select(c => $"{c.Key} for {c.Value.Owner}"))}",
                () => database.MakeClaims(claims),
                cancel
            )
        );
        string[] others =
        [
            .. claims.Select(claim => claim.Key).Where(key => !held.ContainsKey(key)),
        ];
        if (others.Length > 0)
        {
            var found = await RunAsync("read claims", () => database.ReadClaims(others), cancel);
            foreach (var claim in found)
            {
                held[claim.Key] = claim.Value;
            }
        }

        return held;
    }

    public Task RestampAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> claims,
        CancellationToken cancel
    ) => RunAsync("restamp claims", () => database.Restamp(claims), cancel);

    public Task RepointAsync(IReadOnlyCollection<ClaimMove> moves, CancellationToken cancel) =>
        RunAsync(
            $"repoint {string.Join(", ", moves.Select(m => $"{m.Claim} to {m.To}"))}",
            () => database.Repoint(moves),
            cancel
        );

    public Task<Regrouped> ProveAsync(
        IReadOnlyCollection<AnchorProof> proofs,
        IReadOnlyCollection<BaseIndividual> bearing,
        CancellationToken cancel
    ) =>
        Commands.RetryConflictsAsync(() =>
            RunAsync(
                $"prove {string.Join(", ", proofs.Select(p => $"{p.Link}: {string.Join(" is ", p.Bases.Select(b => b.Id))}"))}",
                () => database.Merges.Prove(proofs, bearing),
                cancel
            )
        );

    public Task<string> RootOfAsync(string individual, CancellationToken cancel) =>
        RunAsync($"ask root of {individual}", () => database.Merges.RootOf(individual), cancel);

    public Task NotePlacedAsync(string individual, string root, CancellationToken cancel) =>
        RunAsync(
            $"note that {individual} is at {root}",
            () => database.Merges.NotePlaced(individual, root),
            cancel
        );

    public Task<ImmutableArray<string>> MovingAsync(
        TimeSpan since,
        int limit,
        CancellationToken cancel
    ) => RunAsync("ask who moves", () => database.Merges.Moving(), cancel);

    public Task<bool> NoteStuckAsync(string individual, string reason, CancellationToken cancel) =>
        RunAsync($"note that {individual} is stuck: {reason}", () => false, cancel);

    public Task NoteAsync(IReadOnlyCollection<OpenDecision> open, CancellationToken cancel) =>
        Commands.RetryConflictsAsync(() =>
            RunAsync(
                $"leave open {string.Join(", ", open.Select(one => $"{one.Claim} by {one.Event.Event.EventId}: {one.Reason}"))}",
                () => database.Open.Note(open),
                cancel
            )
        );

    async Task<ImmutableArray<OpenDecision>> IOpenDecisionStore.ReadAsync(
        IReadOnlyCollection<string> homes,
        CancellationToken cancel
    ) => [.. await RunAsync("read what is open", () => database.Open.Of(homes), cancel)];

    public async Task<ImmutableArray<OpenDecision>> OverdueAsync(
        TimeSpan since,
        int limit,
        CancellationToken cancel
    ) =>
        broken == Misbehaviour.DamagesOpenDecisions
            ? throw new FormatException("What is open is damaged.")
            : [.. await RunAsync("ask what is open", () => database.Open.All.ToArray(), cancel)];

    public Task CloseAsync(IReadOnlyCollection<OpenDecision> done, CancellationToken cancel) =>
        RunAsync($"close {done.Count} decisions", () => database.Open.Close(done), cancel);

    Task<BaseIndividual?> IStewardStore.FindAsync(string individual, CancellationToken cancel) =>
        RunAsync($"find {individual}", () => database.Merges.Find(individual), cancel);

    public Task<StewardOutcome> JoinAsync(
        BaseIndividual survivor,
        BaseIndividual other,
        StewardWord why,
        CancellationToken cancel
    ) =>
        RunAsync(
            $"decide that {survivor.Id} and {other.Id} are one",
            () => database.Merges.Decide(survivor, other, together: true),
            cancel
        );

    public Task<StewardOutcome> SeparateAsync(
        string individual,
        StewardWord why,
        CancellationToken cancel
    ) =>
        RunAsync(
            $"decide that {individual} is by itself",
            () => database.Merges.Separate(individual),
            cancel
        );

    public Task<StewardOutcome> KeepApartAsync(
        BaseIndividual one,
        BaseIndividual other,
        WayBack? back,
        StewardWord why,
        CancellationToken cancel
    ) =>
        RunAsync(
            $"decide that {one.Id} and {other.Id} are two",
            () => database.Merges.Decide(one, other, together: false),
            cancel
        );

    public Task<StewardOutcome> WithdrawAsync(
        long decision,
        StewardWord why,
        CancellationToken cancel
    ) => RunAsync($"withdraw {decision}", () => database.Merges.Withdraw(decision), cancel);

    public Task AddAsync(IReadOnlyCollection<QuarantineItem> items, CancellationToken cancel) =>
        Commands.RetryConflictsAsync(() =>
            RunAsync("quarantine", () => database.AddToQuarantine(items), cancel)
        );

    public Task<ImmutableArray<string>> FindAsync(
        SubjectKind subject,
        string type,
        string value,
        int limit,
        CancellationToken cancel
    ) => throw new NotSupportedException("Nothing simulated looks people up.");

    public Task<ImmutableArray<QuarantineItem>> ListAsync(
        QuarantineFilter filter,
        CancellationToken cancel
    ) => throw new NotSupportedException("Nothing simulated lists the quarantine.");

    public Task MarkReplayedAsync(IReadOnlyCollection<long> ids, CancellationToken cancel) =>
        throw new NotSupportedException("Nothing simulated replays.");

    private static string Text(PendingAppend pending) =>
        $"{pending.Append.Partition} in {pending.Append.Epoch}: "
        + string.Join(
            ' ',
            pending
                .Lanes.SelectMany(lane => lane.Chunks)
                .SelectMany(chunk => chunk.Events, (_, e) => $"{e.Link}:{e.EventId}")
        );

    private Task<T> RunAsync<T>(
        string what,
        Func<T> statement,
        CancellationToken cancel = default
    ) => RunAsync(what, statement, mayBeForgotten: false, cancel);

    private Task<T> RunAsync<T>(
        string what,
        Func<T> statement,
        bool mayBeForgotten,
        CancellationToken cancel
    )
    {
        cancel.ThrowIfCancellationRequested();
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StatementFault fault = faults.OfStatement();
        scheduler.After(scheduler.Within(UsualMilliseconds), () => Arrive());
        return cancel.CanBeCanceled ? CancellableAsync(answer, cancel) : answer.Task;

        void Arrive()
        {
            if (process.IsDead && scheduler.Happens(0.5))
            {
                return;
            }

            if (fault is StatementFault.Before or StatementFault.Conflict)
            {
                bool lies = mayBeForgotten && fault == StatementFault.Before;
                scheduler.Note($"{process.Name}: {what} FAILS");
                Reply(() =>
                    lies
                        ? answer.TrySetResult((T)(object)new HashSet<int>())
                        : answer.TrySetException(Faults.ExceptionOf(fault))
                );
                return;
            }

            T result = statement();
            scheduler.Note(
                $"{process.Name}: {what}{(fault == StatementFault.None ? "" : " UNHEARD")}"
            );
            Reply(() =>
                fault == StatementFault.After
                    ? answer.TrySetException(Faults.ExceptionOf(fault))
                    : answer.TrySetResult(result)
            );
        }
    }

    private void Reply(Func<bool> answer) =>
        scheduler.After(
            scheduler.Within(UsualMilliseconds),
            () =>
            {
                process.Background.Post(() => _ = answer());
            }
        );

    private static async Task<T> CancellableAsync<T>(
        TaskCompletionSource<T> answer,
        CancellationToken cancel
    )
    {
        await using CancellationTokenRegistration cancelled = cancel.UnsafeRegister(
            _ => answer.TrySetCanceled(cancel),
            null
        );
        return await answer.Task;
    }
}
