using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// The events of the log folded anew. Who a link belongs to is taken from the claims: identity is not decided again,
/// but links that bear the same contact must be together.
/// </summary>
internal sealed class OracleFold
{
    private static readonly string[] NeverMet =
    [
        ReasonCodes.LinksMax,
        ReasonCodes.FoldFailed,
        ReasonCodes.StateCorrupt,
    ];

    private readonly Dictionary<(SubjectKind, LinkKey), Link> links = [];
    private readonly Dictionary<(SubjectKind, LinkKey), HashSet<Lane>> lanes = [];
    private readonly HashSet<LinkKey> followers = [];
    private readonly Dictionary<string, UnifiedIndividual> individuals = new(
        StringComparer.Ordinal
    );
    private readonly Dictionary<string, Account> accounts = new(StringComparer.Ordinal);
    private readonly HashSet<LinkKey> described = [];
    private readonly EventTally tally = new();
    private readonly HashSet<string> chancy = new(StringComparer.Ordinal);
    private readonly List<string> flaws = [];

    private readonly InsightSet? computed;

    /// <summary>Folds all of them.</summary>
    /// <param name="tables">The events.</param>
    /// <param name="computed">The insights that are computed along; null for none.</param>
    public OracleFold(OracleTables tables, InsightSet? computed = null)
    {
        this.computed = computed;
        foreach ((LogPosition at, LinkEvent e) in tables.Events)
        {
            Fold(tables, at, e);
        }

        foreach (((SubjectKind subject, LinkKey key), Link link) in links)
        {
            if (subject == SubjectKind.Account)
            {
                Account account = AccountOf(SubjectIds.AccountOf(key));
                Link known = account.Links.Find(key) ?? new Link { Key = key };
                Link joined = link with { Traits = Registers.Join(link.Traits, known.Traits) };
                accounts[account.Id] = account with { Links = account.Links.With(joined) };
            }
            else
            {
                Place(tables, link);
            }
        }

        foreach (LinkEvent e in tables.Events.Select(one => one.Event).Where(IsChancy))
        {
            chancy.Add(e.Stream);
        }

        DemandTogether(tables);
    }

    /// <summary>What cannot be true.</summary>
    public IReadOnlyList<string> Flaws => flaws;

    /// <summary>Who has links with events.</summary>
    public IEnumerable<string> Individuals => individuals.Keys;

    /// <summary>Accounts that events described or somebody belonged to.</summary>
    public IEnumerable<string> Accounts => accounts.Keys;

    /// <summary>What became of the log's events.</summary>
    public IReadOnlyList<EventCount> Fates => tally.Counts();

    /// <summary>
    /// Streams of which it is chance which of two events said something new: those of two lanes, or of an account and
    /// one of its people, come in any order.
    /// </summary>
    public IReadOnlySet<string> ChancyStreams => chancy;

    /// <summary>The individual as it must be.</summary>
    public UnifiedIndividual IndividualOf(string id) =>
        individuals.GetValueOrDefault(id) ?? new UnifiedIndividual { Id = id };

    /// <summary>The account as it must be, without those who left it.</summary>
    public Account AccountOf(string id) =>
        accounts.GetValueOrDefault(id) ?? new Account { Id = id };

    /// <summary>The context graph that the gateway must answer with.</summary>
    public byte[] GraphOf(UnifiedIndividual individual)
    {
        byte[] own = ServiceGraph.Individual(individual, ReconciliationPolicy.Default);
        byte[] facts = individual.AccountLink() is { } link
            ? ServiceGraph.Account(
                AccountOf(SubjectIds.AccountOf(link)),
                ReconciliationPolicy.Default
            )
            : "null"u8.ToArray();
        return [.. own.AsSpan(..^1), .. ",\"account\":"u8, .. facts, (byte)'}'];
    }

    private void Fold(OracleTables tables, LogPosition at, LinkEvent e)
    {
        QuarantinedEvent? refused = tables.Quarantined.GetValueOrDefault(at);
        if (refused is not null && NeverMet.Contains(refused.Code))
        {
            return; // It never came as far as its link.
        }

        var key = (e.Subject, e.Link);
        lanes.TryAdd(key, []);
        lanes[key].Add(e.Lane);
        Link link = links.GetValueOrDefault(key) ?? new Link { Key = e.Link };
        SequencedEvent sequenced = new(at.Sequence, e);
        links[key] = link.Fold(sequenced, out EventOutcome outcome, computed);
        if (outcome.Kind == OutcomeKind.Refused != refused is not null)
        {
            flaws.Add(
                $"{at}: the fold says {outcome}, the quarantine {refused?.Code ?? "nothing"}"
            );
        }

        if (outcome.Kind == OutcomeKind.Applied)
        {
            tally.Add(e.Stream, CountKind.Applied, "");
        }
        else if (outcome.Kind == OutcomeKind.Suppressed)
        {
            tally.Add(e.Stream, CountKind.Suppressed, outcome.Code!);
        }

        if (e.FollowsAnchor)
        {
            followers.Add(e.Link);
        }

        if (e is { Subject: SubjectKind.Individual, Account: { } account })
        {
            if (outcome.Kind == OutcomeKind.Applied)
            {
                string id = SubjectIds.AccountOf(account);
                accounts[id] = e.AccountTraits.IsEmpty
                    ? AccountOf(id)
                    : AccountOf(id).Describe(account, e.AccountTraits, sequenced.Stamp, e.EventId);
            }

            if (!e.AccountTraits.IsEmpty)
            {
                described.Add(account);
            }
        }
    }

    private void Place(OracleTables tables, Link link)
    {
        if (tables.HolderOf(ClaimKeys.Of(link.Key)) is not { } owner)
        {
            flaws.Add($"{link.Key} has events and nobody has claimed it");
            return;
        }

        UnifiedIndividual individual = IndividualOf(owner);
        individuals[owner] = individual with { Links = individual.Links.With(link) };
        if (link.Account is { } register)
        {
            string account = SubjectIds.AccountOf(register.Account);
            accounts[account] = AccountOf(account)
                .Note(new Member(link.Key, owner, Belongs: true, register.Stamp));
        }
    }

    private bool IsChancy(LinkEvent e) =>
        lanes.GetValueOrDefault((e.Subject, e.Link))?.Count > 1
        || (e.Subject == SubjectKind.Account && described.Contains(e.Link));

    private void DemandTogether(OracleTables tables)
    {
        Dictionary<string, (string Owner, LinkKey Link)> bearers = new(StringComparer.Ordinal);
        foreach ((string id, UnifiedIndividual individual) in individuals)
        {
            foreach (Link link in individual.Links.Links.Where(l => !followers.Contains(l.Key)))
            {
                foreach (
                    string anchor in link
                        .Identifiers.Select(known => known.Identifier)
                        .Where(i => i.Verified && i.Type == IdentifierTypes.ContactId)
                        .Select(ClaimKeys.Of)
                        .Where(anchor => !tables.IsDisputed(anchor))
                )
                {
                    if (!bearers.TryAdd(anchor, (id, link.Key)) && bearers[anchor].Owner != id)
                    {
                        flaws.Add(
                            $"{bearers[anchor].Link} and {link.Key} bear one contact and are apart"
                        );
                    }
                }
            }
        }
    }
}
