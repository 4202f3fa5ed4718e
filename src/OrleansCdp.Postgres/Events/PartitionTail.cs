namespace OrleansCdp.Events;

/// <summary>What a reader finds in a tail.</summary>
internal enum TailState
{
    /// <summary>Events from the position on.</summary>
    Events = 0,

    /// <summary>Events exist from the position on, but only in the database.</summary>
    InDatabase = 1,

    /// <summary>The local writer has written nothing beyond: wait for it.</summary>
    WaitForWriter = 2,

    /// <summary>The writer is elsewhere and nothing is known beyond: the database must be asked now and then.</summary>
    WaitForPoll = 3,
}

/// <summary>A committed chunk in memory.</summary>
internal readonly record struct TailChunk(long FirstSequence, LinkEvent[] Events, int Bytes)
{
    public long LastSequence => FirstSequence + Events.Length - 1;
}

/// <summary>
/// The newest chunks of one partition and lane, handed from the writer to the reader when both live in this silo.
/// While a writer is attached the tail knows the log's end, so the reader need not ask the database. Bounded: the
/// oldest chunks go first, and the reader finds those in the database.
/// </summary>
internal sealed class PartitionTail(int eventsMax, int bytesMax)
{
    private readonly Lock gate = new();
    private readonly Queue<TailChunk> chunks = new();
    private long writerEpoch;
    private long knownWriterEpoch;
    private long head;
    private int events;
    private int bytes;
    private int readers;

    /// <summary>Set when there may be something new to take.</summary>
    public Signal Changed { get; } = new();

    /// <summary>Epoch of the attached writer; 0 for none.</summary>
    public long WriterEpoch
    {
        get
        {
            lock (gate)
            {
                return writerEpoch;
            }
        }
    }

    /// <summary>Whether somebody in this silo reads.</summary>
    public bool HasReader
    {
        get
        {
            lock (gate)
            {
                return readers > 0;
            }
        }
    }

    /// <summary>The last event of the log, as far as is known here.</summary>
    public long Head
    {
        get
        {
            lock (gate)
            {
                return head;
            }
        }
    }

    /// <summary>Epoch of whoever writes, here or elsewhere, as far as is known here.</summary>
    public long KnownWriterEpoch
    {
        get
        {
            lock (gate)
            {
                return knownWriterEpoch;
            }
        }
    }

    /// <summary>A writer of this silo owns the partition from now on.</summary>
    public void Attach(long epoch, long next)
    {
        lock (gate)
        {
            Forget();
            writerEpoch = epoch;
            knownWriterEpoch = Math.Max(knownWriterEpoch, epoch);
            head = next - 1;
            Changed.Set();
        }
    }

    /// <summary>The writer is gone, or what it wrote is in doubt.</summary>
    public void Detach(long epoch)
    {
        lock (gate)
        {
            if (writerEpoch == epoch)
            {
                writerEpoch = 0;
                Changed.Set();
            }
        }
    }

    /// <summary>The attached writer's chunk is committed. A chunk of any other writer says nothing here.</summary>
    public void Publish(long epoch, TailChunk chunk)
    {
        lock (gate)
        {
            if (writerEpoch != epoch || chunk.FirstSequence != head + 1)
            {
                return;
            }

            head = chunk.LastSequence;
            if (readers > 0)
            {
                chunks.Enqueue(chunk);
                events += chunk.Events.Length;
                bytes += chunk.Bytes;
                while (events > eventsMax || bytes > bytesMax)
                {
                    Dequeue();
                }
            }

            Changed.Set();
        }
    }

    /// <summary>The database was asked, because no writer is attached.</summary>
    /// <param name="last">The last event of the log.</param>
    /// <param name="epoch">Of whoever took the writing over last.</param>
    public void NoteHead(long last, long epoch = 0)
    {
        lock (gate)
        {
            knownWriterEpoch = Math.Max(knownWriterEpoch, epoch);
            if (writerEpoch == 0 && last > head)
            {
                head = last;
                Changed.Set();
            }
        }
    }

    /// <summary>A reader comes: chunks are kept for it.</summary>
    public void AddReader()
    {
        lock (gate)
        {
            readers++;
        }
    }

    /// <summary>A reader goes.</summary>
    public void RemoveReader()
    {
        lock (gate)
        {
            readers--;
            if (readers == 0)
            {
                Forget();
            }
        }
    }

    /// <summary>Takes chunks from a position on; what is before it is forgotten.</summary>
    /// <param name="position">The sequence wanted next.</param>
    /// <param name="batches">Takes chunks until it is full.</param>
    public TailState Take(long position, BatchBuilder batches)
    {
        lock (gate)
        {
            while (chunks.TryPeek(out TailChunk oldest) && oldest.LastSequence < position)
            {
                Dequeue();
            }

            if (chunks.TryPeek(out TailChunk first) && first.FirstSequence <= position)
            {
                while (chunks.TryPeek(out TailChunk chunk) && batches.TryAdd(chunk))
                {
                    Dequeue();
                }

                return TailState.Events;
            }

            return head >= position ? TailState.InDatabase
                : writerEpoch != 0 ? TailState.WaitForWriter
                : TailState.WaitForPoll;
        }
    }

    private void Dequeue()
    {
        TailChunk chunk = chunks.Dequeue();
        events -= chunk.Events.Length;
        bytes -= chunk.Bytes;
    }

    private void Forget()
    {
        chunks.Clear();
        events = 0;
        bytes = 0;
    }
}
