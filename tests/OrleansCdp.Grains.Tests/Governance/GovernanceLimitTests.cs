using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Core;
using Orleans.Runtime;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

public sealed class GovernanceLimitTests
{
    private const string Definition = """
        source: crm
        fields: { id: text }
        object: Note
        recordId: id
        subject: { object: person, id: id }

        """;

    [Fact]
    public async Task The_500th_definition_is_taken_and_the_501st_refused()
    {
        DefinitionsGrain grain = await DefinitionsAsync();
        int free =
            IDefinitionsGrain.DefinitionsMax
            - ShippedDefinitions.All.Count
            - ShippedRulesets.All.Count
            - ShippedInsights.All.Count;
        for (int i = 1; i < free; i++)
        {
            (await grain.PutAsync("stream", $"s{i}", Definition, "me")).Errors.ShouldBeEmpty();
        }

        PutResult atLimit = await grain.PutAsync("stream", "last", Definition, "me");
        PutResult past = await grain.PutAsync("stream", "more", Definition, "me");
        PutResult next = await grain.PutAsync("stream", "last", Definition + "# 2", "me");

        atLimit.Changed.ShouldBeTrue();
        past.Active.ShouldBeNull();
        past.Errors.ShouldHaveSingleItem().Message.ShouldContain("500 definitions");
        next.Active!.Version.ShouldBe(2);
    }

    [Fact]
    public async Task The_1000th_text_is_planned_and_the_1001st_refuses_all()
    {
        DefinitionsGrain grain = await DefinitionsAsync();
        ProposedDefinition[] texts =
        [
            .. Enumerable.Repeat(
                new ProposedDefinition("none", "n", ""),
                IDefinitionsGrain.PlannedMax
            ),
        ];

        (await grain.PlanAsync([.. texts], "me", default)).Length.ShouldBe(texts.Length);
        await Should.ThrowAsync<ArgumentOutOfRangeException>(
            grain.PlanAsync([.. texts, texts[0]], "me", default)
        );
    }

    [Theory]
    [InlineData(IDefinitionsGrain.PlanRoundsMax, true)]
    [InlineData(IDefinitionsGrain.PlanRoundsMax + 1, false)]
    public async Task So_long_may_a_chain_be_of_which_each_names_the_next(int length, bool may)
    {
        DefinitionsGrain grain = await DefinitionsAsync();

        var planned = await grain.PlanAsync(
            [
                .. Enumerable
                    .Range(1, length)
                    .Select(i => new ProposedDefinition(
                        "ruleset",
                        $"r{i}",
                        $"findableBy: [{(i < length ? $"r{i + 1}" : "service")}]"
                    )),
            ],
            "me",
            default
        );

        planned[1..].ShouldAllBe(one => one.Put!.Changed);
        planned[0].Put!.Changed.ShouldBe(may);
    }

    [Theory]
    [InlineData("segment_a", false)]
    [InlineData("segmenta", true)]
    public async Task Nobody_writes_an_insight_of_a_name_that_segments_give(string name, bool may)
    {
        DefinitionsGrain grain = await DefinitionsAsync();

        PutResult put = await grain.PutAsync(
            "insight",
            name,
            "source: SalesOrder\nmeasure: count",
            "me"
        );

        put.Errors.IsEmpty.ShouldBe(may);
        (put.Active is not null).ShouldBe(may);
    }

    [Fact]
    public async Task Of_51_versions_the_latest_50_stay()
    {
        DefinitionsGrain grain = await DefinitionsAsync();
        for (int i = 1; i <= IDefinitionsGrain.VersionsMax; i++)
        {
            await grain.PutAsync("stream", "s", $"{Definition}# {i}", "me");
        }

        var atLimit = await grain.GetVersionsAsync("stream", "s");
        await grain.PutAsync("stream", "s", $"{Definition}# more", "me");
        var past = await grain.GetVersionsAsync("stream", "s");

        atLimit
            .Select(version => version.Version)
            .ShouldBe(Enumerable.Range(1, IDefinitionsGrain.VersionsMax));
        past.Select(version => version.Version)
            .ShouldBe(Enumerable.Range(2, IDefinitionsGrain.VersionsMax));
    }

    [Fact]
    public async Task The_longest_definition_is_taken_and_one_a_character_longer_refused()
    {
        DefinitionsGrain grain = await DefinitionsAsync();
        string longest = (Definition + "#").PadRight(Limits.DefinitionMax, 'x');

        (await grain.PutAsync("stream", "s", longest, "me")).Changed.ShouldBeTrue();
        PutResult past = await grain.PutAsync("stream", "s", longest + "x", "me");

        past.Active.ShouldBeNull();
        past.Errors.ShouldHaveSingleItem().Message.ShouldContain("262144");
    }

