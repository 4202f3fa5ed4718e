using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>No statement of matching walks through a table, whatever PostgreSQL thinks of them.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchPlanTests(PostgresServer server)
{
    private const int Records = 600;

    [Fact]
    public async Task Deciding_and_listing_read_no_more_than_they_need()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        long before;
        await using (StoreHost silo = await StoreHost.StartAsync(database))
        {
            MatchIndex index = new(silo);
            for (int i = 0; i < Records; i += 100)
            {
                int from = i;
                await index.SayAsync([
                    .. Enumerable.Range(from, 100).Select(k => EventOf(index, k)),
                ]);
            }

            await database.ExecuteAsync("analyze");
            await database.ExecuteAsync("select pg_stat_reset()");
            before = await RowsReadAsync(database);
            int space = await index.SpaceAsync();
            for (int i = 0; i < 60; i++)
            {
                await index.SayAsync(EventOf(index, Records + i));
                await index.Store.ListAsync(
                    new MatchFilter(space, "crm", "crm/Case/3", 5),
                    default
                );
                await index.Store.ListUnresolvedAsync(space, 50, 5, default);
                await index.Store.ReadSoftLinksAsync(space, "ind_a", 20, default);
                await index.Store.ReadMovesAsync(space, ["crm/Case/3"], default);
            }
        }

        // A connection tells what it read at the latest when it ends.
        await Eventually.BeAsync(async () => await RowsReadAsync(database) > before + 60);
        (
            await database.NumberAsync(
                """
                select coalesce(sum(seq_tup_read), 0)::bigint from pg_stat_user_tables
                where schemaname = 'cdp' and relname like 'match%'
                """
            )
        ).ShouldBe(0);
        // Of the records: a page, some groups, and candidates; far from all of them for each of the 60.
        (
            await database.NumberAsync(
                """
                select idx_tup_fetch from pg_stat_user_tables
                where schemaname = 'cdp' and relname = 'match_record'
                """
            )
        ).ShouldBeLessThan(60 * Records / 4);
    }

    private static Events.LinkEvent EventOf(MatchIndex index, int k) =>
        index.Event(
            string.Create(CultureInfo.InvariantCulture, $"crm/Case/{k}"),
            "firstName",
            $"Given{k % 97}",
            "lastName",
            $"Family{k % 89}",
            "city",
            $"Town{k % 83}"
        );

    private static Task<long> RowsReadAsync(TestDatabase database) =>
        database.NumberAsync(
            """
            select coalesce(sum(idx_scan), 0)::bigint from pg_stat_user_tables
            where schemaname = 'cdp' and relname = 'match_record'
            """
        );
}
