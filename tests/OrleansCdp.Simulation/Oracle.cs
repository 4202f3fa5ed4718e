using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>What the log says must have come of it, by the domain alone.</summary>
internal sealed class Oracle
{
    private readonly Dictionary<LinkKey, Link> links = [];
    private readonly Dictionary<LinkKey, Account> accounts = [];

    public Oracle(IReadOnlyCollection<StoredChunk> log)
    {
        // The lanes of a link are read apart; what the workload puts into the second commutes with the first.
        foreach (
            StoredChunk chunk in log.OrderBy(chunk => (chunk.Lane, chunk.Partition, chunk.First))
        )
        {
            foreach (SequencedEvent e in chunk.Events)
            {
                EventOutcome outcome =
                    e.Event.Subject == SubjectKind.Account ? Describe(e) : Fold(e);
                Outcomes.Add(
                    new LogPosition(chunk.Lane, chunk.Partition, e.Sequence),
                    (e.Event, outcome)
                );
                Count(e.Event.Stream, outcome);
            }
        }

        foreach (StoredChunk chunk in log)
        {
            foreach (SequencedEvent e in chunk.Events)
            {
                Tell(e);
            }
        }
    }

    /// <summary>What becomes of every event.</summary>
    public Dictionary<LogPosition, (LinkEvent Event, EventOutcome Outcome)> Outcomes { get; } = [];

    /// <summary>The links of people.</summary>
    public IReadOnlyDictionary<LinkKey, Link> Links => links;

    /// <summary>Accounts by their own link, without their people.</summary>
    public IReadOnlyDictionary<LinkKey, Account> Accounts => accounts;

    /// <summary>Events by stream, fate and reason.</summary>
    public EventTally Counts { get; } = new();

    private EventOutcome Fold(SequencedEvent e)
    {
        Link link = links.GetValueOrDefault(e.Event.Link) ?? new Link { Key = e.Event.Link };
        try
        {
            links[e.Event.Link] = link.Fold(e, out EventOutcome outcome, SimulatedInsights.Set);
            return outcome;
        }
        catch (FormatException)
        {
            return EventOutcome.Refused(ReasonCodes.FoldFailed);
        }
    }

    private EventOutcome Describe(SequencedEvent e)
    {
        Transition<Account> transition = AccountOf(e.Event.Link).Apply([e], SimulatedInsights.Set);
        accounts[e.Event.Link] = transition.Next;
        return transition.Outcomes.IsEmpty ? EventOutcome.Applied : transition.Outcomes[0];
    }

    private void Tell(SequencedEvent e)
    {
        if (e.Event.Account is not { } account)
        {
            return;
        }

        Account known = AccountOf(account);
        accounts[account] = e.Event.AccountTraits.IsEmpty
            ? known
            : known.Describe(account, e.Event.AccountTraits, e.Stamp, e.Event.EventId);
    }

    private Account AccountOf(LinkKey link) =>
        accounts.GetValueOrDefault(link)
        ?? new Account { Id = Identity.SubjectIds.AccountOf(link) };

    private void Count(string stream, EventOutcome outcome) =>
        Counts.Add(
            stream,
            outcome.Kind switch
            {
                OutcomeKind.Applied => CountKind.Applied,
                OutcomeKind.Suppressed => CountKind.Suppressed,
                _ => CountKind.Quarantined,
            },
            outcome.Code ?? ""
        );
}
