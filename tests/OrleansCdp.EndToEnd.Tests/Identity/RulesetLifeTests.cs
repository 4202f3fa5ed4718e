using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>The life of a ruleset: its weights are learnt, looked at, tried, put and made live, with the real command line.</summary>
public sealed class RulesetLifeTests(RunningHost host) : IClassFixture<RunningHost>, IDisposable
{
    private const int People = 240;
    private const int Known = 60;
    private const int Doubles = 160;
    private const string Links = "/v1/identity/links?ruleset=members";

    // Nothing is 60 bits sure.
    private const string Strict = """
        fuzzy:
          thresholds: { link: 60, mean: 60, soft: -3 }
          fields:
            firstName: { type: givenName, from: firstName }
            lastName: { type: familyName, from: lastName }
            born: { type: date, from: born }
            city: { type: city, from: city }
            email: { type: email, from: email }
        """;

    private const string Stream = """
        source: club
        ruleset: members
        fields: { id: { type: text, required: true }, contact: text, firstName: text, lastName: text, born: text, city: text, email: text }
        object: Individual
        subject: { object: Member, id: id, of: individual }
        identifiers:
          - { type: contactId, field: contact, verified: true }
        traits: { firstName: firstName, lastName: lastName, born: born, city: city, email: email }
        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cdp-rules-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Rules_are_trained_tried_and_made_live_and_links_follow_there_and_back()
    {
        Write("members.ruleset.yaml", Strict);
        Write("members.yaml", Stream);
        await RunAsync("apply", "-f", folder.FullName);
        await host.Api.ImportAsync(
            "members",
            "id,contact,firstName,lastName,born,city,email",
            Rows()
        );
        await host.Api.DrainAsync();
        Dictionary<string, JsonNode> before = await LinksAsync();
        before.Count.ShouldBe(People + Doubles);
        before.Values.Count(IsFuzzy).ShouldBe(0);

        string draft = Path.Combine(folder.FullName, "draft.yaml");
        string said = await RunAsync("identity", "train", "--ruleset", "members", "--out", draft);

        said.ShouldContain($"Learnt from {People + Doubles} records");
        string text = await File.ReadAllTextAsync(draft);
        text.ShouldStartWith("# A draft of `members`");
        text.ShouldContain("accepted.");
        (await LinksAsync()).Values.Select(Whose).ShouldBe(before.Values.Select(Whose));

        File.Delete(Path.Combine(folder.FullName, "draft.yaml"));
        Write(
            "members.ruleset.yaml",
            text.Replace("link: 60, mean: 60", "link: 3, mean: 2", StringComparison.Ordinal)
        );
        string file = Path.Combine(folder.FullName, "members.ruleset.yaml");
        string tried = await RunAsync("identity", "simulate", "-f", file);
        int moving = NumberBefore(tried, " links would move.");
        moving.ShouldBeGreaterThan(Known / 4);

        await RunAsync("apply", "-f", file);
        JsonNode put = (await host.Api.GetAsync("/v1/definitions/ruleset/members"))!;
        ((int)put["live"]!["version"]!).ShouldBe(1);
        ((bool)put["live"]!["matchesAsActive"]!).ShouldBeFalse();
        (await LinksAsync()).Values.Count(IsFuzzy).ShouldBe(0);

        string live = await ActivateAsync(2);

        live.ShouldContain($"{moving} had to move.");
        Dictionary<string, JsonNode> after = await LinksAsync();
        after.Values.Count(IsFuzzy).ShouldBe(moving);
        after
            .Values.Where(IsFuzzy)
            .ShouldAllBe(link => (string)link["individual"]! == OwnerOf(after, link));
        Pairs(after).Wrong.ShouldBe(0);
        Pairs(after).Right.ShouldBeGreaterThan(Doubles * 9 / 10);
        put = (await host.Api.GetAsync("/v1/definitions/ruleset/members"))!;
        ((int)put["live"]!["version"]!).ShouldBe(2);
        await LogOracle.CheckAsync(host);

        (await ActivateAsync(2)).ShouldContain("0 links have another group or individual");
        (await ActivateAsync(1)).ShouldContain($"{moving} had to move.");

        (await LinksAsync())
            .Values.Select(link => (string?)link["individual"])
            .ShouldBe(before.Values.Select(link => (string?)link["individual"]));
        await LogOracle.CheckAsync(host);
    }

    [Theory]
    [InlineData("train", """{"ruleset":"nobody"}""", 404, "unknown_ruleset")]
    [InlineData("train", """{"ruleset":"sales"}""", 409, "anchors_only")]
    [InlineData("train", """{"ruleset":"service"}""", 409, "too_few_records")]
    [InlineData("train", """{"ruleset":"service","sampleMax":100000}""", 409, "too_few_records")]
    [InlineData("train", """{"ruleset":"service","sampleMax":100001}""", 400, "bad_limit")]
    [InlineData("train", """{"ruleset":"service","sampleMax":1}""", 400, "bad_limit")]
    [InlineData("train", "{}", 400, "ruleset_missing")]
    [InlineData("simulate", """{"ruleset":"nobody"}""", 404, "unknown_ruleset")]
    [InlineData("simulate", """{"ruleset":"sales"}""", 409, "anchors_only")]
    [InlineData("simulate", """{"ruleset":"service","moves":1000}""", 409, "too_few_records")]
    [InlineData("simulate", """{"ruleset":"service","moves":1001}""", 400, "bad_limit")]
    [InlineData("simulate", """{"ruleset":"service","text":"fuzzy: ["}""", 422, "does_not_compile")]
    public async Task What_cannot_be_done_is_refused_with_a_code(
        string what,
        string body,
        int status,
        string code
    )
    {
        var (answered, json) = await host.Api.PostAsync(
            $"/v1/identity/{what}",
            body,
            "application/json"
        );

        answered.ShouldBe((HttpStatusCode)status, json?.ToJsonString());
        ((string)json!["code"]!).ShouldBe(code);
        if (status == 422)
        {
            ((int)json["errors"]![0]!["line"]!).ShouldBe(2);
        }
    }

    [Theory]
    [InlineData("nobody", 1, 404, "unknown_ruleset")]
    [InlineData("sales", 1, 409, "anchors_only")]
    [InlineData("service", 99, 404, "unknown_version")]
    public async Task Only_a_kept_version_with_a_fuzzy_part_can_be_made_live(
        string ruleset,
        int version,
        int status,
        string code
    )
    {
        var (answered, json) = await host.Api.PostAsync(
            $"/v1/definitions/ruleset/{ruleset}/versions/{version}/activate",
            "",
            "application/json"
        );

        answered.ShouldBe((HttpStatusCode)status, json?.ToJsonString());
        ((string)json!["code"]!).ShouldBe(code);
    }

    private Task<string> ActivateAsync(int version) =>
        RunAsync(
            "identity",
            "activate",
            "--ruleset",
            "members",
            "--version-number",
            version.ToString(CultureInfo.InvariantCulture)
        );

    private async Task<string> RunAsync(params string[] arguments)
    {
        var (exitCode, output) = await CommandLine.RunAsync(host.Address, arguments);
        exitCode.ShouldBe(0, output);
        return output;
    }

    private void Write(string name, string text) =>
        File.WriteAllText(Path.Combine(folder.FullName, name), text);

    /// <summary>People, some of whom anchors name, and doubles of some with an error in one field.</summary>
    private static IEnumerable<string> Rows()
    {
        Random random = new(7);
        string[][] people =
        [
            .. Enumerable
                .Range(0, People)
                .Select(_ =>
                {
                    (string first, string last) = (Word(), Word());
                    return new[]
                    {
                        first,
                        last,
                        new DateTime(1940, 1, 1)
                            .AddDays(random.Next(20_000))
                            .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                        $"town{random.Next(20)}",
                        $"{first}.{last}@club.example",
                    };
                }),
        ];
        for (int i = 0; i < People; i++)
        {
            string contact = i < Known ? $"c{i}" : "";
            yield return $"p{i},{contact},{string.Join(',', people[i])}";
        }

        for (int i = 0; i < Doubles; i++)
        {
            string[] said = [.. people[i]];
            int at = random.Next(2);
            said[at] = said[at].Remove(random.Next(said[at].Length), 1);
            yield return $"d{i},,{string.Join(',', said)}";
        }

        string Word() =>
            string.Concat(
                Enumerable
                    .Range(0, 4)
                    .Select(_ => $"{"bdfgklmnprstvz"[random.Next(14)]}{"aeiou"[random.Next(5)]}")
            );
    }

    private async Task<Dictionary<string, JsonNode>> LinksAsync() =>
        (await host.Api.TextAsync(Links))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!)
            .ToDictionary(link => ((string)link["link"]!).Split('/')[2]);

    private static bool IsFuzzy(JsonNode link) =>
        (string)link["kind"]! == "linked" && (string)link["rule"]! == "members";

    private static string Whose(JsonNode link) =>
        (string?)link["individual"] ?? (string)link["group"]!;

    private static string OwnerOf(Dictionary<string, JsonNode> links, JsonNode link) =>
        (string)links["p" + ((string)link["link"]!).Split('/')[2][1..]]["individual"]!;

    private static (int Right, int Wrong) Pairs(Dictionary<string, JsonNode> links)
    {
        int right = 0;
        int wrong = 0;
        foreach (var cluster in links.GroupBy(link => Whose(link.Value)))
        {
            string[] people = [.. cluster.Select(link => link.Key[1..])];
            int same = people.GroupBy(person => person).Sum(one => one.Count() * (one.Count() - 1));
            right += same / 2;
            wrong += ((people.Length * (people.Length - 1)) - same) / 2;
        }

        return (right, wrong);
    }

    private static int NumberBefore(string output, string words) =>
        int.Parse(
            output[..output.IndexOf(words, StringComparison.Ordinal)].Split('\n')[^1],
            CultureInfo.InvariantCulture
        );
}
