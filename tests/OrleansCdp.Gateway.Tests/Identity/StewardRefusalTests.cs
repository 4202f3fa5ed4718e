using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>What stewards may not do is refused with a reason, and every table is what it was, byte by byte.</summary>
[Collection(GatewayCollection.Name)]
public sealed class StewardRefusalTests(GatewayHost host)
{
    private const string Nobody = "ind_00000000000000000000000000000007";
    private const string NoRecord = "rec_00000000000000000000000000000007";

    private IdentityTables Tables => new(host.Database.ConnectionString);

    [Fact]
    public async Task A_merge_that_cannot_be_leaves_no_trace()
    {
        string one = await ContactAsync("003R1");
        string other = await ContactAsync("003R2");
        string third = await ContactAsync("003R3");
        (await MergeAsync(one, other)).Status.ShouldBe(200);
        string[] malformed =
        [
            "",
            " ",
            "ind_",
            "nobody",
            one.ToUpperInvariant(),
            one[..^1],
            one + "0",
            " " + one[..^1],
            one[..^1] + "\0",
            one[..^1] + "٣",
            "acc" + one[3..],
            new string('f', 500),
            "ind_'; drop table cdp.claim; --0000",
        ];
        IReadOnlyList<string> before = await ReadAsync();

        (await MergeAsync(one, one)).ShouldBeProblem(409, "already_merged");
        (await MergeAsync(one, other)).ShouldBeProblem(409, "already_merged");
        (await MergeAsync(other, one)).ShouldBeProblem(409, "already_merged");
        foreach (string unknown in (string[])[Nobody, NoRecord])
        {
            (await MergeAsync(third, unknown)).ShouldBeProblem(404, "unknown_individual");
            (await MergeAsync(unknown, third)).ShouldBeProblem(404, "unknown_individual");
            (await MergeAsync(unknown, unknown)).ShouldBeProblem(404, "unknown_individual");
        }

        foreach (string id in malformed)
        {
            (await MergeAsync(third, id)).ShouldBeProblem(400, "invalid_decision");
            (await MergeAsync(id, third)).ShouldBeProblem(400, "invalid_decision");
        }

        foreach (string? reason in (string?[])[null, "", " ", "a\0b", new('r', 1_001)])
        {
            (await MergeAsync(one, third, reason)).ShouldBeProblem(400, "invalid_decision");
        }

        (await ReadAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task An_unmerge_of_what_was_never_merged_leaves_no_trace()
    {
        string one = await ContactAsync("003R4");
        string other = await ContactAsync("003R5");
        string third = await ContactAsync("003R6");
        long withdrawn = (long)(await MergeAsync(one, other)).Json["decision"]!;
        (await UnmergeAsync("decision", withdrawn)).Status.ShouldBe(200);
        (await MergeAsync(one, third)).Status.ShouldBe(200);
        string longest = $"nobody/knows/{new string('x', Limits.LinkKeyMax - 13)}";
        IReadOnlyList<string> before = await ReadAsync();

        (await UnmergeAsync("individual", one)).ShouldBeProblem(409, "not_merged");
        (await UnmergeAsync("individual", other)).ShouldBeProblem(409, "not_merged");
        (await UnmergeAsync("individual", Nobody)).ShouldBeProblem(409, "not_merged");
        (await UnmergeAsync("individual", NoRecord)).ShouldBeProblem(409, "not_merged");
        foreach (long number in (long[])[withdrawn, 0, -1, long.MinValue, long.MaxValue])
        {
            (await UnmergeAsync("decision", number)).ShouldBeProblem(409, "not_merged");
        }

        (await UnmergeAsync("link", "salesforce/Contact/003R4")).ShouldBeProblem(409, "own_anchor");
        (await UnmergeAsync("link", longest)).ShouldBeProblem(404, "unknown_individual");
        foreach (string link in (string[])["", "a", "a/b", "a//c", "//", "a/b/\0", longest + "x"])
        {
            (await UnmergeAsync("link", link)).ShouldBeProblem(400, "invalid_decision");
        }

        foreach (string id in (string[])["", "nobody", one.ToUpperInvariant(), one + "0"])
        {
            (await UnmergeAsync("individual", id)).ShouldBeProblem(400, "invalid_decision");
        }

        string both = $$"""{"individual":"{{third}}","decision":{{withdrawn}},"reason":"x"}""";
        (await host.PostAsync("/v1/identity/unmerge", both)).ShouldBeProblem(
            400,
            "invalid_decision"
        );
        (await ReadAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Two_with_5000_links_together_are_merged_and_with_one_more_refused()
    {
        const int half = Limits.LinksMax / 2;
        string one = await ContactAsync("003L1");
        string fits = await ContactAsync("003L2");
        string tooMany = await ContactAsync("003L3");
        await CasesAsync("003L1", half - 1);
        await CasesAsync("003L2", half - 1);
        await CasesAsync("003L3", half);
        IReadOnlyList<string> before = await ReadAsync();

        (await MergeAsync(one, tooMany)).ShouldBeProblem(409, "links_max");
        (await MergeAsync(tooMany, one)).ShouldBeProblem(409, "links_max");
        (await ReadAsync()).ShouldBe(before);

        Answer merged = await MergeAsync(one, fits);

        merged.Status.ShouldBe(200, merged.Text);
        (await LinksAsync(one)).ShouldBe(Limits.LinksMax);
        before = await ReadAsync();
        string other = await ContactAsync("003L4");
        IReadOnlyList<string> with = await ReadAsync();
        (await MergeAsync(fits, other)).ShouldBeProblem(409, "links_max");
        (await ReadAsync()).ShouldBe(with);
        with.Count.ShouldBeGreaterThan(before.Count, "it is noticed what is added");

        Answer back = await UnmergeAsync("decision", (long)merged.Json["decision"]!);

        back.Status.ShouldBe(200, back.Text);
        await Eventually.BeAsync(
            async () => await LinksAsync(one) == half && await LinksAsync(fits) == half,
            "each has its links again"
        );
    }

    private async Task<IReadOnlyList<string>> ReadAsync()
    {
        await host.Api.DrainAsync();
        await Tables.UntilSettledAsync();
        return await Tables.ReadAsync(withStates: true);
    }

    private async Task<int> LinksAsync(string individual) =>
        (await host.GetAsync($"/v1/individuals/individual/{individual}")).Json is { } profile
        && (string)profile["id"]! == individual
            ? profile["links"]!.AsArray().Count
            : -1;

    private Task<Answer> MergeAsync(string survivor, string other, string? reason = "one") =>
        host.PostAsync(
            "/v1/identity/merge",
            JsonSerializer.Serialize(
                new
                {
                    survivor,
                    other,
                    reason,
                }
            )
        );

    private Task<Answer> UnmergeAsync<T>(string what, T value) =>
        host.PostAsync(
            "/v1/identity/unmerge",
            JsonSerializer.Serialize(
                new Dictionary<string, object?> { [what] = value, ["reason"] = "two" }
            )
        );

    private async Task<string> ContactAsync(string id)
    {
        await SendAsync(
            "salesforce-contact",
            $$"""{"Id":"{{id}}","SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );
        return (string)(await host.ProfileAsync("contactId", id))["id"]!;
    }

    private Task CasesAsync(string contact, int count) =>
        SendAsync(
            "salesforce-case",
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i =>
                        $$"""
                            {"Id":"{{contact}}-{{i}}","ContactId":"{{contact}}","Status":"New","SystemModstamp":"2026-01-01T00:00:00Z"}
                            """
                    ),
            ]
        );

    private async Task SendAsync(string stream, params string[] records)
    {
        Answer answer = await host.PostAsync(
            $"/v1/streams/{stream}",
            string.Join('\n', records),
            mediaType: "application/x-ndjson"
        );
        answer.Status.ShouldBe(202, answer.Text);
        ((int)answer.Json["accepted"]!).ShouldBe(records.Length, answer.Text);
        await host.Api.DrainAsync();
    }
}
