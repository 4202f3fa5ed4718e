using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Stewards' decisions: each is one change of who is one person.</summary>
internal sealed class StewardStore(DataSources sources, MergeInstruments instruments)
    : IStewardStore
{
    private const string Find = "select rank, name from cdp.base_individual where id = $1";

    private const string Decide = """
        insert into cdp.steward_decision (together, survivor, other, reason, author)
        values ($1, $2, $3, $4, $5) returning id
        """;

    // That two are two, of two groups.
    private const string Against = """
        select d.id from cdp.steward_decision d
            join cdp.base_individual s on s.id = d.survivor
            join cdp.base_individual o on o.id = d.other
        where d.withdrawn_at is null and not d.together
            and (d.survivor = any($1) or d.other = any($1))
            and ((s.root = $2 and o.root = $3) or (s.root = $3 and o.root = $2))
        """;

    private const string Apart = """
        select id from cdp.steward_decision
        where withdrawn_at is null and not together
            and ((survivor = $1 and other = $2) or (survivor = $2 and other = $1))
        order by id limit 1
        """;

    private const string Sides = """
        select survivor, other from cdp.steward_decision where id = $1 and withdrawn_at is null
        """;

    private const string Withdraw = """
        update cdp.steward_decision
        set withdrawn_at = now(), withdrawn_by = $2, withdrawn_reason = $3
        where id = any($1) and withdrawn_at is null
        """;

    // What a decision overrules is withdrawn in its transaction: at the same instant.
    private const string Restore = """
        update cdp.steward_decision kept
        set withdrawn_at = null, withdrawn_by = null, withdrawn_reason = null
        from cdp.steward_decision made
        where made.id = any($1) and made.together and not kept.together and kept.id < made.id
            and kept.withdrawn_at = made.at and kept.withdrawn_by = made.author
        returning kept.id, kept.survivor, kept.other
        """;

    private const string RootOf = "select id, root from cdp.base_individual where id = any($1)";

    // Without the roots themselves: so the index of those that are merged serves.
    private const string MergedInto = """
        select id from cdp.base_individual where root = any($1) and root <> id
        """;

    public async Task<BaseIndividual?> FindAsync(string individual, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources.Storage.CreateCommand(Find).With(individual);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new BaseIndividual(individual, reader.GetInt32(0), reader.GetString(1))
            : null;
    }

    public Task<StewardOutcome> JoinAsync(
        BaseIndividual survivor,
        BaseIndividual other,
        StewardWord why,
        CancellationToken cancel
    ) =>
        ChangeAsync(
            async merges =>
            {
                await merges.AddAsync([survivor, other], [], [survivor.Id, other.Id]);
                var roots = await RootsAsync(merges, [survivor.Id, other.Id], cancel);
                if (roots[survivor.Id] == roots[other.Id])
                {
                    return new StewardOutcome(StewardRefusals.AlreadyMerged);
                }

                var against = await AgainstAsync(
                    merges,
                    roots[survivor.Id],
                    roots[other.Id],
                    cancel
                );
                await WithdrawAsync(merges, against, why, cancel);
                await StewardPairs.SuspendAsync(merges, [.. against]);
                long decision = await DecideAsync(merges, true, survivor.Id, other.Id, why, cancel);
                await StewardPairs.AddAsync(merges, survivor, other, together: true, decision);
                return await RegroupAsync(merges, survivor.Id, other.Id, decision, cancel) with
                {
                    Withdrawn = against,
                };
            },
            cancel
        );

    public Task<StewardOutcome> SeparateAsync(
        string individual,
        StewardWord why,
        CancellationToken cancel
    ) =>
        ChangeAsync(
            async merges =>
            {
                var roots = await RootsAsync(merges, [individual], cancel);
                if (roots.GetValueOrDefault(individual) is not { } former || former == individual)
                {
                    return new StewardOutcome(StewardRefusals.NotMerged);
                }

                var group = await GroupAsync(merges, [former], cancel);
                var decided = await merges.TiesOfAsync(individual, former);
                var restored = await TakeBackAsync(merges, decided, why, cancel);
                long? decision = decided.IsEmpty
                    ? await DecideAsync(merges, false, former, individual, why, cancel)
                    : null;
                return await RegroupAsync(
                    merges,
                    former,
                    individual,
                    decision ?? decided[0],
                    cancel,
                    group
                ) with
                {
                    Decision = decision,
                    Withdrawn = decided,
                    Restored = restored,
                    FormerRoot = former,
                };
            },
            cancel
        );

    public Task<StewardOutcome> KeepApartAsync(
        BaseIndividual one,
        BaseIndividual other,
        WayBack? back,
        StewardWord why,
        CancellationToken cancel
    ) =>
        ChangeAsync(
            async merges =>
            {
                await merges.AddAsync([one, other], [], [one.Id, other.Id]);
                await using NpgsqlCommand apart = merges.Command(Apart).With(one.Id).With(other.Id);
                long? known = (long?)await apart.ExecuteScalarAsync(cancel);
                long decision =
                    known ?? await DecideAsync(merges, false, one.Id, other.Id, why, cancel);
                await StewardPairs.AddAsync(merges, one, other, together: false, decision);
                if (back is not null)
                {
                    await SentHomeStore.NoteAsync(merges, decision, back, cancel);
                }

                return await RegroupAsync(merges, one.Id, other.Id, decision, cancel) with
                {
                    IsKnown = known is not null,
                };
            },
            cancel
        );

    public Task<StewardOutcome> WithdrawAsync(
        long decision,
        StewardWord why,
        CancellationToken cancel
    ) =>
        ChangeAsync(
            async merges =>
            {
                (string Survivor, string Other)? sides = null;
                await using (NpgsqlCommand command = merges.Command(Sides).With(decision))
                await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel))
                {
                    if (await reader.ReadAsync(cancel))
                    {
                        sides = (reader.GetString(0), reader.GetString(1));
                    }
                }

                if (sides is not { } found)
                {
                    return new StewardOutcome(StewardRefusals.NotMerged);
                }

                var before = await RootsAsync(merges, [found.Survivor], cancel);
                var group = await GroupAsync(merges, [before[found.Survivor]], cancel);
                var restored = await TakeBackAsync(merges, [decision], why, cancel);
                await SentHomeStore.SendBackAsync(merges, decision, cancel);
                return await RegroupAsync(
                    merges,
                    found.Survivor,
                    found.Other,
                    decision,
                    cancel,
                    group
                ) with
                {
                    Decision = null,
                    Withdrawn = [decision],
                    Restored = restored,
                    FormerRoot = before[found.Survivor],
                };
            },
            cancel
        );

    private async Task<StewardOutcome> ChangeAsync(
        Func<MergeTransaction, Task<StewardOutcome>> change,
        CancellationToken cancel
    ) =>
        await Commands.RetryConflictsAsync(async () =>
        {
            await using MergeTransaction merges = await MergeTransaction.BeginAsync(
                sources.Storage,
                cancel
            );
            StewardOutcome outcome = await change(merges);
            if (outcome.Refusal is null)
            {
                await merges.CommitAsync();
                instruments.Note(outcome.Regrouped);
            }

            return outcome with
            {
                Due = [.. merges.Due],
            };
        });

    private static async Task<StewardOutcome> RegroupAsync(
        MergeTransaction merges,
        string one,
        string other,
        long decision,
        CancellationToken cancel,
        params string[] concerned
    )
    {
        if (
            await merges.RegroupAsync([one, other, .. concerned], new MergeCause(decision))
            is not { } regrouped
        )
        {
            return new StewardOutcome(StewardRefusals.MergedMax);
        }

        var roots = await RootsAsync(merges, [one, other], cancel);
        return new StewardOutcome
        {
            Decision = decision,
            Root = roots[one],
            OtherRoot = roots[other],
            Regrouped = regrouped,
        };
    }

    private static async Task<long> DecideAsync(
        MergeTransaction merges,
        bool together,
        string survivor,
        string other,
        StewardWord why,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = merges
            .Command(Decide)
            .With(together)
            .With(survivor)
            .With(other)
            .With(why.Reason)
            .With(why.Author);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static async Task WithdrawAsync(
        MergeTransaction merges,
        ImmutableArray<long> decisions,
        StewardWord why,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = merges
            .Command(Withdraw)
            .With(decisions.ToArray())
            .With(why.Author)
            .With(why.Reason);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Withdraws decisions, so that all is as if they had never been made.</summary>
    /// <returns>What they had overruled, which is in force again.</returns>
    private static async Task<ImmutableArray<long>> TakeBackAsync(
        MergeTransaction merges,
        ImmutableArray<long> decisions,
        StewardWord why,
        CancellationToken cancel
    )
    {
        await WithdrawAsync(merges, decisions, why, cancel);
        await StewardPairs.RemoveAsync(merges, [.. decisions]);
        var restored = await merges
            .Command(Restore)
            .With(decisions.ToArray())
            .RowsAsync(
                row => new StewardDecision(
                    row.GetInt64(0),
                    Together: false,
                    row.GetString(1),
                    row.GetString(2)
                ),
                cancel
            );
        await StewardPairs.RestoreAsync(merges, restored);
        return [.. restored.Select(one => one.Id).Order()];
    }

    /// <summary>What was decided that keeps two groups apart.</summary>
    private static async Task<ImmutableArray<long>> AgainstAsync(
        MergeTransaction merges,
        string one,
        string other,
        CancellationToken cancel
    )
    {
        return await merges
            .Command(Against)
            .With(await GroupAsync(merges, [one, other], cancel))
            .With(one)
            .With(other)
            .RowsAsync(row => row.GetInt64(0), cancel);
    }

    /// <summary>Whoever is one person with one of these, and they themselves.</summary>
    private static async Task<string[]> GroupAsync(
        MergeTransaction merges,
        string[] roots,
        CancellationToken cancel
    )
    {
        var merged = await merges
            .Command(MergedInto)
            .With(roots)
            .RowsAsync(row => row.GetString(0), cancel);
        return [.. roots, .. merged];
    }

    private static async Task<Dictionary<string, string>> RootsAsync(
        MergeTransaction merges,
        string[] individuals,
        CancellationToken cancel
    )
    {
        var roots = await merges
            .Command(RootOf)
            .With(individuals)
            .RowsAsync(row => (Id: row.GetString(0), Root: row.GetString(1)), cancel);
        return roots.ToDictionary(one => one.Id, one => one.Root, StringComparer.Ordinal);
    }
}
