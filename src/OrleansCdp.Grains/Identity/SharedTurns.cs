namespace OrleansCdp.Identity;

/// <summary>What one caller wants decided in one turn of a space.</summary>
/// <param name="Space">The space, and the version of its rules that the statements are read by.</param>
/// <param name="Statements">What is said.</param>
/// <param name="Absorptions">Individuals whose links all went to others.</param>
internal sealed record TurnRequest(
    MatchSpace Space,
    IReadOnlyCollection<MatchStatement> Statements,
    IReadOnlyCollection<Absorption> Absorptions
)
{
    /// <summary>How much of a turn it takes.</summary>
    public int Size => Statements.Count + Absorptions.Count;
}

/// <summary>
/// The turns of this silo in one space, one at a time: of all partitions one waits at the database. Whoever waits
/// meanwhile is decided about together in the next one. What a turn decides follows from what all say and not from who
/// said it when, and a turn of many costs little more than a turn of one.
/// </summary>
/// <param name="sizeMax">Statements and absorptions of several callers in one turn.</param>
internal sealed class SharedTurns(int sizeMax) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Lock queueing = new();
    private readonly List<Waiting> queue = [];

    /// <summary>Decides about statements and absorptions.</summary>
    public delegate Task<MatchOutcome?> Turn(
        IReadOnlyCollection<MatchStatement> statements,
        IReadOnlyCollection<Absorption> absorptions
    );

    /// <summary>Waits for a turn of one's own, or to be decided about in another's.</summary>
    /// <param name="request">What is to be decided.</param>
    /// <param name="turn">Decides, about more than was requested too.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>
    /// What was decided about these links; about others only where nobody else is told. Null when another version is live.
    /// </returns>
    public async Task<MatchOutcome?> DecideAsync(
        TurnRequest request,
        Turn turn,
        CancellationToken cancel
    )
    {
        Waiting own = new(request);
        lock (queueing)
        {
            queue.Add(own);
        }

        try
        {
            await gate.WaitAsync(cancel);
            try
            {
                return own.IsDecided ? own.Outcome : await LeadAsync(own, turn);
            }
            finally
            {
                gate.Release();
            }
        }
        finally
        {
            lock (queueing)
            {
                queue.Remove(own);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    private async Task<MatchOutcome?> LeadAsync(Waiting own, Turn turn)
    {
        own.IsDecided = true; // Whatever comes of it, nobody else is to decide about it too.
        List<Waiting> others = OthersFor(own);
        try
        {
            MatchOutcome? outcome = await turn(
                [.. own.Request.Statements, .. others.SelectMany(one => one.Request.Statements)],
                [.. own.Request.Absorptions, .. others.SelectMany(one => one.Request.Absorptions)]
            );
            return Share(outcome, others);
        }
        catch (Exception) when (others.Count > 0)
        {
            // Nobody fails for what somebody else said: each of them is decided about alone.
            others.ForEach(one => one.IsAlone = true);
            return await turn(own.Request.Statements, own.Request.Absorptions);
        }
    }

    private static MatchOutcome? Share(MatchOutcome? outcome, List<Waiting> others)
    {
        HashSet<string> told = new(StringComparer.Ordinal);
        foreach (Waiting one in others)
        {
            one.IsDecided = true;
            if (outcome is not null)
            {
                HashSet<string> links = [.. one.Request.Statements.Select(said => said.Link)];
                told.UnionWith(links);
                one.Outcome = new MatchOutcome(
                    [.. outcome.Moves.Where(move => links.Contains(move.Link))],
                    []
                );
            }
        }

        return outcome is null || others.Count == 0
            ? outcome
            : outcome with
            {
                Moves = [.. outcome.Moves.Where(move => !told.Contains(move.Link))],
            };
    }

    /// <summary>Those who wait and may share a turn, the first first.</summary>
    private List<Waiting> OthersFor(Waiting own)
    {
        List<Waiting> others = [];
        if (!own.IsShareable)
        {
            return others;
        }

        HashSet<string> mentioned = [.. own.Mentioned()];
        HashSet<string> absorbed = [.. own.Absorbed()];
        int size = own.Request.Size;
        lock (queueing)
        {
            foreach (Waiting one in queue)
            {
                if (
                    one is { IsShareable: true, IsDecided: false }
                    && one.Request.Space == own.Request.Space
                    && size + one.Request.Size <= sizeMax
                    // Who is absorbed by one of them is not yet for another, or not any more: that is a matter of order.
                    && !absorbed.Overlaps(one.Mentioned())
                    && !mentioned.Overlaps(one.Absorbed())
                )
                {
                    others.Add(one);
                    size += one.Request.Size;
                    mentioned.UnionWith(one.Mentioned());
                    absorbed.UnionWith(one.Absorbed());
                }
            }
        }

        return others;
    }

    private sealed class Waiting(TurnRequest request)
    {
        public TurnRequest Request { get; } = request;

        public MatchOutcome? Outcome { get; set; }

        public bool IsDecided { get; set; }

        public bool IsAlone { get; set; }

        /// <summary>What is reconsidered rests on claims as they are read meanwhile, and is decided about by itself.</summary>
        public bool IsShareable => !IsAlone && !Request.Statements.Any(said => said.IsReconsidered);

        public IEnumerable<string> Absorbed() => Request.Absorptions.Select(one => one.From);

        public IEnumerable<string> Mentioned() =>
            MatchStatements.SubjectsOf(Request.Statements, Request.Absorptions);
    }
}
