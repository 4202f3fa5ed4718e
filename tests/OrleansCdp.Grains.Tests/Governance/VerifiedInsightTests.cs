using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Governance;

/// <summary>A comparison of links compares what insights know of them, too.</summary>
public sealed class VerifiedInsightTests : IAsyncLifetime
{
    private static readonly LinkKey Visitor = new("web", "user", "ada");

    private static readonly DeclaredField[] Declared =
    [
        new(RecordObjects.Engagement, "name", FieldType.Text),
    ];

    private static readonly InsightSet Views = SetOf("measure: count");

    private readonly FakeInsights computed = new(Views);
    private readonly Cluster cluster;

    public VerifiedInsightTests() => cluster = new Cluster { Insights = computed };

    public Task InitializeAsync() => cluster.InitializeAsync();

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task What_nobody_computes_any_more_is_not_compared()
    {
        await ViewAsync();
        computed.Current = InsightSet.None;

        VerifyFindings findings = await CompareAsync(SetOf("measure: max\nvalue: item.at"));

        findings.Links.ShouldBe(1);
        findings.Differences.ShouldBe(0);
    }

    [Theory]
    [InlineData("measure: count", true, false)]
    [InlineData("measure: count\nwhere: name = 'Home'", true, true)]
    [InlineData("measure: max\nvalue: item.at", true, true)]
    [InlineData("measure: count\nwhere: name = 'Away'", true, true)]
    [InlineData("measure: count\nwhere: name = 'Home'", false, false)]
    public async Task Sums_that_are_not_what_the_events_make_are_told(
        string says,
        bool isComplete,
        bool differs
    )
    {
        await ViewAsync();

        VerifyFindings findings = await CompareAsync(SetOf(says, isComplete));

        findings.Links.ShouldBe(1);
        findings
            .Reports("")
            .Select(report => report.Difference?.Pointer)
            .ShouldBe([differs ? "/insights/views" : null]);
    }

    /// <summary>Somebody views three pages, which are in the log.</summary>
    private async Task ViewAsync()
    {
        SequencedEvent[] events =
        [
            .. Enumerable.Range(1, 3).Select(i => View(i, i == 1 ? "Home" : "Cart").At(i)),
        ];
        string id = SubjectIds.IndividualOf(Visitor);
        var outcomes = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .ApplyAsync(new(events), id);
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
        cluster.History.Events = [.. events.Select(e => e.Event)];
        cluster.History.Claims = new Dictionary<string, HeldClaim>
        {
            [ClaimKeys.Of(Visitor)] = new(id, Since: null),
        };
    }

    private async Task<VerifyFindings> CompareAsync(InsightSet insights)
    {
        VerifyFindings findings = new();
        Witnesses witnesses = new(cluster.Grains);
        LogPass pass = new(cluster.History, cluster.History.Extents, from: 0, insights: insights);
        await foreach (int _ in pass.ReadAsync(default)) { }

        LinkCheck check = new(
            cluster.History,
            witnesses,
            new AccountCheck(witnesses, findings),
            findings,
            computed,
            cluster.Clock
        );
        await check.RunAsync(pass, default);
        return findings;
    }

    private static LinkEvent View(int number, string name) =>
        Some.Event(Visitor, $"view-{number}") with
        {
            Kind = EventKind.Engagement,
            Object = RecordObjects.Engagement,
            Traits = [],
            Fields = [new Field("name", FieldValue.Of(name))],
        };

    private static InsightSet SetOf(string says, bool isComplete = true)
    {
        var (insight, errors) = InsightDefinition.Compile(
            "views",
            $"source: Engagement\n{says}",
            Declared
        );
        errors.ShouldBeEmpty();
        ImmutableArray<ActiveInsight> one =
        [
            new(insight!, Version: 1, Revision: 1, IsComplete: isComplete),
        ];
        return new InsightSet(one, newest: 1);
    }
}
