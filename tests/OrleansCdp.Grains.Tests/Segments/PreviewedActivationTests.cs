using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Nothing is activated before it is known whom it moves, and nothing that moves many unless somebody says how many.</summary>
public sealed class PreviewedActivationTests
{
    private const string Name = "buyers";

    [Fact]
    public async Task Without_a_preview_that_has_ended_nothing_is_activated()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.ApproveAsync(Name, Reviewing.Buyers);
        all.Previews.Made = _ => null;
        (await RefusedAsync(all, version)).ShouldBe(ReviewRefusalKind.NotPreviewed);

        all.Previews.Made = one =>
            FakePreviews.Of(one, DateTimeOffset.UtcNow) with
            {
                State = PreviewState.Running,
                EndedAt = null,
            };
        (await RefusedAsync(all, version)).ShouldBe(ReviewRefusalKind.NotPreviewed);
        (await all.DecidingAsync()).ShouldBeEmpty();

        all.Previews.Made = one => FakePreviews.Of(one, DateTimeOffset.UtcNow);
        await all.TakeAsync(Name, version, ReviewStepKind.Activate);
    }

    [Fact]
    public async Task A_preview_counts_for_a_day()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.ApproveAsync(Name, Reviewing.Buyers);
        TimeSpan age = SegmentPreview.ValidFor;
        all.Previews.Made = one =>
            FakePreviews.Of(one, DateTimeOffset.UtcNow - age - TimeSpan.FromSeconds(1));
        (await RefusedAsync(all, version)).ShouldBe(ReviewRefusalKind.NotPreviewed);

        all.Previews.Made = one =>
            FakePreviews.Of(one, DateTimeOffset.UtcNow - age + TimeSpan.FromMinutes(10));
        await all.TakeAsync(Name, version, ReviewStepKind.Activate);
    }

    [Fact]
    public async Task Where_another_segment_or_insight_decides_with_it_since_it_is_previewed_anew()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int asked = await all.ActivateAsync("asked", Reviewing.Buyers);
        int version = await all.ApproveAsync(Name, "criteria: in segment asked");
        DefinitionVersion insight = (await all.CatalogueAsync()).Definitions.First(one =>
            one.Kind == DefinitionKinds.Insight
        );
        PreviewedWith[] beside =
        [
            new(DefinitionKinds.Segment, "asked", asked),
            new(DefinitionKinds.Insight, insight.Name, insight.Version),
        ];
        Seen(beside[0], new(DefinitionKinds.Insight, insight.Name, insight.Version + 1));
        (await RefusedAsync(all, version)).ShouldBe(ReviewRefusalKind.NotPreviewed);
        Seen(beside);

        int next = await all.ActivateAsync("asked", Reviewing.FewBuyers);

        Seen(beside);
        (await RefusedAsync(all, version)).ShouldBe(ReviewRefusalKind.NotPreviewed);
        Seen(new(DefinitionKinds.Segment, "asked", next), beside[1]);
        await all.TakeAsync(Name, version, ReviewStepKind.Activate);

        void Seen(params PreviewedWith[] with) =>
            all.Previews.Made = one =>
                FakePreviews.Of(one, DateTimeOffset.UtcNow) with
                {
                    Beside = one.Name == Name ? [.. with] : [],
                };
    }

    [Theory]
    [InlineData(20, null, true)]
    [InlineData(21, null, false)]
    [InlineData(21, 20L, false)]
    [InlineData(21, 21L, true)]
    public async Task Above_the_stated_share_whoever_activates_says_how_many_are_moved(
        int moved,
        long? confirmed,
        bool isTaken
    )
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.ApproveAsync(Name, Reviewing.Buyers);
        all.Previews.Made = one =>
            FakePreviews.Of(one, DateTimeOffset.UtcNow) with
            {
                Counts = new PreviewCounts
                {
                    Individuals = 100,
                    Entering = moved - 3,
                    Leaving = 2,
                    ChangingTier = 1,
                },
            };

        ReviewResult result = await all.Grain.ReviewSegmentAsync(
            Name,
            version,
            new ReviewRequest(ReviewStepKind.Activate, Reviewing.Reviewer, Reason: null)
            {
                ConfirmedMoves = confirmed,
            }
        );

        if (!isTaken)
        {
            result.Refusal!.Kind.ShouldBe(ReviewRefusalKind.NotConfirmed);
            result.Refusal.Detail.ShouldContain("`confirmMoves`: 21");
            (await all.DecidingAsync()).ShouldBeEmpty();
            return;
        }

        result.Refusal.ShouldBeNull();
        PreviewedMoves noted = result.Version!.Steps[^1].Previewed!;
        (noted.Individuals, noted.Entering, noted.Leaving, noted.ChangingTier).ShouldBe(
            (100, moved - 3, 2, 1)
        );
    }

    [Fact]
    public async Task Taking_a_version_back_asks_for_no_preview()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.ActivateAsync(Name, Reviewing.Buyers);
        all.Previews.Made = _ => null;

        SegmentVersion back = await all.TakeAsync(Name, version, ReviewStepKind.Rollback);

        back.Steps[^1].Previewed.ShouldBeNull();
        back.Steps[^2].Previewed.ShouldNotBeNull();
    }

    private static async Task<ReviewRefusalKind> RefusedAsync(Reviewing all, int version) =>
        (await all.TryAsync(Name, version, ReviewStepKind.Activate)).Refusal!.Kind;
}
