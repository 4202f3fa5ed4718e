using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

[Collection(PostgresCollection.Name)]
public sealed class LogHistoryTests(PostgresServer server)
{
    private static readonly string[] Names = ["e0", "e1", "e2", "e3", "e4"];

    [Fact]
    public async Task A_range_is_read_to_the_event_and_of_named_links_no_row_is_missing()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        LinkEvent[] events = LinkEvents.InPartition(1, 4, 5);
        await writer.AppendAsync(events[..3]);
        await writer.AppendAsync(events[3..]);
        ILogHistory history = silo.Get<ILogHistory>();

        LogStretch part = await history.ReadAsync(new LogRange(Lane.Normal, 1, 2, 4), default);
        LogStretch named = await history.ReadAsync(
            new LogRange(Lane.Normal, 1, 1, 5, [(long)Partitions.HashOf(events[4].Link)]),
            default
        );

        part.Events.Select(e => e.Event.EventId).ShouldBe(Names[1..4]);
        part.Next.ShouldBe(5);
        named.Events.Select(e => e.Event.EventId).ShouldBe(Names[3..]);
        named.Next.ShouldBe(6);
    }

    [Fact]
    public async Task What_never_met_its_link_is_told_and_what_its_link_refused_is_not()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        await writer.AppendAsync(LinkEvents.InPartition(1, 4, 5));
        await silo.Quarantine.AddAsync(
            [
                Item(2, ReasonCodes.LinksMax),
                Item(3, ReasonCodes.LimitExceeded),
                Item(4, ReasonCodes.StateCorrupt),
            ],
            default
        );

        LogStretch all = await silo.Get<ILogHistory>()
            .ReadAsync(new LogRange(Lane.Normal, 1, 1, 5), default);

        all.NotMet.Order().ShouldBe([2, 4]);
    }

    [Fact]
    public async Task Where_the_log_begins_is_known_after_days_were_dropped()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StoreHost.StartAsync(database, clock: clock);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        await writer.AppendAsync(LinkEvents.InPartition(1, 4, 5));
        LaneExtent before = await ExtentAsync(silo);
        await database.ExecuteAsync("update cdp.ingest_checkpoint set seq = 5 where partition = 1");
        await silo.Tables.DropAsync(LinkEvents.Noon.AddDays(8), default);

        LaneExtent after = await ExtentAsync(silo);

        (before.First, before.Head, before.Checkpoint).ShouldBe((1, 5, 0));
        before.IsWholeSince(null).ShouldBeTrue();
        (after.First, after.Head, after.Checkpoint).ShouldBe((6, 5, 5));
        after.RetainedSince.ShouldBe(new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero));
        after.IsWholeSince(null).ShouldBeFalse();
        after.IsWholeSince(after.RetainedSince + LaneExtent.BehindMax).ShouldBeTrue();
        after
            .IsWholeSince(after.RetainedSince + LaneExtent.BehindMax - TimeSpan.FromTicks(1))
            .ShouldBeFalse();
    }

    [Fact]
    public async Task A_claim_keeps_its_age_when_it_moves_and_both_individuals_are_marked()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        IStateRepairs repairs = silo.Get<IStateRepairs>();
        LinkKey link = new("web", "user", "u");
        await silo.Identity.ClaimAsync(
            [new(ClaimKeys.Of(link), new Claim("ind_a", 1, default))],
            default
        );
        DateTimeOffset? since = await SinceAsync();
        since.ShouldNotBeNull();
        (await repairs.LinksOfAsync("ind_a", default)).ShouldNotBeNull()[link].ShouldBe(since);

        await silo.Identity.RepointAsync(
            [new ClaimMove(ClaimKeys.Of(link), "ind_a", "ind_b", 1, default)],
            default
        );

        (await SinceAsync()).ShouldBe(since);
        (await repairs.LinksOfAsync("ind_a", default)).ShouldBeNull();
        (await repairs.LinksOfAsync("ind_b", default)).ShouldBeNull();
        (await repairs.LinksOfAsync("ind_c", default)).ShouldNotBeNull().ShouldBeEmpty();

        async Task<DateTimeOffset?> SinceAsync() =>
            (await silo.Get<ILogHistory>().ClaimsAsync([ClaimKeys.Of(link)], default))
                .Single()
                .Value.Since;
    }

    [Fact]
    public async Task A_save_that_takes_links_marks_both_individuals()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Snapshots.SaveAsync(
            Some.Write("ind_b", 0, 1) with
            {
                ClaimsTaken = ["link:web/user/u"],
                ClaimsTakenFrom = "ind_a",
                MovedWith = "ind_a",
            }
        );

        (await database.RowsAsync("select id from cdp.moved_individual order by id")).ShouldBe([
            "ind_a",
            "ind_b",
        ]);
    }

    [Fact]
    public async Task A_damage_is_kept_once_with_every_row_of_its_state_and_settled_once()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        IStateRepairs repairs = silo.Get<IStateRepairs>();
        await silo.Snapshots.SaveAsync(
            Some.Write("ind_a", 0, 1) with
            {
                PartsWritten = [new SnapshotPart("p", [7])],
            }
        );
        StateDamage damage = new("ind_a", 1, "p", "flipped");

        (await repairs.KeepAsync(damage, default)).ShouldBe(DamageOutcome.Found);
        (await repairs.SettleAsync(damage, DamageOutcome.NotRebuilt, "no", default)).ShouldBeTrue();
        (
            await repairs.SettleAsync(damage, DamageOutcome.NotRebuilt, "no", default)
        ).ShouldBeFalse();
        (await repairs.KeepAsync(damage, default)).ShouldBe(DamageOutcome.NotRebuilt);

        (await database.NumberAsync("select count(*) from cdp.corrupt_state")).ShouldBe(2);
        DamagedState listed = (await repairs.ListAsync(default)).ShouldHaveSingleItem();
        (listed.Id, listed.Flaw, listed.Reason).ShouldBe(("ind_a", "flipped", "no"));
    }

    [Fact]
    public async Task Beyond_the_bound_the_oldest_of_rebuilt_states_go_first()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        IStateRepairs repairs = silo.Get<IStateRepairs>();
        await silo.Snapshots.SaveAsync(Some.Write("ind_a", 0, 1));
        await database.ExecuteAsync(
            $"""
            insert into cdp.corrupt_state (id, part, digest, ver, data, flaw, outcome, found_at)
            select 'ind_' || n, '', '', 1, '', 'old', case when n = 2 then 1 else 2 end,
                now() - n * interval '1 minute'
            from generate_series(1, {StateRepairs.RowsMax - 1}) n
            """
        );
        const string Count = "select count(*) from cdp.corrupt_state";

        await repairs.KeepAsync(new StateDamage("ind_a", 1, "", "flipped"), default);
        (await database.NumberAsync(Count)).ShouldBe(StateRepairs.RowsMax);

        await silo.Snapshots.SaveAsync(Some.Write("ind_b", 0, 1));
        await repairs.KeepAsync(new StateDamage("ind_b", 1, "", "flipped"), default);
        (await database.NumberAsync(Count)).ShouldBe(StateRepairs.RowsMax);
        (await database.NumberAsync($"{Count} where id = 'ind_2'")).ShouldBe(0);
        (await repairs.ListAsync(default)).Length.ShouldBe(ClusterStatus.DamagesMax);
    }

    private static async Task<LaneExtent> ExtentAsync(StoreHost silo)
    {
        ImmutableArray<LaneExtent> all = await silo.Get<ILogHistory>().ExtentsAsync(default);
        all.Length.ShouldBe(8);
        return all.Single(lane => lane is { Lane: Lane.Normal, Partition: 1 });
    }

    private static QuarantineItem Item(long sequence, string code) =>
        new()
        {
            Stream = "web-events",
            Code = code,
            Message = "",
            Payload = [],
            At = LinkEvents.Noon,
            Position = new LogPosition(Lane.Normal, 1, sequence),
        };
}
