namespace OrleansCdp.Identity;

/// <summary>
/// The step before anything is compared: an identifier that more individuals have than the ruleset allows identifies
/// nobody, and once fewer have it, it does again. Individuals are counted in the turn in which one comes or goes, so the
/// result follows from who is stored; whoever else has the identifier is looked at again after the turn.
/// </summary>
internal sealed class MatchGuards(FuzzyRules rules, MatchBoard board, IMatchTurn turn)
{
    /// <summary>Identifiers that records have now and had not before.</summary>
    public List<RecordIdentifier> Added { get; } = [];

    /// <summary>Identifiers that records had before and have not now.</summary>
    public List<RecordIdentifier> Removed { get; } = [];

    /// <summary>Identifiers that stop identifying with this turn, or begin to again.</summary>
    public List<GuardChange> Changes { get; } = [];

    /// <summary>Settles which identifiers identify nobody.</summary>
    public async Task SettleAsync(CancellationToken cancel)
    {
        MatchCard[] changed = [.. board.Cards.Where(card => card.HasChanged)];
        Dictionary<long, IdentifierValue> values = [];
        foreach (MatchCard card in changed)
        {
            Note(card, values);
        }

        await CountAsync(values, cancel);
    }

    /// <summary>
    /// Notes with records which of their identifiers identify nobody: with those, too, that are compared from now on in the
    /// place of one that said the same.
    /// </summary>
    public void Mark()
    {
        foreach (
            MatchCard card in board.Cards.Where(card => card is { HasChanged: true, IsGone: false })
        )
        {
            Mark(card);
        }
    }

    private void Note(MatchCard card, Dictionary<long, IdentifierValue> values)
    {
        var now = card.IsListed ? rules.IdentifiersOf(card.Values) : [];
        var then = card is { WasListed: true, ValuesBefore: { } before }
            ? rules.IdentifiersOf(before)
            : [];
        foreach (IdentifierValue value in now.Concat(then))
        {
            values[value.Key] = value;
        }

        bool isListed = turn.ListedTo is not { } last || card.Now.Id <= last;
        Added.AddRange(now.Except(isListed ? then : []).Select(value => Of(card, value)));
        Removed.AddRange(then.Except(now).Select(value => Of(card, value)));
    }

    private static RecordIdentifier Of(MatchCard card, IdentifierValue value) =>
        new(value.Key, card.Now.Id, card.Now.IsIndividual);

    /// <summary>Counts the individuals of identifiers that one of them gained or lost.</summary>
    private async Task CountAsync(
        Dictionary<long, IdentifierValue> values,
        CancellationToken cancel
    )
    {
        var added = Individuals(Added);
        var removed = Individuals(Removed);
        long[] keys = [.. added.Concat(removed).Select(one => one.Key).Distinct()];
        if (keys.Length == 0)
        {
            return;
        }

        // Whoever loses it may be among those that are read: so many more decide the question all the same.
        int max = rules.Guards.IndividualsPerIdentifierMax;
        int limit = max + 1 + keys.Max(key => removed[key].Count());
        ILookup<long, long> held = await turn.ReadIndividualsAsync(keys, limit, cancel);
        foreach (long key in keys)
        {
            bool isShared = held[key].Except(removed[key]).Union(added[key]).Count() > max;
            if (isShared != board.Guarded.Contains(key))
            {
                Changes.Add(new GuardChange(values[key], isShared));
            }
        }

        if (Changes.Count > 0)
        {
            var lifted = Changes.Where(one => !one.IsGuarded).Select(one => one.Value.Key);
            var raised = Changes.Where(one => one.IsGuarded).Select(one => one.Value.Key);
            board.Guarded = board.Guarded.Except(lifted).Union(raised).ToHashSet();
        }
    }

    private static ILookup<long, long> Individuals(List<RecordIdentifier> identifiers) =>
        identifiers.Where(one => one.IsIndividual).ToLookup(one => one.Key, one => one.Record);

    private void Mark(MatchCard card)
    {
        long[] guarded = card.IsListed
            ?
            [
                .. rules
                    .IdentifiersOf(card.Values)
                    .Select(value => value.Key)
                    .Where(board.Guarded.Contains)
                    .Order(),
            ]
            : [];
        if (!guarded.SequenceEqual(card.Now.Guarded ?? []))
        {
            card.Now = card.Now with { Guarded = guarded.Length == 0 ? null : guarded };
        }
    }
}
