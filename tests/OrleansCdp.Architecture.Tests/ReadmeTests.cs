using System.Text.RegularExpressions;

namespace OrleansCdp;

/// <summary>What is written for people names things that are there.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public void Links_lead_to_files_of_the_checkout()
    {
        string[] pages = ["README.md", .. Sources.FilesUnder("src", "*.md")];
        string[] all = [.. pages, .. Sources.FilesUnder("tests", "*.md")];
        foreach (string page in all)
        {
            string folder = Path.Combine(Sources.Root, Path.GetDirectoryName(page)!);
            Link()
                .Matches(Sources.TextOf(page))
                .Select(link => link.Groups["to"].Value)
                .Where(to => !to.Contains("://", StringComparison.Ordinal))
                .Where(to => !Path.Exists(Path.Combine(folder, to)))
                .ShouldBeEmpty(page);
        }
    }

    [Fact]
    public void Settings_that_are_explained_exist_and_every_section_is_explained()
    {
        Dictionary<string, Type> sections = Code
            .Types.Where(type => type.GetField("Section")?.IsLiteral == true)
            .ToDictionary(type => (string)type.GetField("Section")!.GetRawConstantValue()!);
        Match[] rows = [.. SettingsRow().Matches(Sources.TextOf("README.md")).Cast<Match>()];

        rows.Select(row => row.Groups["section"].Value).ShouldBe(sections.Keys, ignoreOrder: true);
        foreach (Match row in rows)
        {
            Type options = sections[row.Groups["section"].Value];
            string[] names =
            [
                .. Name().Matches(row.Value).Select(name => name.Groups["name"].Value),
            ];
            names.ShouldNotBeEmpty();
            names.Except(options.GetProperties().Select(property => property.Name)).ShouldBeEmpty();
            row.Value.ShouldContain($"/{options.Name}.cs)");
        }
    }

    [GeneratedRegex(@"\]\((?<to>[^)#]+)\)", RegexOptions.None, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^\| `(?<section>Cdp:\w+)` .*$", RegexOptions.Multiline, 1000)]
    private static partial Regex SettingsRow();

    [GeneratedRegex("`(?<name>[A-Z][A-Za-z]+)`", RegexOptions.None, 1000)]
    private static partial Regex Name();
}
