using System.Text.Json.Nodes;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>Versions that wait are told of the past together: by one reading of the log, and one save of whoever is told.</summary>
public sealed class BackfillTogetherTests : IAsyncLifetime
{
    private const string Page = "page";
    private static readonly LinkKey AccountLink = new("crm", "Account", "a");
    private static readonly DeclaredField[] Declared = [new("Engagement", Page, FieldType.Text)];
    private readonly FakeInsights insights = new(InsightSet.None);
    private readonly Cluster cluster;
    private int reads;

    public BackfillTogetherTests() => cluster = new Cluster { Insights = insights };

    private FakeHistory History => cluster.History;

    private IInsightBackfillGrain Backfill =>
        cluster.Grains.GetGrain<IInsightBackfillGrain>(IInsightBackfillGrain.Key);

    public async Task InitializeAsync()
    {
        await cluster.InitializeAsync();
        History.OnRead = _ =>
        {
            reads++;
            return Task.CompletedTask;
        };
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task The_log_is_read_once_for_all_and_everybody_is_saved_once()
    {
        // Two links of each of three individuals, and an account.
        LinkKey[] links = [.. Enumerable.Range(0, 6).Select(LinkOf)];
        History.Events =
        [
            .. links.Select(link => Visit(link, "a")),
            .. links.Select(link => Visit(link, "b")),
            Visit(AccountLink, "a") with
            {
                Subject = SubjectKind.Account,
            },
        ];
        History.Claims = links
            .Select((link, i) => (link, Owner: OwnerOf(i / 2)))
            .ToDictionary(one => ClaimKeys.Of(one.link), one => new HeldClaim(one.Owner, null));
        for (int owner = 0; owner < 3; owner++)
        {
            await ApplyAsync(
                OwnerOf(owner),
                [
                    .. Sequenced()
                        .Where(e =>
                            Array.IndexOf(links, e.Event.Link) is >= 0 and var i && i / 2 == owner
                        ),
                ]
            );
        }

        string account = SubjectIds.AccountOf(AccountLink);
        await cluster.Grains.GetGrain<IAccountGrain>(account).ApplyAsync(new([Sequenced()[^1]]));
        Dictionary<string, long> before = cluster.Database.Snapshots.ToDictionary(
            one => one.Key,
            one => one.Value.Version
        );
        before.Count.ShouldBe(4);

        insights.Current = SetOf(
            Of("a", 1),
            Of("b", 2),
            Of("c", 3),
            Of("a", 4),
            Of("a", 5, SubjectKind.Account)
        );
        var progress = await UntilToldAsync(5);

        reads.ShouldBe(1);
        progress
            .Select(one => (one.Events, one.Links))
            .ShouldBe([(13, 6), (13, 6), (13, 0), (13, 6), (13, 1)]);
        foreach (var (id, version) in before)
        {
            cluster.Database.Snapshots[id].Version.ShouldBe(version + 1, id);
        }

        for (int owner = 0; owner < 3; owner++)
        {
            (await CountsAsync(OwnerOf(owner), "a", "b", "c")).ShouldBe([2, 2, 0]);
        }
    }

    [Theory]
    [InlineData(Limits.ToldTogetherMax, 1)]
    [InlineData(Limits.ToldTogetherMax + 1, 2)]
    public async Task So_many_are_told_together_and_others_by_the_next_reading(int count, int times)
    {
        await VisitAsync(["a"]);

        insights.Current = Many(count);
        var progress = await UntilToldAsync(count);

        reads.ShouldBe(times);
        progress.ShouldAllBe(one => one.Links == 1 && one.Events == 1);
    }

    [Fact]
    public async Task One_that_comes_while_the_log_is_read_waits_for_the_next_reading()
    {
        await VisitAsync(["a", "b"]);
        TaskCompletionSource gate = new();
        History.OnRead = _ => ++reads == 1 ? gate.Task : Task.CompletedTask;
        insights.Current = SetOf(Of("a", 1));
        await Eventually.BeAsync(() => reads == 1);

        insights.Current = SetOf(Of("a", 1), Of("b", 2));
        BackfillProgress[] meanwhile = await ProgressAsync();
        (meanwhile[0].Pass is null, meanwhile[1].Pass is null).ShouldBe((false, true));
        gate.SetResult();
        var progress = await UntilToldAsync(2);

        reads.ShouldBe(2);
        progress.Select(one => one.Events).ShouldBe([2, 2]);
        (await CountsAsync(OwnerOf(0), "a", "b")).ShouldBe([1, 1]);
    }

    [Fact]
    public async Task One_that_is_replaced_meanwhile_ends_and_keeps_no_other_from_its_end()
    {
        await VisitAsync(["a", "b"]);
        TaskCompletionSource gate = new();
        History.OnRead = _ => ++reads == 1 ? gate.Task : Task.CompletedTask;
        insights.Current = SetOf(Of("a", 1), Of("b", 2));
        await Eventually.BeAsync(() => reads == 1);

        insights.Current = SetOf(Of("b", 2));
        gate.SetResult();
        var progress = await UntilToldAsync(1);

        reads.ShouldBe(1);
        progress.ShouldHaveSingleItem().Links.ShouldBe(1);
        (await CountsAsync(OwnerOf(0), "b")).ShouldBe([1]);
    }

    [Fact]
    public async Task Those_that_fail_keep_no_others_waiting()
    {
        await VisitAsync(["a"]);
        TaskCompletionSource gate = new();
        History.OnRead = _ =>
            ++reads switch
            {
                1 => throw new TimeoutException("The database is away."),
                2 => gate.Task,
                _ => Task.CompletedTask,
            };
        const int count = Limits.ToldTogetherMax + 1;
        insights.Current = Many(count);
        await Eventually.BeAsync(() => reads == 2);

        BackfillProgress[] meanwhile = await ProgressAsync();
        meanwhile[..^1].ShouldAllBe(one => one.Trouble == "The database is away.");
        (meanwhile[^1].Trouble, meanwhile[^1].Pass is null).ShouldBe((null, false));
        gate.SetResult();
        await UntilToldAsync(count);

        reads.ShouldBe(3);
    }

    /// <summary>Each version began to count where its first event came after its silo knew it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_version_of_each_link_counts_all_of_it_once_wherever_it_began(int seed)
    {
        Random random = new(seed);
        string[] pages = ["a", "b", "c", "d"];
        LinkKey[] links = [.. Enumerable.Range(0, 20).Select(LinkOf)];
        History.Events =
        [
            .. Enumerable
                .Range(0, 300)
                .Select(_ =>
                    Visit(links[random.Next(links.Length)], pages[random.Next(pages.Length)]) with
                    {
                        Lane = Lane.Normal,
                    }
                ),
        ];
        History.Claims = links
            .Select((link, i) => (link, Owner: OwnerOf(i)))
            .ToDictionary(one => ClaimKeys.Of(one.link), one => new HeldClaim(one.Owner, null));
        TaskCompletionSource gate = new();
        History.OnRead = _ => ++reads == 1 ? gate.Task : Task.CompletedTask;

        // What each had applied before its silo knew of the versions, some of which came later.
        int[] known = [.. links.Select(_ => random.Next(150))];
        int[] knownLater = [.. known.Select(at => at + random.Next(100))];
        await ApplyAllAsync(links, i => (0, known[i]));
        insights.Current = SetOf(Of("a", 1), Of("b", 2));
        await ApplyAllAsync(links, i => (known[i], knownLater[i]));
        insights.Current = SetOf(Of("a", 1), Of("b", 2), Of("c", 3), Of("d", 4));
        await ApplyAllAsync(links, i => (knownLater[i], 250));
        await Eventually.BeAsync(() => reads == 1);
        gate.SetResult();
        await ApplyAllAsync(links, _ => (250, 300));
        await UntilToldAsync(4);

        for (int i = 0; i < links.Length; i++)
        {
            LinkEvent[] own = [.. History.Events.Where(e => e.Link == links[i])];
            if (own.Length > 0)
            {
                (await CountsAsync(OwnerOf(i), pages)).ShouldBe(
                    pages.Select(page => (long)own.Count(e => e.Fields[0].Value.Text == page)),
                    $"of {i}"
                );
            }
        }
    }

    private static string OwnerOf(int number) => $"ind_{number}";

    private static LinkKey LinkOf(int number) => new("web", "visitor", $"{number}");

    private static LinkEvent Visit(LinkKey link, string page) =>
        Some.Event(link, Some.Unique("visit")) with
        {
            Kind = EventKind.Engagement,
            Object = "Engagement",
            Fields = [new Field(Page, FieldValue.Of(page))],
        };

    private static ActiveInsight Of(
        string page,
        long revision,
        SubjectKind of = SubjectKind.Individual
    ) =>
        new(
            InsightDefinition
                .Compile(
                    page == "a" && revision != 1 ? $"a_{Math.Abs(revision)}" : page,
                    $"source: Engagement\nmeasure: count\nwhere: page = '{page}'"
                        + (of == SubjectKind.Account ? "\nof: account" : ""),
                    Declared
                )
                .Insight!,
            Version: 1,
            revision,
            IsComplete: false
        );

    private static InsightSet SetOf(params ActiveInsight[] versions) =>
        new([.. versions], versions.Max(version => version.Revision));

    /// <summary>With low numbers: the catalogue knows no high ones.</summary>
    private static InsightSet Many(int count) =>
        SetOf([.. Enumerable.Range(1 - count, count).Select(revision => Of("a", revision))]);

    private SequencedEvent[] Sequenced() => [.. History.Events.Select((e, i) => e.At(i + 1))];

    /// <summary>One visitor looks at pages.</summary>
    private async Task VisitAsync(string[] pages)
    {
        History.Events = [.. pages.Select(page => Visit(LinkOf(0), page))];
        History.Claims = new Dictionary<string, HeldClaim>
        {
            [ClaimKeys.Of(LinkOf(0))] = new(OwnerOf(0), null),
        };
        await ApplyAsync(OwnerOf(0), Sequenced());
    }

    /// <summary>Applies what came of each link after one place in the log, up to another.</summary>
    private async Task ApplyAllAsync(LinkKey[] links, Func<int, (int After, int To)> part)
    {
        for (int i = 0; i < links.Length; i++)
        {
            var (after, to) = part(i);
            SequencedEvent[] own = [.. Sequenced()[after..to].Where(e => e.Event.Link == links[i])];
            if (own.Length > 0)
            {
                await ApplyAsync(OwnerOf(i), own);
            }
        }
    }

    private async Task ApplyAsync(string id, SequencedEvent[] events)
    {
        var outcomes = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .ApplyAsync(new(events), id);
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
    }

    private async Task<long[]> CountsAsync(string id, params string[] names)
    {
        ContextAnswer? answer = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .GetInsightsAsync(new InsightQuestion(cluster.Clock.GetUtcNow()));
        JsonNode all = JsonNode.Parse(answer!.Json)!["insights"]!;
        return [.. names.Select(name => (long)all[name]!["value"]!)];
    }

    private async Task<BackfillProgress[]> ProgressAsync() =>
        [.. await Backfill.GetProgressAsync()];

    private async Task<BackfillProgress[]> UntilToldAsync(int count)
    {
        BackfillProgress[] progress = [];
        await Eventually.BeAsync(
            async () =>
                (progress = await ProgressAsync()).Count(one =>
                    one.Partitions > 0 && one.PartitionsDone == one.Partitions
                ) == count,
            "all are told",
            () => string.Join('\n', progress.Take(5))
        );
        return progress;
    }
}
