using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Which versions are told next, how much one call tells, and how all that were told are shown.</summary>
public sealed class BackfillStepsTests : IAsyncLifetime
{
    private readonly Cluster cluster = new();

    public Task InitializeAsync() => cluster.InitializeAsync();

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task All_that_are_told_together_are_shown_at_once()
    {
        var definitions = cluster.Grains.GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key);
        List<DefinitionVersion> made = [];
        foreach (string name in new[] { "one", "two" })
        {
            PutResult put = await definitions.PutAsync(
                DefinitionKinds.Insight,
                name,
                "source: Engagement\nmeasure: count",
                "ann"
            );
            made.Add(put.Active.ShouldNotBeNull());
        }

        long before = (await definitions.GetCatalogueAsync(known: 0))!.Version;
        PastKnown past = new(Some.Noon, LinksNotTold: 3);
        await definitions.CompleteAsync([
            .. made.Select(version => new CompleteVersion(version.Revision, past)),
            new CompleteVersion(before + 1, past), // Nobody has it any more.
        ]);

        Catalogue after = (await definitions.GetCatalogueAsync(known: 0))!;
        after.Version.ShouldBe(before + 1);
        after
            .Definitions.Where(version => version.Name is "one" or "two")
            .ShouldBe(made.Select(version => version with { IsComplete = true, Past = past }));
    }

    [Fact]
    public async Task One_call_tells_so_much_and_no_more()
    {
        Accumulation nothing = new() { Revision = 1 };
        InsightSeed seed = new(
            new LinkKey("web", "visitor", "0"),
            SubjectKind.Individual,
            nothing,
            0,
            0
        );
        InsightSeed[] most = [.. Enumerable.Repeat(seed, Limits.SeedsMax)];
        var individual = cluster.Grains.GetGrain<IUnifiedIndividualGrain>("ind_0");
        var account = cluster.Grains.GetGrain<IAccountGrain>("acc_0");

        (await individual.SeedInsightsAsync(new(most))).Length.ShouldBe(most.Length);
        (await account.SeedInsightsAsync(new(most))).Length.ShouldBe(most.Length);
        await Should.ThrowAsync<ArgumentException>(() =>
            individual.SeedInsightsAsync(new([.. most, seed]))
        );
        await Should.ThrowAsync<ArgumentException>(() =>
            account.SeedInsightsAsync(new([.. most, seed]))
        );
    }

    [Fact]
    public void Those_that_are_farthest_go_on_first_as_they_did_before_versions_were_told_together()
    {
        InsightDefinition definition = InsightDefinition
            .Compile(
                "pages",
                "source: Engagement\nmeasure: count",
                [new DeclaredField("Engagement", "page", FieldType.Text)]
            )
            .Insight!;
        ActiveInsight[] versions =
        [
            .. Enumerable.Range(1, 5).Select(i => new ActiveInsight(definition, Version: 1, i)),
        ];
        Dictionary<long, BackfillProgress> stored = new()
        {
            [1] = Progress(0, 0),
            [2] = Progress(3, 7),
            [3] = Progress(3, 9),
            [4] = Progress(0, 0),
            [5] = Progress(3, 9),
        };

        RevisionsOf(versions).ShouldBe([3, 5]);
        RevisionsOf([.. versions.Where(one => one.Revision is not (3 or 5))]).ShouldBe([2]);
        RevisionsOf([versions[0], versions[3]]).ShouldBe([1, 4]);

        long[] RevisionsOf(ActiveInsight[] left) =>
            [
                .. BackfillSteps
                    .Together(left, version => stored[version.Revision])
                    .Select(version => version.Revision),
            ];

        static BackfillProgress Progress(int done, ulong from) =>
            new()
            {
                Name = "a",
                Version = 1,
                Revision = 1,
                PartitionsDone = done,
                Partitions = 4,
                From = from,
            };
    }
}
