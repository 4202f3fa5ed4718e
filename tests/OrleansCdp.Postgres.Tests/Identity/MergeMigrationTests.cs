namespace OrleansCdp.Identity;

[Collection(PostgresCollection.Name)]
public sealed class MergeMigrationTests(PostgresServer server)
{
    [Fact]
    public async Task Clashes_of_an_earlier_program_are_conflicts_that_wait_for_a_steward()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await UndoAsync(database);
        await database.ExecuteAsync(
            """
            insert into cdp.claim (claim, owner, anchored_by, stamp_at, stamp_version, stamp_arrival)
            values ('contactId:1', 'ind_b', 0, 0, 0, 0), ('email:a@example.com', 'ind_b', 0, 0, 0, 0);
            insert into cdp.anchor_conflict (anchor, holder, claimant, link, event_id, noted_at)
            values
                ('email:a@example.com', 'ind_b', 'ind_a', 'crm/Contact/2', 'e1', '2026-03-02Z'),
                ('email:c@example.com', 'ind_a', 'ind_b', 'crm/Contact/2', 'e2', '2026-03-01Z'),
                ('email:d@example.com', 'ind_c', 'ind_c', 'crm/Contact/3', 'e3', '2026-03-01Z');
            """
        );

        await DatabaseSetup.PrepareAsync(database.ConnectionString, new(), default);

        (
            await database.RowsAsync(
                """
                select first, second, reason, (noted_at at time zone 'utc')::date::text,
                    settled_at is null
                from cdp.merge_conflict
                """
            )
        ).ShouldBe(["ind_a|ind_b|two_contacts|2026-03-01|True"]);
        await using StoreHost silo = await StoreHost.StartAsync(database);
        var claims = await silo.Identity.ReadAsync(["contactId:1", "email:a@example.com"], default);
        claims["email:a@example.com"]
            .ShouldBe(new Claim("ind_b", 0, default), "it names whom it named before");
        claims["contactId:1"].Owner.ShouldBe("ind_b");
    }

    /// <summary>Makes the schema what the program before knew.</summary>
    private static Task UndoAsync(TestDatabase database) =>
        database.ExecuteAsync(
            """
            drop table cdp.base_individual, cdp.anchor_statement, cdp.steward_decision,
                cdp.merge_conflict, cdp.identity_history;
            alter table cdp.claim drop column rule, drop column event_id;
            create table cdp.anchor_conflict (
                anchor text collate "C" not null,
                holder text collate "C" not null,
                claimant text collate "C" not null,
                link text collate "C" not null,
                event_id text not null,
                noted_at timestamptz not null default now(),
                primary key (anchor, holder, claimant, link)
            );
            delete from cdp.migration where scriptname like '%0009_merges.sql';
            """
        );
}
