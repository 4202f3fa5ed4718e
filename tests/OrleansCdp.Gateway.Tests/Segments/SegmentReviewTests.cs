using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Versions of segments are reviewed over HTTP, also by several people at the same time.</summary>
[Collection(GatewayCollection.Name)]
public sealed class SegmentReviewTests(GatewayHost host)
{
    private readonly Reviewed segments = new(host);

    [Fact]
    public async Task Of_two_people_who_activate_different_versions_at_once_one_is_told_that_hers_is_stale()
    {
        int first = await segments.ApproveAsync("raced", "criteria: title = 'raced first'");
        int second = await segments.ApproveAsync("raced", "criteria: title = 'raced second'");
        long[] moves =
        [
            (long)(await segments.PreviewedAsync("raced", first))["moves"]!,
            (long)(await segments.PreviewedAsync("raced", second))["moves"]!,
        ];

        Answer[] both = await Task.WhenAll(
            ActivateAsync(first, moves[0], "one of raced"),
            ActivateAsync(second, moves[1], "another of raced")
        );

        Answer active = both.Single(answer => answer.Status == 200);
        Answer refused = both.Single(answer => answer != active);
        refused.ShouldBeProblem(409, "stale_version");
        int version = (int)active.Json["version"]!;
        ((int)(await segments.GetAsync("/v1/segments/raced"))["version"]!).ShouldBe(version);
        (await StatesAsync("raced")).ShouldBe(
            version == first ? ["active", "approved"] : ["approved", "active"],
            "nothing is half applied"
        );

        async Task<Answer> ActivateAsync(int version, long moves, string who) =>
            await host.PostAsync(
                $"/v1/definitions/segment/raced/versions/{version}/activate",
                $$"""{"confirmMoves":{{moves}}}""",
                await segments.KeyAsync(who, "approve")
            );
    }

    [Fact]
    public async Task One_call_makes_the_version_before_active_again()
    {
        await segments.ActivateAsync("returns", "criteria: title = 'returns'");
        await segments.ActivateAsync("returns", "criteria: title = 'returns no more'");
        string who = await segments.KeyAsync("who returns", "approve");
        const string path = "/v1/definitions/segment/returns/versions/2/rollback";

        (await host.PostAsync(path, "{}", who)).ShouldBeProblem(400, "bad_reason");
        (await host.PostAsync(path, """{"reason":"too few"}""", who)).Status.ShouldBe(200);

        (await StatesAsync("returns")).ShouldBe(["active", "rolledBack"]);
        ((string)(await segments.GetAsync("/v1/segments/returns"))["criteria"]!).ShouldBe(
            "title = 'returns'"
        );
        (await host.PostAsync(path, """{"reason":"again"}""", who)).ShouldBeProblem(
            409,
            "wrong_state"
        );
    }

    [Fact]
    public async Task What_another_segment_asks_for_is_not_retired()
    {
        await segments.ActivateAsync("wanted", "criteria: title = 'wanted'");
        await segments.ActivateAsync("wants", "criteria: in segment wanted");

        Answer refused = await host.SendAsync(
            HttpMethod.Delete,
            "/v1/definitions/segment/wanted?reason=over",
            key: await segments.KeyAsync("retirer of wanted", "approve")
        );

        refused.ShouldBeProblem(409, "in_use");
        ((string)refused.Json["errors"]![0]!["message"]!).ShouldContain("`wants`");
        (await segments.GetAsync("/v1/segments/wanted"))["usedBy"]!
            .ToJsonString()
            .ShouldBe("""["wants"]""");
        await segments.RetireAsync("wants");
        await segments.RetireAsync("wanted");
    }

    [Fact]
    public async Task Steps_that_may_not_be_taken_say_why_and_change_nothing()
    {
        int version = await segments.DraftAsync("stepped", "criteria: title = 'stepped'");
        string path = $"/v1/definitions/segment/stepped/versions/{version}";
        string both = await segments.KeyAsync("both of stepped", "author", "approve");
        string other = await segments.KeyAsync("other of stepped", "approve");

        (await host.PostAsync($"{path}/approve", "{}", other)).ShouldBeProblem(409, "wrong_state");
        (await host.PostAsync($"{path}/submit", "{}", both)).Status.ShouldBe(200);
        (await host.PostAsync($"{path}/approve", "{}", both)).ShouldBeProblem(409, "own_work");
        (await host.PostAsync($"{path}/reject", "{}", other)).ShouldBeProblem(400, "bad_reason");
        string text = new('x', 1_001);
        (
            await host.PostAsync($"{path}/reject", $$"""{"reason":"{{text}}"}""", other)
        ).ShouldBeProblem(400, "bad_reason");
        (await host.PostAsync($"{path}/activate", "{}", other)).ShouldBeProblem(409, "wrong_state");
        (await StatesAsync("stepped")).ShouldBe(["submitted"]);

        (
            await host.PostAsync($"{path}/reject", $$"""{"reason":"{{text[1..]}}"}""", other)
        ).Status.ShouldBe(200);
        (await StatesAsync("stepped")).ShouldBe(["rejected"]);
    }

    [Fact]
    public async Task After_an_activation_it_is_told_how_many_have_been_looked_at()
    {
        await segments.SayAsync("003rv1", "walked");
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        await segments.ActivateAsync("walked", "criteria: title = 'walked'");

        JsonNode? walk = null;
        await Eventually.BeAsync(
            async () =>
            {
                walk = (await segments.GetAsync("/v1/segments/walked"))["walk"];
                return walk?["endedAt"] is not null && (DateTimeOffset)walk["startedAt"]! >= before;
            },
            "everybody was looked at",
            () => walk?.ToJsonString() ?? ""
        );

        ((long)walk!["individuals"]!).ShouldBeGreaterThan(0);
        ((long)(await segments.CountedAsync("walked", 1))["count"]!).ShouldBe(1);
    }

    private async Task<string[]> StatesAsync(string name) =>
        [
            .. (await segments.GetAsync($"/v1/definitions/segment/{name}/versions"))["data"]!
                .AsArray()
                .OrderBy(version => (int)version!["version"]!)
                .Select(version => (string)version!["state"]!),
        ];
}
