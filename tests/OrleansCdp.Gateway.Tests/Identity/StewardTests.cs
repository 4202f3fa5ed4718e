using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>What stewards decide about people: merged, taken back, refused, explained.</summary>
[Collection(GatewayCollection.Name)]
public sealed class StewardTests(GatewayHost host)
{
    private const string Why = "they told us";

    [Fact]
    public async Task A_merge_taken_back_leaves_both_as_if_they_had_never_been_merged()
    {
        string ada = await ContactAsync("003S1", "Ada");
        string bob = await ContactAsync("003S2", "Bob");
        string adasBefore = await ProfileAsync(ada);
        string bobsBefore = await ProfileAsync(bob);

        Answer merged = await MergeAsync(ada, bob);

        merged.Status.ShouldBe(200, merged.Text);
        ((string)merged.Json["survivor"]!).ShouldBe(ada);
        ((string)merged.Json["merged"]!).ShouldBe(bob);
        JsonNode together = (await host.GetAsync($"/v1/individuals/individual/{bob}")).Json;
        ((string)together["id"]!).ShouldBe(ada);
        together["links"]!.AsArray().Count.ShouldBe(2);
        (await host.ProfileAsync("contactId", "003S2"))["id"]!.ToString().ShouldBe(ada);

        Answer back = await UnmergeAsync($"\"individual\":\"{bob}\"");

        back.Status.ShouldBe(200, back.Text);
        ((bool)back.Json["stillOne"]!).ShouldBeFalse();
        back.Json["withdrawn"]!
            .AsArray()
            .Select(one => (long)one!)
            .ShouldBe([(long)merged.Json["decision"]!]);
        (await ProfileAsync(ada)).ShouldBe(adasBefore);
        // The gateway remembers for moments who was merged to whom.
        string bobsNow = "";
        await Eventually.BeAsync(
            async () => (bobsNow = await ProfileAsync(bob)) == bobsBefore,
            "the separated one is as before",
            () => $"{bobsNow}\nbefore: {bobsBefore}"
        );
    }

