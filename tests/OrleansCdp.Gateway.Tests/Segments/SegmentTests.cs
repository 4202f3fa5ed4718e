using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Which segments there are, who is in them, and since when, over HTTP.</summary>
[Collection(GatewayCollection.Name)]
public sealed class SegmentTests(GatewayHost host)
{
    private readonly Reviewed segments = new(host);

    [Fact]
    public async Task An_active_segment_says_what_it_asks_how_many_are_in_it_and_who_uses_it()
    {
        await segments.ActivateAsync(
            "listed",
            "description: For a list\ncriteria: title   = 'listed'"
        );
        await segments.ActivateAsync("uses_listed", "criteria: in segment listed");
        await segments.SayAsync("003sl1", "listed");
        await segments.SayAsync("003sl2", "listed");
        await segments.SayAsync("003sl3", "other");

        JsonNode one = await segments.CountedAsync("listed", 2);

        ((string)one["criteria"]!).ShouldBe("title = 'listed'");
        ((string)one["description"]!).ShouldBe("For a list");
        ((int)one["version"]!).ShouldBe(1);
        ((int)one["cost"]!).ShouldBeGreaterThan(1);
        one["tiers"].ShouldBeNull();
        one["usedBy"]!.ToJsonString().ShouldBe("""["uses_listed"]""");
        one["lastHour"]!.ToJsonString().ShouldBe("""{"entered":2,"exited":0}""");
        one["lastDay"]!.ToJsonString().ShouldBe("""{"entered":2,"exited":0}""");
        ((bool)one["atLeast"]!).ShouldBeFalse();
        ((long)one["flapping"]!["individuals"]!).ShouldBe(0);

        JsonArray all = (await segments.GetAsync("/v1/segments"))["data"]!.AsArray();
        JsonNode listed = all.Single(each => (string)each!["name"]! == "listed")!;
        ((long)listed["count"]!).ShouldBe(2);
        ((bool)listed["ready"]!).ShouldBeTrue();
        ((string)listed["criteria"]!).ShouldBe("title = 'listed'");
        listed["usedBy"]!.ToJsonString().ShouldBe("""["uses_listed"]""");
    }

