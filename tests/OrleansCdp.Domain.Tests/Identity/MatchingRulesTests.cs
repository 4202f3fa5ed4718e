namespace OrleansCdp.Identity;

/// <summary>A new version of a ruleset matters to matching only if it says something else of it.</summary>
public sealed class MatchingRulesTests
{
    private const string Rules = """
        description: The desk
        guards:
          blocked: { email: ["null@*"] }
        fuzzy:
          matchRate: 0.001
          fields:
            email: { type: email, from: [email, identifier.email] }
            city: { type: city, from: city }
        """;

    [Theory]
    [InlineData("description: The desk", "description: Another one")]
    [InlineData("matchRate: 0.001", "matchRate: 0.001 # one in a thousand")]
    [InlineData(
        "type: email, from: [email, identifier.email]",
        "from: [email, identifier.email], type: email"
    )]
    [InlineData("\"null@*\"", "'null@*'")]
    public void What_is_only_written_otherwise_matches_alike(string before, string after) =>
        AreSameWith(before, after).ShouldBeTrue();

    [Theory]
    [InlineData("matchRate: 0.001", "matchRate: 0.002")]
    [InlineData("[email, identifier.email]", "[identifier.email, email]")]
    [InlineData("city: { type: city, from: city }", "town: { type: city, from: city }")]
    [InlineData("\"null@*\"", "\"null@*\", \"none@*\"")]
    [InlineData("guards:\n  blocked: { email: [\"null@*\"] }\n", "")]
    public void What_says_something_else_of_matching_does_not(string before, string after) =>
        AreSameWith(before, after).ShouldBeFalse();

    [Fact]
    public void The_order_of_the_parts_makes_no_difference()
    {
        string[] lines = Rules.Split('\n');
        string turned = string.Join('\n', [.. lines[3..], .. lines[1..3]]);

        MatchingRules.AreSame(Rules, turned).ShouldBeTrue();
    }

    [Theory]
    [InlineData("fuzzy: { matchRate: null }", "fuzzy: { matchRate: 'null' }")]
    [InlineData("fuzzy: [a, b]", "fuzzy: [a:b]")]
    [InlineData("fuzzy: [ab, c]", "fuzzy: [a, bc]")]
    public void Values_do_not_run_into_each_other(string one, string other) =>
        MatchingRules.AreSame(one, other).ShouldBeFalse();

    private static bool AreSameWith(string before, string after)
    {
        Rules.ShouldContain(before);
        string other = Rules.Replace(before, after, StringComparison.Ordinal);
        Ruleset.Compile("desk", other).Errors.ShouldBeEmpty();
        return MatchingRules.AreSame(Rules, other);
    }
}