    [Fact]
    public async Task What_happens_to_the_merged_meanwhile_goes_home_with_it()
    {
        string ada = await ContactAsync("003S3", "Ada");
        string bob = await ContactAsync("003S4", "Bob");
        await MergeAsync(ada, bob);
        await SendAsync(
            "salesforce-contact",
            """{"Id":"003S4","FirstName":"Robert","SystemModstamp":"2026-02-01T00:00:00Z"}"""
        );
        await SendAsync(
            "salesforce-case",
            """{"Id":"500S4","ContactId":"003S4","Status":"New","SystemModstamp":"2026-02-01T00:00:00Z"}"""
        );

        (await UnmergeAsync($"\"individual\":\"{bob}\"")).Status.ShouldBe(200);

        JsonNode robert = await SeparateAsync(bob);
        ((string)robert["traits"]!["firstName"]!["value"]!).ShouldBe("Robert");
        robert["links"]!.AsArray().Count.ShouldBe(2);
        (await host.GetAsync($"/v1/individuals/individual/{ada}")).Json["links"]!
            .AsArray()
            .Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_rule_merged_stays_apart_once_a_steward_says_so()
    {
        await host.PostAsync(
            "/v1/identify",
            """{"userId":"s-user","messageId":"s-1","traits":{"email":"s5@steward.example"}}"""
        );
        await host.Api.DrainAsync();
        string user = (string)(await host.ProfileAsync("email", "s5@steward.example"))["id"]!;
        string contact = await ContactAsync("003S5", "Eve", "s5@steward.example");
        ((string)(await host.ProfileAsync("email", "s5@steward.example"))["id"]!).ShouldBe(contact);
        JsonNode why = (await host.GetAsync($"/v1/identity/history/{user}")).Json["data"]![0]!;
        ((string)why["what"]!, (string)why["other"]!).ShouldBe(("merged", contact));
        ((string)why["rule"]!).ShouldBe("email:s5@steward.example");
        ((string)why["link"]!).ShouldBe("salesforce/Contact/003S5");
        why["eventId"].ShouldNotBeNull();

        Answer parted = await UnmergeAsync($"\"individual\":\"{user}\"");

        parted.Status.ShouldBe(200, parted.Text);
        parted.Json["decision"].ShouldNotBeNull();
        await SendAsync(
            "salesforce-contact",
            """
            {"Id":"003S5","FirstName":"Evi","Email":"s5@steward.example","SystemModstamp":"2026-03-01T00:00:00Z"}
            """
        );
        await SeparateAsync(user);
        await Eventually.BeAsync(
            async () =>
                (string)(await host.ProfileAsync("email", "s5@steward.example"))["id"]! == user,
            "the email is the user's again"
        );
        JsonNode conflict = (await ConflictsAsync()).Single(one =>
            (string)one["reason"]! == "kept_apart" && one.ToJsonString().Contains(user)
        );
        conflict["evidence"]!.AsArray().ShouldNotBeEmpty();

        (await MergeAsync(contact, user)).Status.ShouldBe(200);
        ((string)(await host.ProfileAsync("email", "s5@steward.example"))["id"]!).ShouldBe(contact);
    }

    [Fact]
    public async Task A_history_tells_who_decided_and_why_and_by_which_rule_a_link_came()
    {
        string ada = await ContactAsync("003S6", "Ada");
        string bob = await ContactAsync("003S7", "Bob");
        await MergeAsync(ada, bob);

        JsonNode history = (await host.GetAsync($"/v1/identity/history/{bob}")).Json;
        JsonNode links = (await host.GetAsync($"/v1/identity/history/{ada}")).Json["links"]!;

        JsonNode entry = history["data"]![0]!;
        ((string)entry["what"]!).ShouldBe("merged");
        ((string)entry["other"]!).ShouldBe(ada);
        ((string)entry["reason"]!).ShouldBe("they told us");
        ((string)entry["author"]!).ShouldNotBeEmpty();
        JsonNode link = links
            .AsArray()
            .Single(one => (string)one!["link"]! == "salesforce/Contact/003S7")!;
        ((string)link["base"]!).ShouldBe(bob);
        ((string)link["rule"]!).ShouldBe("contactId:003S7");
        link["eventId"].ShouldNotBeNull();
    }

    [Fact]
    public async Task A_history_tells_of_each_merge_and_its_end_what_was_said_then()
    {
        string ada = await ContactAsync("003S8", "Ada");
        string bob = await ContactAsync("003S9", "Bob");
        string cy = await ContactAsync("003SA", "Cy");
        await MergeAsync(ada, bob, "ada is bob");
        await MergeAsync(cy, ada, "cy is ada");
        await UnmergeAsync($"\"individual\":\"{ada}\"", "cy is not ada");
        await UnmergeAsync($"\"individual\":\"{bob}\"", "ada is not bob");

        JsonNode history = (await host.GetAsync($"/v1/identity/history/{bob}")).Json;

        history["data"]!
            .AsArray()
            .Select(row => ((string)row!["what"]!, (string)row["other"]!, (string)row["reason"]!))
            .ShouldBe([
                ("unmerged", ada, "ada is not bob"),
                ("unmerged", cy, "cy is not ada"),
                ("merged", cy, "cy is ada"),
                ("merged", ada, "ada is bob"),
            ]);
    }

    [Fact]
    public async Task Two_contacts_with_one_email_are_a_conflict_until_a_steward_joins_them()
    {
        await ContactAsync("003S8", "Ada", "s8@steward.example");
        string second = await ContactAsync("003S9", "Ada", "s8@steward.example");
        string first = (string)(await host.ProfileAsync("contactId", "003S8"))["id"]!;

        (await ConflictsAsync())
            .Count(one =>
                (string)one["reason"]! == "two_contacts" && one.ToJsonString().Contains(second)
            )
            .ShouldBe(1);
        (await MergeAsync(first, second)).Status.ShouldBe(200);
        (await ConflictsAsync()).ShouldNotContain(one => one.ToJsonString().Contains(second));
    }

    [Theory]
    [InlineData("""{"survivor":"ind_1","other":"ind_2","reason":"x"}""")]
    [InlineData("""{"survivor":"ind_00000000000000000000000000000001"}""")]
    [InlineData("{}")]
    public async Task A_merge_that_says_too_little_is_refused(string body) =>
        (await host.PostAsync("/v1/identity/merge", body)).ShouldBeProblem(400, "invalid_decision");

    [Theory]
    [InlineData(1_000, 404, "unknown_individual")]
    [InlineData(1_001, 400, "invalid_decision")]
    public async Task A_reason_has_a_thousand_characters(int length, int status, string code)
    {
        string reason = new('r', length);
        string body =
            $$"""{"survivor":"{{Nobody(1)}}","other":"{{Nobody(2)}}","reason":"{{reason}}"}""";

        (await host.PostAsync("/v1/identity/merge", body)).ShouldBeProblem(status, code);
    }

    [Fact]
    public async Task What_was_never_merged_cannot_be_taken_back_and_nothing_changes()
    {
        string ada = await ContactAsync("003T1", "Ada");
        string before = await ProfileAsync(ada);

        (await UnmergeAsync($"\"individual\":\"{ada}\"")).ShouldBeProblem(409, "not_merged");
        (await UnmergeAsync("\"decision\":999999")).ShouldBeProblem(409, "not_merged");
        (await UnmergeAsync("\"link\":\"salesforce/Contact/003T1\"")).ShouldBeProblem(
            409,
            "own_anchor"
        );
        (await UnmergeAsync("\"link\":\"nobody/knows/it\"")).ShouldBeProblem(
            404,
            "unknown_individual"
        );
        (await MergeAsync(ada, ada)).ShouldBeProblem(409, "already_merged");
        (await MergeAsync(ada, Nobody(3))).ShouldBeProblem(404, "unknown_individual");
        (
            await host.PostAsync("/v1/identity/unmerge", $$"""{"reason":"{{Why}}"}""")
        ).ShouldBeProblem(400, "invalid_decision");

        (await ProfileAsync(ada)).ShouldBe(before);
    }

    [Fact]
    public async Task Only_authors_decide()
    {
        (_, string reader) = await host.MakeKeyAsync("read");

        (await host.PostAsync("/v1/identity/merge", "{}", reader)).ShouldBeProblem(
            403,
            "scope_missing"
        );
        (await host.GetAsync("/v1/identity/conflicts", reader)).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("/v1/identity/conflicts?limit=0", 400, "bad_limit")]
    [InlineData("/v1/identity/conflicts?limit=201", 400, "bad_limit")]
    [InlineData("/v1/identity/conflicts?cursor=x", 400, "bad_cursor")]
    [InlineData("/v1/identity/open?limit=0", 400, "bad_limit")]
    [InlineData("/v1/identity/open?limit=201", 400, "bad_limit")]
    [InlineData("/v1/identity/open?cursor=x", 400, "bad_cursor")]
    [InlineData("/v1/identity/open?cursor=MXwA", 400, "bad_cursor")]
    [InlineData("/v1/identity/history/nobody", 404, "unknown_individual")]
    [InlineData(
        "/v1/identity/history/ind_00000000000000000000000000000009",
        404,
        "unknown_individual"
    )]
    public async Task What_cannot_be_listed_is_refused(string path, int status, string code) =>
        (await host.GetAsync(path)).ShouldBeProblem(status, code);

    [Theory]
    [InlineData("merge", """{"survivor":"a","other":"b","reason":"c","force":true}""")]
    [InlineData("unmerge", """{"individuall":"a","reason":"c"}""")]
    public async Task What_a_decision_does_not_know_is_refused_and_not_passed_over(
        string what,
        string body
    ) => (await host.PostAsync($"/v1/identity/{what}", body)).ShouldBeProblem(400, "malformed");

    [Fact]
    public async Task A_parameter_that_cannot_be_read_is_named_in_words_of_the_api()
    {
        Answer answer = await host.GetAsync("/v1/identity/conflicts?limit=abc");

        answer.ShouldBeProblem(400, "malformed");
        ((string)answer.Json["detail"]!).ShouldBe(
            "The parameter limit cannot be read from this value."
        );
    }

    private static string Nobody(int number) => $"ind_{number:x32}";

    private Task<Answer> MergeAsync(string survivor, string other, string why = Why) =>
        host.PostAsync(
            "/v1/identity/merge",
            $$"""{"survivor":"{{survivor}}","other":"{{other}}","reason":"{{why}}"}"""
        );

    private Task<Answer> UnmergeAsync(string what, string why = Why) =>
        host.PostAsync("/v1/identity/unmerge", $$"""{{{what}},"reason":"{{why}}"}""");

    private async Task<string> ProfileAsync(string individual) =>
        (await host.GetAsync($"/v1/individuals/individual/{individual}?explain=true")).Text;

    /// <summary>The profile of one who was separated, once the gateway has noticed.</summary>
    private async Task<JsonNode> SeparateAsync(string individual)
    {
        JsonNode? profile = null;
        await Eventually.BeAsync(
            async () =>
                (string)
                    (
                        profile = (
                            await host.GetAsync($"/v1/individuals/individual/{individual}")
                        ).Json
                    )["id"]! == individual,
            "the separated one answers itself",
            () => profile?.ToJsonString() ?? "nothing"
        );
        return profile!;
    }

    private async Task<IReadOnlyList<JsonNode>> ConflictsAsync() =>
        [
            .. (await host.GetAsync("/v1/identity/conflicts?limit=200")).Json["data"]!
                .AsArray()
                .Select(one => one!),
        ];

    private async Task<string> ContactAsync(string id, string name, string? email = null)
    {
        string address = email is null ? "" : $",\"Email\":\"{email}\"";
        await SendAsync(
            "salesforce-contact",
            $$"""{"Id":"{{id}}","FirstName":"{{name}}"{{address}},"SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );
        return (string)(await host.ProfileAsync("contactId", id))["id"]!;
    }

    private async Task SendAsync(string stream, string body)
    {
        Answer answer = await host.PostAsync($"/v1/streams/{stream}", body);
        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        await host.Api.DrainAsync();
    }
}