    [Fact]
    public async Task A_draft_is_no_segment_yet_and_a_retired_one_none_any_more()
    {
        await segments.ActivateAsync("retires", "criteria: title = 'retires'");
        await segments.SayAsync("003sr1", "retires");
        await segments.CountedAsync("retires", 1);

        await segments.RetireAsync("retires");

        (await host.GetAsync("/v1/segments/retires")).ShouldBeProblem(404, "unknown_segment");
        // Whoever followed it is told that all have left.
        JsonNode? told = null;
        await Eventually.BeAsync(
            async () =>
            {
                told = await segments.GetAsync("/v1/segments/retires/changes");
                return told["data"]!.AsArray().Count == 2;
            },
            "the exit is told",
            () => told?.ToJsonString() ?? ""
        );
        ((string)told!["data"]![1]!["change"]!).ShouldBe("exited");
        ((string)told["data"]![1]!["cause"]!).ShouldBe("version");
        (await segments.GetAsync("/v1/segments/retires/members"))["data"]!
            .AsArray()
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_comes_and_goes_more_often_than_allowed_flaps()
    {
        await segments.ActivateAsync("flaps", "criteria: title = 'flaps'\nflapsAbove: 2");
        await segments.SayAsync("003sf1", "flaps");
        await segments.SayAsync("003sf2", "flaps");
        await segments.SayAsync("003sf1", "other", minute: 1);
        ((long)(await segments.CountedAsync("flaps", 1))["flapping"]!["individuals"]!).ShouldBe(0);

        await segments.SayAsync("003sf1", "flaps", minute: 2);

        JsonNode? flapping = null;
        await Eventually.BeAsync(async () =>
        {
            flapping = (await segments.GetAsync("/v1/segments/flaps"))["flapping"];
            return (long)flapping!["individuals"]! == 1;
        });
        JsonNode most = flapping!["most"]!.AsArray().Single()!;
        ((string)most["individual"]!).ShouldBe(await segments.IndividualAsync("003sf1"));
        ((int)most["changes"]!).ShouldBe(3);
        most["causes"]!.ToJsonString().ShouldBe("""["event"]""");
    }

    [Fact]
    public async Task Of_a_waterfall_each_tier_is_counted_and_listed()
    {
        await segments.ActivateAsync(
            "tiered",
            """
            tiers:
            - { name: gold, criteria: title = 'tiered gold' }
            - { name: silver, criteria: title starts with 'tiered' }
            """
        );
        await segments.SayAsync("003st1", "tiered gold");
        await segments.SayAsync("003st2", "tiered");
        await segments.SayAsync("003st3", "tiered");

        JsonNode one = await segments.CountedAsync("tiered", 3);

        one["criteria"].ShouldBeNull();
        one["tiers"]!
            .AsArray()
            .Select(tier => ((string)tier!["name"]!, (long)tier["count"]!))
            .ShouldBe([("gold", 1), ("silver", 2)]);
        JsonNode gold = (await segments.GetAsync("/v1/segments/tiered/members?tier=gold"))["data"]!
            .AsArray()
            .Single()!;
        ((string)gold["individual"]!).ShouldBe(await segments.IndividualAsync("003st1"));
        ((string)gold["tier"]!).ShouldBe("gold");
        ((int)gold["version"]!).ShouldBe(1);
        ((DateTimeOffset)gold["since"]!).ShouldBeGreaterThan(DateTimeOffset.UnixEpoch);
        (await segments.GetAsync("/v1/segments/tiered/members?tier=none"))["data"]!
            .AsArray()
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Members_are_paged_through_once_in_the_order_of_their_ids()
    {
        await segments.ActivateAsync("paged", "criteria: title = 'paged'");
        for (int i = 0; i < 5; i++)
        {
            await segments.SayAsync($"003sp{i}", "paged");
        }

        await segments.CountedAsync("paged", 5);
        List<string> seen = [];
        string? cursor = null;
        do
        {
            JsonNode page = await segments.GetAsync(
                $"/v1/segments/paged/members?limit=2{(cursor is null ? "" : "&cursor=" + cursor)}"
            );
            seen.AddRange(page["data"]!.AsArray().Select(one => (string)one!["individual"]!));
            cursor = (string?)page["cursor"];
        } while (cursor is not null);

        seen.ShouldBe(seen.Order(StringComparer.Ordinal));
        seen.Distinct().Count().ShouldBe(5);
        seen.Count.ShouldBe(5);
    }

    [Theory]
    [InlineData("/v1/segments/asked/members")]
    [InlineData("/v1/segments/asked/changes")]
    [InlineData("/v1/segments/changes")]
    [InlineData("/v1/individuals/contactId/003sa1/segments")]
    public async Task A_page_has_a_least_and_a_greatest_size(string path)
    {
        await AskedAsync();

        (await host.GetAsync($"{path}?limit=1")).Status.ShouldBe(200);
        (await host.GetAsync($"{path}?limit=1000")).Status.ShouldBe(200);
        (await host.GetAsync($"{path}?limit=0")).ShouldBeProblem(400, "bad_limit");
        (await host.GetAsync($"{path}?limit=1001")).ShouldBeProblem(400, "bad_limit");
    }

    [Theory]
    [InlineData("")]
    [InlineData("/members")]
    [InlineData("/members/export")]
    [InlineData("/changes")]
    [InlineData("/why/contactId/003sa1")]
    public async Task There_is_nothing_of_a_segment_that_never_was(string path)
    {
        await AskedAsync();

        foreach (string name in new[] { "never_was", "Never%20was", new string('a', 300) })
        {
            (await host.GetAsync($"/v1/segments/{name}{path}")).ShouldBeProblem(
                404,
                "unknown_segment"
            );
        }
    }

    [Theory]
    [InlineData("asked/members?cursor=x", "bad_cursor")]
    [InlineData("asked/members?cursor=", "bad_cursor")]
    [InlineData("asked/members?cursor=aW5kXw", "bad_cursor")]
    [InlineData("asked/members?tier=%00", "bad_tier")]
    [InlineData("asked/members/export?format=xml", "bad_format")]
    [InlineData("asked/members/export?tier=%00", "bad_tier")]
    [InlineData("asked/changes?after=x", "bad_position")]
    [InlineData("asked/changes?after=18446744073709551615-1", "bad_position")]
    [InlineData("changes?after=1", "bad_position")]
    public async Task What_cannot_be_read_is_refused_by_name(string path, string code)
    {
        await AskedAsync();

        (await host.GetAsync($"/v1/segments/{path}")).ShouldBeProblem(400, code);
    }

    [Fact]
    public async Task Somebody_has_memberships_and_a_history_with_causes()
    {
        await segments.ActivateAsync("history_one", "criteria: title = 'history'");
        await segments.ActivateAsync("history_two", "criteria: title starts with 'hist'");
        await segments.SayAsync("003sh1", "history");
        await segments.SayAsync("003sh1", "histories", minute: 1);

        JsonNode all = await segments.GetAsync("/v1/individuals/contactId/003sh1/segments");

        ((string)all["individual"]!).ShouldBe(await segments.IndividualAsync("003sh1"));
        JsonNode two = all["memberships"]!.AsArray().Single()!;
        ((string)two["segment"]!).ShouldBe("history_two");
        two["tier"].ShouldBeNull();
        ((int)two["version"]!).ShouldBe(1);
        all["history"]!
            .AsArray()
            .Select(one => $"{one!["sequence"]} {one["segment"]} {one["change"]}")
            .ShouldBe(["3 history_one exited", "2 history_two entered", "1 history_one entered"]);
        JsonNode left = all["history"]![0]!;
        ((string)left["cause"]!).ShouldBe("event");
        left["values"]!.ToJsonString().ShouldBe("""[{"asked":"title","value":"histories"}]""");
        ((string)left["events"]![0]!["source"]!).ShouldBe("salesforce");

        JsonNode page = await segments.GetAsync(
            "/v1/individuals/contactId/003sh1/segments?limit=2"
        );
        ((int)page["before"]!).ShouldBe(2);
        JsonNode rest = await segments.GetAsync(
            "/v1/individuals/contactId/003sh1/segments?limit=2&before=2"
        );
        rest["history"]!.AsArray().Select(one => (int)one!["sequence"]!).ShouldBe([1]);
        rest["before"].ShouldBeNull();
        (await host.GetAsync("/v1/individuals/contactId/nobody/segments")).ShouldBeProblem(
            404,
            "not_found"
        );
    }

    private async Task AskedAsync()
    {
        if ((await host.GetAsync("/v1/segments/asked")).Status == 404)
        {
            await segments.ActivateAsync("asked", "criteria: title = 'asked'");
            await segments.SayAsync("003sa1", "asked");
        }
    }
}
