namespace OrleansCdp.Identity;

/// <summary>Says why records have another group or individual when a turn is over.</summary>
internal sealed class MatchReasons(MatchBoard board)
{
    private readonly ILookup<long, MatchCard> formerly = board
        .Cards.Where(card => card is { WasListed: true, Before.Group: not null })
        .ToLookup(card => card.Before!.Group!.Value);

    private readonly HashSet<long> followed = board.Followed();

    /// <summary>Why a record is where it is now.</summary>
    /// <returns>One of <see cref="DecisionReasons"/>, and the individual that it is because of, if it is.</returns>
    public (string Reason, string? CausedBy) Of(MatchCard card)
    {
        MatchRow now = card.Now;
        if (now.Owner is { } owner)
        {
            return (DecisionReasons.Anchored, owner);
        }

        if (now.Individual is { } individual && card.Before?.Individual != individual)
        {
            return (DecisionReasons.Matched, individual);
        }

        if (card.Before is not { Group: { } group } before)
        {
            return (ReasonOfNew(card), null);
        }

        bool wasAlone = before.Partner is null && before.Individual is null;
        return wasAlone && now.Partner is not null
            ? (DecisionReasons.Grouped, null)
            : ReasonOfLeaving(card, before, group);
    }

    /// <summary>Whether a record is with whom it was. One that all others have left keeps their group's number.</summary>
    public bool IsWhereItWas(MatchCard card) =>
        card.Before is { } before
        && before.Group == card.Now.Group
        && before.Individual == card.Now.Individual
        && !(before.Partner is not null && IsLeftAlone(card));

    private bool IsLeftAlone(MatchCard card) =>
        card.Now is { Partner: null, Individual: null } && !followed.Contains(card.Now.Id);

    private static string ReasonOfNew(MatchCard card) =>
        card.Now.Partner is not null ? DecisionReasons.Grouped
        : card.Values.IsEmpty ? DecisionReasons.NothingToCompare
        : DecisionReasons.MatchesNobody;

    private (string, string?) ReasonOfLeaving(MatchCard card, MatchRow before, long group)
    {
        if (!card.SaysTheSame)
        {
            return (DecisionReasons.SaysOtherwise, null);
        }

        if (!before.Guarded.AsSpan().SequenceEqual(card.Now.Guarded))
        {
            return (DecisionReasons.IdentifierShared, null);
        }

        if (card.IsReconsidered)
        {
            return (DecisionReasons.DecidedAgain, null);
        }

        string? taker = formerly[group]
            .Select(other => other.Now.Individual)
            .FirstOrDefault(other => other is not null && other != before.Individual);
        if (taker is not null)
        {
            return (DecisionReasons.GroupTaken, taker);
        }

        if (
            before.Individual is { } former
            && board.Find(former) is { } individual
            && (individual.IsGone || !individual.SaysTheSame)
        )
        {
            return (DecisionReasons.IndividualChanged, former);
        }

        return before.Individual is null && card.Now.Partner is not null
            ? (DecisionReasons.Grouped, null)
            : (DecisionReasons.GroupChanged, null);
    }
}
