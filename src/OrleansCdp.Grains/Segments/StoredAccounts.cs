using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// What accounts would tell if the segments of a trial were active, from what is stored. Each account is read once, as long as no
/// more than <see cref="KnownMax"/> are met.
/// </summary>
/// <param name="trial">The trial.</param>
/// <param name="store">What is stored.</param>
/// <param name="serializer">Reads it.</param>
/// <param name="policy">How fields of a profile are reconciled.</param>
/// <param name="now">The moment.</param>
internal sealed class StoredAccounts(
    SegmentTrial trial,
    ISnapshotStore store,
    Serializer serializer,
    ReconciliationPolicy policy,
    DateTimeOffset now
)
{
    /// <summary>Accounts whose answers are remembered; then all are forgotten.</summary>
    public const int KnownMax = 10_000;

    private readonly Dictionary<string, AccountFacts> known = new(StringComparer.Ordinal);

    /// <summary>What the account of an individual would tell it; nothing where what is stored of the account is damaged.</summary>
    public async Task<AccountFacts> FactsForAsync(UnifiedIndividual state, CancellationToken cancel)
    {
        AccountFacts before = state.FactsFor(trial.Segments);
        if (before.Account.Length == 0)
        {
            return before;
        }

        if (!known.TryGetValue(before.Account, out AccountFacts? facts))
        {
            facts = await LookAsync(before.Account, cancel);
            if (known.Count == KnownMax)
            {
                known.Clear();
            }

            known.Add(before.Account, facts);
        }

        return facts;
    }

    private async Task<AccountFacts> LookAsync(string id, CancellationToken cancel)
    {
        AccountFacts nothing = new() { Account = id };
        try
        {
            Account account =
                await CellOf(id, AccountShape.Instance).LoadAsync(cancel)
                ?? new Account { Id = id };
            InsightLedger ledger = InsightLedger.Of(
                known: null,
                trial.Insights,
                SubjectKind.Account,
                account.Links
            );
            if (trial.Segments.AsksOfPeople(trial.Insights))
            {
                ledger.People = await PeopleOfAsync(id, cancel);
            }

            AccountAnswers answers = AccountAnswers.Of(
                trial.Segments,
                account.Links,
                ledger,
                account.Told?.Facts,
                policy,
                now
            );
            return nothing with { Values = answers.Values };
        }
        catch (CorruptSnapshotException)
        {
            return nothing; // It is reported by whoever loads it.
        }
    }

    private async Task<PeopleSums> PeopleOfAsync(string id, CancellationToken cancel)
    {
        AccountPeople people =
            await CellOf(SubjectIds.PeopleOf(id), AccountPeopleShape.Instance).LoadAsync(cancel)
            ?? new AccountPeople();
        return new PeopleSums(
            people.People.SumsFor(trial.Insights, now),
            people.NotTaken,
            IsPartial: people.Head.AskedIn is not null
        );
    }

    private SnapshotCell<T> CellOf<T>(string id, IStateShape<T> shape)
        where T : class => new(id, store, serializer, shape);
}
