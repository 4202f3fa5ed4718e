using System.Collections.Immutable;
using System.Globalization;
using Orleans.Storage;
using OrleansCdp.Events;
using static OrleansCdp.Segments.SegmentDatabase;

namespace OrleansCdp.Segments;

/// <summary>Memberships of segments, as they are stored with the states that they are true of.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MembershipStoreTests(PostgresServer server) : IAsyncLifetime
{
    private SegmentDatabase segments = null!;

    private IMembershipStore Store => segments.Store;

    public async Task InitializeAsync() => segments = await StartAsync(server);

    public async Task DisposeAsync() => await segments.DisposeAsync();

    [Fact]
    public async Task A_change_is_read_as_it_was_saved()
    {
        MembershipChange[] saved =
        [
            .. Enum.GetValues<MembershipCause>()
                .Select(
                    (cause, i) =>
                        new MembershipChange(
                            i % 2 == 0 ? "churned" : "value.gold",
                            i % 3 == 0,
                            7 + i,
                            1 + i,
                            LinkEvents.Noon.AddMicroseconds(i),
                            cause,
                            [new AskedValue("city", FieldValue.Of("Wien"))]
                        )
                        {
                            Events = [new CausingEvent("shop", $"e\"{i}"), new("crm", "ü\u0001")],
                        }
                ),
        ];

        await segments.SaveAsync("ind_a", [.. saved]);

        var read = await Store.HistoryAsync("ind_a", null, 100, default);
        read.Length.ShouldBe(saved.Length);
        foreach ((MembershipChange was, MembershipChange change) in saved.Reverse().Zip(read))
        {
            change.Values.ShouldBe(was.Values);
            change.Events.ShouldBe(was.Events);
            change.ShouldBe(was with { Values = change.Values, Events = change.Events });
        }
    }

    [Fact]
    public async Task Whatever_criteria_were_told_is_read_as_it_was()
    {
        ImmutableArray<AskedValue> told =
        [
            new("traits.city", FieldValue.Of("Ürümqi \"鐵\" 😀 \\ / <b>\n")),
            new("insights.lifetime_value", FieldValue.Of(7922816251426433759354395033.5m)),
            new("count(SalesOrder)", FieldValue.Of(-0.0000000000000000000000000001m)),
            new("isVip", FieldValue.Of(value: true)),
            new("isOpen", FieldValue.Of(value: false)),
            new("last(Case)", FieldValue.Of(LinkEvents.Noon.AddTicks(1))),
            new("birthday", FieldValue.Of(new DateOnly(1815, 12, 10))),
            new(
                "spent",
                new FieldValue(FieldType.Json, """[{"currency":"EUR","amount":12.50},{"a":"\\"}]""")
            ),
            new("phone", FieldValue.Null),
            new("email", null),
            new("", FieldValue.Of("")),
        ];
        told.Select(one => one.Value?.Type)
            .Distinct()
            .Count()
            .ShouldBe(Enum.GetValues<FieldType>().Length + 1);

        await segments.SaveAsync("ind_a", Change(1, "vip") with { Values = told });

        (await Store.HistoryAsync("ind_a", null, 1, default))
            .ShouldHaveSingleItem()
            .Values.ShouldBe(told);
    }

    [Theory]
    [InlineData("asked", """[{"asked":"a","type":"money","value":"1"}]""")]
    [InlineData("asked", """[{"asked":"a","type":"number","value":1}]""")]
    [InlineData("asked", """[{"asked":"a","type":"number"}]""")]
    [InlineData("asked", """[{"asked":"a","value":"1"}]""")]
    [InlineData("asked", """[{"asked":"a","type":"number","value":"1","unit":"EUR"}]""")]
    [InlineData("asked", """[{"type":"number","value":"1"}]""")]
    [InlineData("asked", """["a"]""")]
    [InlineData("asked", """{"asked":"a"}""")]
    [InlineData("events", """[{"source":"shop"}]""")]
    [InlineData("events", """[{"source":"shop","id":"e1","lane":"low"}]""")]
    [InlineData("cause", "99")]
    public async Task What_was_written_in_a_form_that_is_not_known_is_refused(
        string column,
        string stored
    )
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"));
        await segments.Database.ExecuteAsync(
            $"update cdp.membership_changes set {column} = '{stored}'"
        );
        await segments.SettleAsync();

        await Should.ThrowAsync<FormatException>(() =>
            Store.HistoryAsync("ind_a", null, 10, default)
        );
        await Should.ThrowAsync<FormatException>(() => Store.FollowAsync(null, null, 10, default));
    }

    [Fact]
    public async Task A_save_that_loses_writes_neither_changes_nor_members()
    {
        SnapshotWrite first = segments.Next("ind_a", Change(1, "vip"));
        await segments.Silo.Snapshots.SaveAsync(first);

        await Should.ThrowAsync<InconsistentStateException>(() =>
            segments.Silo.Snapshots.SaveAsync(
                Some.Write("ind_a", 7, 8) with
                {
                    MembershipChanges = [Change(2, "vip", entered: false), Change(3, "churned")],
                }
            )
        );
        // As after an answer that got lost.
        await Should.ThrowAsync<InconsistentStateException>(() =>
            segments.Silo.Snapshots.SaveAsync(first)
        );

        (await segments.FollowAsync()).ShouldBe(["ind_a/1/vip"]);
        (await segments.MembersAsync("vip")).ShouldBe(["ind_a//1/1"]);
        (await segments.MembersAsync("churned")).ShouldBeEmpty();
    }

    [Fact]
    public async Task In_a_group_each_has_its_own_and_one_that_loses_keeps_nobody_else_back()
    {
        await segments.SaveAsync("ind_07");
        Task[] saves =
        [
            .. Enumerable
                .Range(0, 40)
                .Select(i =>
                    segments.Silo.Snapshots.SaveAsync(
                        Some.Write($"ind_{i:D2}", 0, 1) with
                        {
                            MembershipChanges = i % 2 == 0 ? [] : [Change(1, "vip")],
                        }
                    )
                ),
        ];

        await Should.ThrowAsync<InconsistentStateException>(() => saves[7]);
        await Task.WhenAll(saves.Where((_, i) => i != 7));

        string[] expected =
        [
            .. Enumerable
                .Range(0, 40)
                .Where(i => i % 2 == 1 && i != 7)
                .Select(i => $"ind_{i:D2}//1/1"),
        ];
        (await segments.MembersAsync("vip")).ShouldBe(expected);
        (await segments.FollowAsync("vip")).Length.ShouldBe(expected.Length);
        (await segments.Database.NumberAsync("select count(*) from cdp.snapshot")).ShouldBe(40);
    }

    [Fact]
    public async Task Who_enters_is_a_member_until_it_leaves()
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"), Change(2, "churned"));
        await segments.SaveAsync("ind_b", Change(1, "vip", version: 3));
        (await segments.MembersAsync("vip")).ShouldBe(["ind_a//1/1", "ind_b//3/1"]);

        await segments.SaveAsync("ind_a", Change(3, "vip", entered: false));
        (await segments.MembersAsync("vip")).ShouldBe(["ind_b//3/1"]);
        (await segments.MembersAsync("churned")).ShouldBe(["ind_a//1/2"]);

        await segments.SaveAsync("ind_a", Change(4, "vip", version: 5));
        Member again = (await Store.MembersAsync("vip", null, null, 1, default))[0];
        again.ShouldBe(new Member("ind_a", null, LinkEvents.Noon.AddMinutes(4), 5, 4));
    }

    [Fact]
    public async Task Of_several_changes_of_a_segment_in_one_save_the_last_one_counts()
    {
        await segments.SaveAsync(
            "ind_a",
            Change(1, "vip"),
            Change(2, "vip", entered: false),
            Change(3, "vip", version: 2)
        );
        await segments.SaveAsync("ind_b", Change(1, "vip"), Change(2, "vip", entered: false));
        (await segments.MembersAsync("vip")).ShouldBe(["ind_a//2/3"]);

        await segments.SaveAsync("ind_a", Change(5, "vip"), Change(4, "vip", entered: false));
        (await segments.MembersAsync("vip")).ShouldBe(["ind_a//1/5"], "the highest is the last");
    }

    [Fact]
    public async Task From_tier_to_tier_it_stays_in_the_segment()
    {
        await segments.SaveAsync("ind_a", Change(1, "value.gold"), Change(2, "vip"));
        await segments.SaveAsync("ind_b", Change(1, "value.gold"));
        await segments.SaveAsync("ind_c", Change(1, "value.silver"));

        await segments.SaveAsync(
            "ind_a",
            Change(3, "value.gold", entered: false),
            Change(4, "value.silver")
        );

        (await segments.MembersAsync("value")).ShouldBe([
            "ind_a/silver/1/4",
            "ind_b/gold/1/1",
            "ind_c/silver/1/1",
        ]);
        (await segments.MembersAsync("value", "silver")).ShouldBe([
            "ind_a/silver/1/4",
            "ind_c/silver/1/1",
        ]);
        (await Store.CountAsync("value", default)).ShouldBe([new("gold", 1), new("silver", 2)]);
        (await Store.CountAsync("vip", default)).ShouldBe([new TierCount(null, 1)]);

        await segments.SaveAsync("ind_c", Change(2, "value.silver", entered: false));
        (await segments.MembersAsync("value", "silver")).ShouldBe(["ind_a/silver/1/4"]);
    }

    [Fact]
    public async Task What_a_state_made_anew_says_takes_the_place_of_what_stood_there()
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"));
        await segments.SettleAsync();
        string end = await Store.EndAsync(default);

        await segments.SaveAsync("ind_a", Change(1, "churned", version: 2));

        (await segments.FollowAsync(after: end)).ShouldBe(["ind_a/1/churned"]);
        (await Store.HistoryAsync("ind_a", null, 10, default))
            .ShouldHaveSingleItem()
            .Version.ShouldBe(2);
    }

    [Fact]
    public async Task Of_nobody_and_nothing_pages_are_empty()
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"));

        (await Store.HistoryAsync("ind_b", null, 10, default)).ShouldBeEmpty();
        (await segments.FollowAsync("value")).ShouldBeEmpty();
        (await segments.MembersAsync("value")).ShouldBeEmpty();
        (await segments.MembersAsync("vip", "gold")).ShouldBeEmpty();
        (await Store.CountAsync("value", default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task History_is_paged_from_the_newest_back()
    {
        await segments.SaveAsync(
            "ind_a",
            [.. Enumerable.Range(1, 5).Select(i => Change(i, "vip", i % 2 == 1))]
        );
        await segments.SaveAsync("ind_b", Change(1, "vip"));

        (await PageAsync(null)).ShouldBe([5L, 4]);
        (await PageAsync(4)).ShouldBe([3L, 2]);
        (await PageAsync(2)).ShouldBe([1L]);
        (await PageAsync(1)).ShouldBeEmpty();

        async Task<long[]> PageAsync(long? before) =>
            [
                .. (await Store.HistoryAsync("ind_a", before, 2, default)).Select(change =>
                    change.Sequence
                ),
            ];
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(IMembershipStore.PageMax, false)]
    [InlineData(IMembershipStore.PageMax + 1, true)]
    public async Task A_page_has_at_most_so_many(int limit, bool refused)
    {
        await FillAsync(IMembershipStore.PageMax + 1);
        await segments.SettleAsync();
        await segments.DeliverAsync();
        Func<Task<int>>[] pages =
        [
            async () => (await Store.HistoryAsync("ind_a", null, limit, default)).Length,
            async () => (await Store.FollowAsync(null, null, limit, default)).Length,
            async () => (await Store.FollowAsync("vip", null, limit, default)).Length,
            async () => (await Store.MembersAsync("vip", null, null, limit, default)).Length,
            async () => (await Store.MembersAsync("vip", "gold", null, limit, default)).Length,
            () => Store.ForgetAsync(LinkEvents.Noon.AddDays(1), limit, default),
        ];

        foreach (Func<Task<int>> page in pages)
        {
            if (refused)
            {
                await Should.ThrowAsync<ArgumentOutOfRangeException>(page);
            }
            else
            {
                (await page()).ShouldBe(limit);
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gold")]
    public async Task All_members_are_paged_through_once_and_by_the_index_alone(string? tier)
    {
        await FillAsync(2_500);
        // As long as a transaction runs that began before, rows are looked up all the same.
        await Eventually.BeAsync(async () =>
        {
            await segments.Database.ExecuteAsync("vacuum analyze cdp.members");
            return await segments.Database.NumberAsync(
                    "select relpages - relallvisible from pg_class where oid = 'cdp.members'::regclass"
                ) == 0;
        });
        await segments.Database.ExecuteAsync("select pg_stat_reset()");
        List<string> seen = [];
        ImmutableArray<Member> page;
        do
        {
            page = await Store.MembersAsync("vip", tier, seen.LastOrDefault(), 600, default);
            seen.AddRange(page.Select(member => member.Individual));
        } while (page.Length == 600);

        seen.ShouldBe(
            Enumerable
                .Range(1, 2_500)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"ind_{i:D5}"))
        );
        await segments.StopAsync();
        await Eventually.BeAsync(async () => await ReadAsync("idx_scan") > 0);
        (await ReadAsync("seq_tup_read")).ShouldBe(0);
        (await ReadAsync("idx_tup_fetch")).ShouldBe(0);
    }

    private Task<long> ReadAsync(string column) =>
        segments.Database.NumberAsync(
            $"""
            select coalesce({column}, 0) from pg_stat_user_tables
            where schemaname = 'cdp' and relname = 'members'
            """
        );

    private Task FillAsync(int count) =>
        segments.Database.ExecuteAsync(
            $"""
            insert into cdp.membership_changes
                (individual, sequence, segment, tier, entered, version, at, cause, events, asked)
            select 'ind_a', i, 'vip', 'gold', true, 1, '2026-01-01Z', 0, '[]', '[]'
            from generate_series(1, {count}) i;
            insert into cdp.members (segment, individual, tier, since, version, sequence)
            select 'vip', 'ind_' || lpad(i::text, 5, '0'), 'gold', '2026-01-01Z', 1, 1
            from generate_series(1, {count}) i;
            """
        );
}
