namespace OrleansCdp.Events;

/// <summary>The writer's statements: each is one transaction of the database, or nothing at all.</summary>
internal interface ILogCommits
{
    /// <summary>Takes a partition over.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The log has no such partition.</exception>
    Task<LogOwnership> AcquireAsync(int partition, CancellationToken cancel);

    /// <summary>Commits a group in one transaction.</summary>
    /// <returns>Partitions that were refused: not theirs any more, or not the next sequence.</returns>
    Task<HashSet<int>> CommitAsync(List<PendingAppend> group, DateTimeOffset now);

    /// <summary>Reads the event keys of a partition.</summary>
    Task ReadEventKeysAsync(
        int partition,
        DateTimeOffset since,
        Action<UInt128, DateTimeOffset> remember,
        CancellationToken cancel
    );
}

/// <summary>The reader's statements.</summary>
internal interface ILogReads
{
    /// <summary>Takes the reading of a partition over: a former reader's checkpoints are refused from now on.</summary>
    /// <returns>With the new fencing token, and the sequence up to which everything is applied.</returns>
    Task<CheckpointFound> TakeOverAsync(Lane lane, int partition, CancellationToken cancel);

    /// <summary>
    /// The fencing token of whoever took the reading of a partition over last, and up to where everything is applied.
    /// </summary>
    Task<CheckpointFound> CheckpointAsync(Lane lane, int partition, CancellationToken cancel);

    /// <summary>Reads chunks from the builder's position on, until it is full or there are no more.</summary>
    Task ReadAsync(Lane lane, int partition, BatchBuilder batches, CancellationToken cancel);

    /// <summary>How far both lanes of partitions go, and how far they are applied.</summary>
    Task<List<HeadFound>> HeadsAsync(int[] partitions, CancellationToken cancel);
}

/// <summary>Where the log of one lane of one partition ends.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Epoch">Fencing token of whoever took the writing over last.</param>
/// <param name="Next">The sequence that the next event gets.</param>
internal readonly record struct HeadFound(Lane Lane, int Partition, long Epoch, long Next)
{
    /// <summary>How far it is read.</summary>
    public CheckpointFound Checkpoint { get; init; }
}

/// <summary>The statements about checkpoints.</summary>
internal interface ICheckpointStatements
{
    /// <summary>Reads what was noted of a chunk's events.</summary>
    Task<Dictionary<long, EventOutcome>> FatesAsync(EventChunk chunk, CancellationToken cancel);

    /// <summary>Writes what is in order and not fenced, in one transaction with its counts.</summary>
    /// <returns>What the database has now, for every lane asked for.</returns>
    Task<Dictionary<(Lane, int), CheckpointFound>> WriteAsync(
        List<LaneWrite> writes,
        CancellationToken cancel
    );
}
