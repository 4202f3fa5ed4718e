namespace OrleansCdp;

/// <summary>What is found by its key is found by its key, whatever PostgreSQL thinks of the tables.</summary>
[Collection(PostgresCollection.Name)]
public sealed class StatementPlanTests(PostgresServer server)
{
    private const int States = 500;
    private const int Rounds = 12;

    [Fact]
    public async Task Saves_walk_through_no_table()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using (StoreHost silo = await StoreHost.StartAsync(database))
        {
            await SaveAllAsync(silo, version: 1);
            await database.ExecuteAsync("analyze cdp.snapshot, cdp.snapshot_part");
            await database.ExecuteAsync("select pg_stat_reset()");
            for (int round = 0; round < Rounds; round++)
            {
                await SaveAllAsync(silo, version: 2 + round);
            }
        }

        // A connection tells what it read at the latest when it ends.
        await Eventually.BeAsync(async () =>
            await ReadAsync(database, "idx_scan") >= States * Rounds
        );
        (await ReadAsync(database, "seq_tup_read")).ShouldBe(0);
    }

    private static Task<long> ReadAsync(TestDatabase database, string column) =>
        database.NumberAsync(
            $"""
            select coalesce(sum({column}), 0)::bigint from pg_stat_user_tables
            where schemaname = 'cdp' and relname in ('snapshot', 'snapshot_part')
            """
        );

    private static Task SaveAllAsync(StoreHost silo, int version) =>
        Task.WhenAll(
            Enumerable
                .Range(0, States)
                .Select(i =>
                    silo.Snapshots.SaveAsync(
                        Some.Write($"ind_{i:D5}", version - 1, version) with
                        {
                            PartsWritten = [new SnapshotPart("p", new byte[300])],
                            PartsRemoved = ["q"],
                        }
                    )
                )
        );
}
