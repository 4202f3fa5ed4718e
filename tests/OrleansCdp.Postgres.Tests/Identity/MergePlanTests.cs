namespace OrleansCdp.Identity;

/// <summary>Who is one person is found by keys, however many people there are.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MergePlanTests(PostgresServer server)
{
    private const int People = 400;
    private static readonly string[] Tables =
    [
        "base_individual",
        "anchor_statement",
        "merge_conflict",
        "claim",
        "anchor_link",
        "steward_decision",
        "steward_pair",
        "identity_history",
        "match_record",
    ];

    [Fact]
    public async Task Proofs_roots_and_claims_walk_through_no_table()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using (StoreHost silo = await StoreHost.StartAsync(database))
        {
            await ProveAsync(silo, 0, People);
            await database.ExecuteAsync("analyze");
            await database.ExecuteAsync("select pg_stat_reset()");

            await ProveAsync(silo, People, 20);
            for (int i = 0; i < 20; i++)
            {
                await silo.Get<IMergeStore>().RootOfAsync($"ind_e{i}", default);
                await silo.Get<IMergeStore>().NotePlacedAsync($"ind_e{i}", $"ind_c{i}", default);
                await silo.Identity.ReadAsync([$"email:e{i}"], default);
            }
        }

        // A connection tells what it read at the latest when it ends.
        await Eventually.BeAsync(async () => await ReadAsync(database, "idx_scan") >= 100);
        (await ReadAsync(database, "seq_tup_read")).ShouldBe(0);
    }

    [Fact]
    public async Task What_stewards_ask_for_and_decide_walks_through_no_table()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using (StoreHost silo = await StoreHost.StartAsync(database))
        {
            await ProveAsync(silo, 0, 20);
            await FillAsync(database);
            await database.ExecuteAsync("select pg_stat_reset()");

            IStewardStore stewards = silo.Get<IStewardStore>();
            IStewardLists lists = silo.Get<IStewardLists>();
            StewardWord why = new("tests", "tests");
            for (int i = 0; i < 20; i++)
            {
                BaseIndividual contact = (await stewards.FindAsync($"ind_c{i}", default))!;
                BaseIndividual other = (await stewards.FindAsync($"ind_d{i}", default))!;
                BaseIndividual record = new($"rec_{i}", 99, $"link:crm/case/{i}");
                var joined = await stewards.JoinAsync(contact, other, why, default);
                await stewards.SeparateAsync(other.Id, why, default);
                await stewards.KeepApartAsync(contact, record, null, why, default);
                await stewards.WithdrawAsync(joined.Decision!.Value, why, default);
                await stewards.JoinAsync(other, record, why, default);
                await lists.HistoryAsync(contact.Id, long.MaxValue, 10, default);
                await lists.ConflictsAsync(null, 10, default);
                await lists.ReasonsAsync([new LinkKey("crm", "c", $"{i}")], default);
            }
        }

        await Eventually.BeAsync(async () => await ReadAsync(database, "idx_scan") >= 500);
        (await ReadAsync(database, "seq_tup_read")).ShouldBe(0);
    }

    [Fact]
    public async Task A_history_is_read_no_further_than_it_is_asked_for()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using (StoreHost silo = await StoreHost.StartAsync(database))
        {
            await database.ExecuteAsync(
                """
                insert into cdp.identity_history (individual, other, what)
                select case i % 2 when 0 then 'ind_a' else 'ind_b' || i end,
                    case i % 2 when 0 then 'ind_b' || i else 'ind_a' end, 'merged'
                from generate_series(1, 20000) i;
                analyze cdp.identity_history;
                select pg_stat_reset();
                """
            );

            var page = await silo.Get<IStewardLists>().HistoryAsync("ind_a", 19_991, 4, default);

            page.Select(one => one.Number).ShouldBe([19_990, 19_989, 19_988, 19_987]);
        }

        await Eventually.BeAsync(async () =>
            await ReadAsync(database, "idx_scan", "identity_history") > 0
        );
        (
            await ReadAsync(database, "seq_tup_read + idx_tup_fetch", "identity_history")
        ).ShouldBeInRange(4, 40);
    }

    /// <summary>Fills the tables with people that nobody asks about, so that it pays to look for a key.</summary>
    private static Task FillAsync(TestDatabase database) =>
        database.ExecuteAsync(
            """
            insert into cdp.base_individual (id, rank, name, root)
            select 'ind_x' || i, i % 2, 'email:x' || i, 'ind_x' || (i - i % 2)
            from generate_series(1, 5000) i;
            insert into cdp.steward_decision (together, survivor, other, reason, author)
            select true, 'ind_x' || (i * 2), 'ind_x' || (i * 2 + 1), 'tests', 'tests'
            from generate_series(1, 2000) i;
            insert into cdp.steward_pair (link_a, link_b, verdict, decision)
            select 'crm/a/' || i, 'crm/b/' || i, 1, i from generate_series(1, 2000) i;
            insert into cdp.identity_history (individual, other, what)
            select 'ind_x' || i, 'ind_x' || (i + 1), 'merged' from generate_series(1, 5000) i;
            insert into cdp.anchor_statement (link, base, event_id)
            select 'crm/x/' || (i / 2), 'ind_x' || i, 'e' from generate_series(1, 5000) i;
            insert into cdp.anchor_link select 'crm/x/' || i from generate_series(0, 2500) i;
            insert into cdp.claim (claim, owner, anchored_by, stamp_at, stamp_version, stamp_arrival)
            select 'link:crm/x/' || i, 'ind_x' || i, 0, 0, 0, 0 from generate_series(1, 5000) i;
            insert into cdp.merge_conflict (first, second, reason)
            select 'ind_x' || i, 'ind_x' || (i + 1), 'two_contacts'
            from generate_series(1, 5000) i;
            analyze;
            """
        );

    private static async Task ProveAsync(StoreHost silo, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            BaseIndividual contact = new($"ind_c{i}", 0, $"contactId:c{i}");
            BaseIndividual other = new($"ind_d{i}", 0, $"contactId:d{i}");
            BaseIndividual email = new($"ind_e{i}", 1, $"email:e{i}");
            await silo.Identity.ClaimAsync(
                [new(email.Name, new Claim(email.Id, 1, default))],
                default
            );
            await silo.Get<IMergeStore>()
                .ProveAsync(
                    [
                        new AnchorProof(new LinkKey("crm", "c", $"{i}"), "e", [contact, email]),
                        new AnchorProof(new LinkKey("crm", "d", $"{i}"), "e", [other, email]),
                    ],
                    [email],
                    default
                );
        }
    }

    private static Task<long> ReadAsync(
        TestDatabase database,
        string column,
        params string[] tables
    ) =>
        database.NumberAsync(
            $"""
            select coalesce(sum({column}), 0)::bigint from pg_stat_user_tables
            where schemaname = 'cdp'
                and relname in ('{string.Join("', '", tables.Length > 0 ? tables : Tables)}')
            """
        );
}
