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
    ];

    [Fact]
    public async Task Proofs_roots_and_claims_walk_through_no_table()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using (StoreHost silo = await StoreHost.StartAsync(database))
        {
            await ProveAsync(silo, 0, People);
            await database.ExecuteAsync(
                $"analyze {string.Join(", ", Tables.Select(table => $"cdp.{table}"))}"
            );
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

    private static Task<long> ReadAsync(TestDatabase database, string column) =>
        database.NumberAsync(
            $"""
            select coalesce(sum({column}), 0)::bigint from pg_stat_user_tables
            where schemaname = 'cdp' and relname in ('{string.Join("', '", Tables)}')
            """
        );
}
