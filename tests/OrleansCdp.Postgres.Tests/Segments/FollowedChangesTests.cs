using System.Collections.Immutable;
using Npgsql;
using static OrleansCdp.Segments.SegmentDatabase;

namespace OrleansCdp.Segments;

/// <summary>Whoever follows entries and exits gets all of them, each once, whatever commits when.</summary>
[Collection(PostgresCollection.Name)]
public sealed class FollowedChangesTests(PostgresServer server) : IAsyncLifetime
{
    private SegmentDatabase segments = null!;

    private IMembershipStore Store => segments.Store;

    public async Task InitializeAsync() => segments = await StartAsync(server);

    public async Task DisposeAsync() => await segments.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("vip")]
    public async Task None_is_passed_over_that_commits_after_one_with_a_higher_number(
        string? segment
    )
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"));
        await segments.SettleAsync();
        await using NpgsqlConnection slow = await segments.Database.Source.OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await slow.BeginTransactionAsync();
        await InsertAsync(slow, "ind_slow", 1);
        await segments.SaveAsync("ind_b", Change(1, "vip"));

        ImmutableArray<FollowedChange> first = await Store.FollowAsync(segment, null, 10, default);
        first.Select(one => one.Individual).ShouldBe(["ind_a"]);

        await InsertAsync(slow, "ind_slow", 2);
        await transaction.CommitAsync();

        (await segments.FollowAsync(segment, first[0].Position)).ShouldBe([
            "ind_slow/1/vip",
            "ind_slow/2/vip",
            "ind_b/1/vip",
        ]);
    }

    [Fact]
    public async Task Whoever_begins_at_the_end_gets_what_is_committed_later_and_nothing_before()
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"));
        await segments.SettleAsync();
        await using NpgsqlConnection slow = await segments.Database.Source.OpenConnectionAsync();
        await using NpgsqlTransaction transaction = await slow.BeginTransactionAsync();
        await InsertAsync(slow, "ind_slow", 1);

        string end = await Store.EndAsync(default);
        await transaction.CommitAsync();
        await segments.SaveAsync("ind_a", Change(2, "vip", entered: false));

        (await segments.FollowAsync(after: end)).ShouldBe(["ind_slow/1/vip", "ind_a/2/vip"]);
        (await segments.FollowAsync(after: await Store.EndAsync(default))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null, 60)]
    [InlineData("vip", 20)]
    [InlineData("value", 20)]
    public async Task Whatever_is_saved_meanwhile_each_comes_once_and_of_one_individual_in_order(
        string? segment,
        int expected
    )
    {
        Task saving = Task.WhenAll(Enumerable.Range(0, 20).Select(i => SaveAllAsync($"ind_{i}")));

        List<FollowedChange> seen = [];
        await Eventually.BeAsync(async () =>
        {
            string? after = seen.LastOrDefault()?.Position;
            seen.AddRange(await Store.FollowAsync(segment, after, 7, default));
            return seen.Count >= expected;
        });
        await saving;

        seen.Count.ShouldBe(expected);
        seen.Select(one => (one.Individual, one.Change.Sequence)).ShouldBeUnique();
        foreach (var all in seen.GroupBy(one => one.Individual, StringComparer.Ordinal))
        {
            all.Select(one => one.Change.Sequence).ShouldBeInOrder();
        }

        (await segments.FollowAsync(segment, seen[^1].Position)).ShouldBeEmpty();

        async Task SaveAllAsync(string id)
        {
            ImmutableArray<MembershipChange> more = [Change(2, "value.gold"), Change(3, "churned")];
            SnapshotWrite first = Some.Write(id, 0, 1) with
            {
                MembershipChanges = [Change(1, "vip")],
            };
            await segments.Silo.Snapshots.SaveAsync(first);
            await segments.Silo.Snapshots.SaveAsync(
                Some.Write(id, 1, 2) with
                {
                    MembershipChanges = more,
                }
            );
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("7-")]
    [InlineData("-7-1")]
    [InlineData("7-1-1")]
    [InlineData("07-1")]
    [InlineData("7-+1")]
    [InlineData(" 7-1")]
    [InlineData("seven-1")]
    [InlineData("18446744073709551616-1")]
    [InlineData("7-9223372036854775808")]
    public async Task What_is_no_position_is_refused(string position) =>
        (
            await Should.ThrowAsync<FormatException>(() =>
                Store.FollowAsync(null, position, 10, default)
            )
        ).Message.ShouldContain("no position of a membership change");

    [Fact]
    public async Task A_position_that_this_database_has_not_come_to_is_refused() =>
        (
            await Should.ThrowAsync<FormatException>(() =>
                Store.FollowAsync(null, "4000000000-1", 10, default)
            )
        ).Message.ShouldContain("another database");

    [Fact]
    public async Task Changes_that_were_restored_from_elsewhere_are_there_and_come_first()
    {
        await segments.SaveAsync("ind_a", Change(1, "vip"), Change(2, "churned"));
        await segments.Database.ExecuteAsync(
            "update cdp.membership_changes set written_by = '4000000000'"
        );
        (await Store.FollowAsync(null, null, 10, default)).ShouldBeEmpty();

        await DatabaseSetup.PrepareAsync(segments.Database.ConnectionString, new(), default);
        await segments.SaveAsync("ind_b", Change(1, "vip"));

        (await segments.FollowAsync()).ShouldBe(["ind_a/1/vip", "ind_a/2/churned", "ind_b/1/vip"]);
    }

    [Fact]
    public async Task Of_changes_some_of_which_are_from_elsewhere_all_stay_in_their_order()
    {
        for (long sequence = 1; sequence <= 3; sequence++)
        {
            await segments.SaveAsync("ind_a", Change(sequence, "vip", entered: sequence % 2 == 1));
        }

        await segments.Database.ExecuteAsync(
            "update cdp.membership_changes set written_by = '4000000000' where sequence = 3"
        );

        await DatabaseSetup.PrepareAsync(segments.Database.ConnectionString, new(), default);

        (await segments.FollowAsync()).ShouldBe(["ind_a/1/vip", "ind_a/2/vip", "ind_a/3/vip"]);
    }

    private static async Task InsertAsync(NpgsqlConnection connection, string id, long sequence)
    {
        await using NpgsqlCommand command = new(
            """
            insert into cdp.membership_changes
                (individual, sequence, segment, entered, version, at, cause, events, asked)
            values ($1, $2, 'vip', true, 1, now(), 0, '[]', '[]')
            """,
            connection
        );
        await command.With(id).With(sequence).ExecuteNonQueryAsync();
    }
}
