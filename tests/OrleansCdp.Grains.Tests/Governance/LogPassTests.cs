using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Governance;

/// <summary>A comparison keeps so many links and no more, and leaves none out for it.</summary>
public sealed class LogPassTests
{
    [Theory]
    [InlineData(IVerifierGrain.HeldMax, 1)]
    [InlineData(IVerifierGrain.HeldMax + 1, 2)]
    public async Task A_partition_with_more_links_than_are_kept_is_read_again(int links, int passes)
    {
        FakeHistory history = new()
        {
            Events =
            [
                .. Enumerable.Range(0, links).Select(i => Some.Event(LinkOf(i), $"a{i}")),
                .. Enumerable.Range(0, links).Select(i => Some.Event(LinkOf(i), $"b{i}")),
            ],
        };
        Dictionary<LinkKey, Link> found = [];
        int made = 0;
        for (ulong from = 0; ; made++)
        {
            LogPass pass = await ReadAsync(history, from);
            pass.Links.Count.ShouldBeLessThanOrEqualTo(IVerifierGrain.HeldMax);
            foreach (HeldLink link in pass.Links)
            {
                found.Add(link.Key, link.State);
                link.Fates.Sum(fate => fate.Count).ShouldBe(2);
            }

            if (pass.To == ulong.MaxValue)
            {
                break;
            }

            from = pass.To + 1;
        }

        (made + 1).ShouldBe(passes);
        found.Count.ShouldBe(links);
        found.Values.ShouldAllBe(link => link.AppliedNormal > links);
    }

    [Fact]
    public async Task What_links_told_about_accounts_counts_toward_what_is_kept()
    {
        int links = IVerifierGrain.HeldMax / 2;
        FakeHistory history = new()
        {
            Events =
            [
                .. Enumerable
                    .Range(0, links + 1)
                    .Select(i =>
                        Some.Event(LinkOf(i), $"a{i}") with
                        {
                            Account = new LinkKey("crm", "Account", "1"),
                            AccountTraits = [new Field("name", FieldValue.Of("Acme"))],
                        }
                    ),
            ],
        };

        (await ReadAsync(history, 0)).Links.Count.ShouldBeLessThanOrEqualTo(links);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    public async Task What_insights_know_of_links_is_kept_up_to_a_bound(int more, int passes)
    {
        InsightDefinition definition = InsightDefinition
            .Compile(
                "all",
                "source: Engagement\nmeasure: count",
                [new DeclaredField("Engagement", "page", FieldType.Text)]
            )
            .Insight!;
        InsightSet versions = new(
            [
                .. Enumerable
                    .Range(1, Limits.ToldTogetherMax)
                    .Select(revision => new ActiveInsight(definition, 1, revision)),
            ],
            newest: Limits.ToldTogetherMax
        );
        FakeHistory history = new() { Events = [Visit(0)] };
        long each = (await ReadAsync(history, 0, versions)).Links.Single().KnownBytes;
        int links = (int)(LogPass.KnownBytesMax / each) + more;
        links.ShouldBeLessThan(IVerifierGrain.HeldMax);
        history.Events = [.. Enumerable.Range(0, links).Select(Visit)];

        int made = 0;
        int found = 0;
        for (ulong from = 0; made == 0 || from > 0; made++)
        {
            LogPass pass = await ReadAsync(history, from, versions);
            pass.Links.Sum(link => link.KnownBytes)
                .ShouldBeLessThanOrEqualTo(LogPass.KnownBytesMax);
            found += pass.Links.Count;
            from = pass.To == ulong.MaxValue ? 0 : pass.To + 1;
        }

        (made, found).ShouldBe((passes, links));

        static LinkEvent Visit(int i) =>
            Some.Event(LinkOf(i), $"visit{i}") with
            {
                Kind = EventKind.Engagement,
                Object = "Engagement",
            };
    }

    [Theory]
    [InlineData(null, 0, 0ul, "")]
    [InlineData("3-ff-", 3, 255ul, "")]
    [InlineData("4-0-ind_0-1", 4, 0ul, "ind_0-1")]
    public void A_cursor_is_what_was_written(string? text, int partition, ulong hash, string after)
    {
        VerifyCursor cursor = VerifyCursor.Parse(text, partitions: 4);

        cursor.ShouldBe(new VerifyCursor(partition, hash, after));
        cursor.ToString().ShouldBe(text ?? "0-0-");
    }

    [Theory]
    [InlineData("")]
    [InlineData("5-0-")]
    [InlineData("-1-0-")]
    [InlineData("0-x-")]
    [InlineData("0-0-\0")]
    public void What_is_no_cursor_is_refused(string text) =>
        Should.Throw<ArgumentException>(() => VerifyCursor.Parse(text, partitions: 4));

    [Fact]
    public void Differences_are_all_counted_and_listed_up_to_a_bound()
    {
        VerifyFindings findings = new();
        for (int i = 0; i <= IVerifierGrain.DifferencesMax; i++)
        {
            findings.Add(
                new VerifyDifference
                {
                    Kind = DifferenceKinds.Served,
                    Expected = "a",
                    Served = "b",
                }
            );
        }

        findings.Differences.ShouldBe(IVerifierGrain.DifferencesMax + 1);
        findings.Reports("").Count().ShouldBe(IVerifierGrain.DifferencesMax);
    }

    [Fact]
    public void A_difference_is_named_by_its_first_field_and_never_by_a_value()
    {
        Link link = new Link { Key = LinkOf(1) }.Fold(Some.Event(LinkOf(1), "a").At(1), out _);
        Link other = link.Fold(Some.Event(LinkOf(1), "b").At(2), out _);

        StateDifference.Between(link, link).ShouldBeNull();
        StateDifference.Between(link, other).ShouldBe("/AppliedNormal");
        StateDifference
            .Between(link, other with { AppliedNormal = 1 })
            .ShouldBe("/Traits/0/Value/Text");
    }

    private static LinkKey LinkOf(int i) => new("web", "user", $"u{i}");

    private static async Task<LogPass> ReadAsync(
        FakeHistory history,
        ulong from,
        InsightSet? insights = null
    )
    {
        LogPass pass = new(history, history.Extents, from, insights: insights);
        await foreach (int _ in pass.ReadAsync(default)) { }

        return pass;
    }
}