    [Fact]
    public async Task The_1000th_key_is_taken_and_the_1001st_not_until_one_is_revoked()
    {
        AccessKeysGrain grain = new(
            new FakeState<AccessKeysState>(),
            NullLogger<AccessKeysGrain>.Instance
        );
        for (int i = 1; i < IAccessKeysGrain.KeysMax; i++)
        {
            await grain.AddAsync(Key($"{i}"));
        }

        (await grain.AddAsync(Key("last"))).ShouldBeTrue();
        (await grain.AddAsync(Key("more"))).ShouldBeFalse();
        (await grain.ListAsync(-1))!.Keys.Length.ShouldBe(IAccessKeysGrain.KeysMax);
        (await grain.RevokeAsync("1")).ShouldBeTrue();
        (await grain.AddAsync(Key("more"))).ShouldBeTrue();
    }

    [Fact]
    public async Task The_administrators_key_has_a_place_of_its_own_that_a_new_one_takes()
    {
        FakeState<AccessKeysState> state = new();
        AccessKeysGrain grain = new(state, NullLogger<AccessKeysGrain>.Instance);
        // Earlier versions kept every administrator's key there ever was.
        state.State = new AccessKeysState { Keys = [Key("admin-1"), Key("admin-2")] };
        for (int i = 0; i < IAccessKeysGrain.KeysMax; i++)
        {
            (await grain.AddAsync(Key($"{i}"))).ShouldBeTrue();
        }

        (await grain.AddAsync(Key("more"))).ShouldBeFalse();
        (await grain.SetAdminAsync(Key("admin-3"))).ShouldBe(AdminKeyOutcome.Valid);
        long version = state.State.Version;
        (await grain.SetAdminAsync(Key("admin-3"))).ShouldBe(AdminKeyOutcome.Valid);

        state.State.Version.ShouldBe(version);
        AdminsOf(state).ShouldBe(["admin-3"]);
        (await grain.SetAdminAsync(Key("admin-1"))).ShouldBe(AdminKeyOutcome.Valid);
        AdminsOf(state).ShouldBe(["admin-1"]);
        state.State.Keys.Length.ShouldBe(IAccessKeysGrain.KeysMax + 1);
    }

    [Fact]
    public async Task The_secret_of_another_key_is_none_for_the_administrator()
    {
        FakeState<AccessKeysState> state = new();
        AccessKeysGrain grain = new(state, NullLogger<AccessKeysGrain>.Instance);
        await grain.SetAdminAsync(Key("admin-1"));
        await grain.AddAsync(Key("other"));

        AdminKeyOutcome outcome = await grain.SetAdminAsync(Key("admin-2") with { Hash = "other" });

        outcome.ShouldBe(AdminKeyOutcome.Taken);
        AdminsOf(state).ShouldBe(["admin-1"]);
        await Should.ThrowAsync<ArgumentException>(() => grain.SetAdminAsync(Key("other")));
    }

    [Fact]
    public async Task Of_a_thousand_and_one_revoked_administrators_keys_the_oldest_is_forgotten()
    {
        FakeState<AccessKeysState> state = new();
        AccessKeysGrain grain = new(state, NullLogger<AccessKeysGrain>.Instance);
        for (int i = 1; i <= IAccessKeysGrain.RevokedAdminsMax; i++)
        {
            await RevokeAdminAsync(grain, $"admin-{i}");
        }

        (await grain.SetAdminAsync(Key("admin-1"))).ShouldBe(AdminKeyOutcome.Revoked);
        (await grain.ListAsync(-1))!.Keys.ShouldBeEmpty();

        await RevokeAdminAsync(grain, "admin-more");

        (await grain.SetAdminAsync(Key("admin-2"))).ShouldBe(AdminKeyOutcome.Revoked);
        (await grain.SetAdminAsync(Key("admin-1"))).ShouldBe(AdminKeyOutcome.Valid);
        state.State.RevokedAdmins.Length.ShouldBe(IAccessKeysGrain.RevokedAdminsMax);
    }

    private static async Task RevokeAdminAsync(AccessKeysGrain grain, string id)
    {
        (await grain.SetAdminAsync(Key(id))).ShouldBe(AdminKeyOutcome.Valid);
        (await grain.RevokeAsync(id)).ShouldBeTrue();
    }

    private static IEnumerable<string> AdminsOf(FakeState<AccessKeysState> state) =>
        state
            .State.Keys.Select(key => key.Id)
            .Where(id => id.StartsWith(IAccessKeysGrain.AdminPrefix, StringComparison.Ordinal));

    private static async Task<DefinitionsGrain> DefinitionsAsync()
    {
        DefinitionsGrain grain = new(
            new FakeState<DefinitionsState>(),
            new LogShape(Partitions.CountDefault),
            new NothingMatches(),
            new FakePreviews(),
            TimeProvider.System,
            NullLogger<DefinitionsGrain>.Instance
        );
        await grain.OnActivateAsync(default);
        return grain;
    }

    private static AccessKey Key(string id) =>
        new()
        {
            Id = id,
            Name = id,
            Hash = id,
            Scopes = ["read"],
            CreatedAt = Some.Noon,
        };
}
