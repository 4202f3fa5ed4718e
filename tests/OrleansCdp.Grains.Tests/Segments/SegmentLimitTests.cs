using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>How many segments there can be, and what is kept and computed of those that decide nothing any more.</summary>
public sealed class SegmentLimitTests
{
    private const string Name = "buyers";

    [Fact]
    public async Task The_500th_segment_is_drafted_and_the_501st_not()
    {
        Reviewing all = await Reviewing.BeginAsync();
        for (int i = 1; i <= IDefinitionsGrain.SegmentsMax; i++)
        {
            await all.DraftAsync($"s{i}", Reviewing.Buyers);
        }

        ReviewResult past = await all.Grain.DraftSegmentAsync("more", Reviewing.Buyers, "me");

        past.Errors.ShouldHaveSingleItem().Message.ShouldContain("500 segments");
        await all.DraftAsync("s1", Reviewing.FewBuyers);
    }

    [Fact]
    public async Task Beyond_the_text_that_is_kept_what_is_decided_goes_and_what_is_not_stays()
    {
        Reviewing all = await Reviewing.BeginAsync();
        string longest = (Reviewing.Buyers + " #").PadRight(Limits.DefinitionMax, 'x');
        int kept = IDefinitionsGrain.SegmentTextMax / Limits.DefinitionMax;
        int first = await all.DraftAsync("rejected", longest);
        await all.TakeAsync("rejected", first, ReviewStepKind.Submit, Reviewing.Author);
        await all.TakeAsync("rejected", first, ReviewStepKind.Reject);
        for (int i = 1; i < kept; i++)
        {
            await all.DraftAsync($"s{i}", longest);
        }

        (await all.StatesAsync("rejected")).ShouldBe([ReviewState.Rejected]);
        await all.DraftAsync("last", longest);
        (await all.StatesAsync("rejected")).ShouldBeEmpty();
        ReviewResult past = await all.Grain.DraftSegmentAsync("past", Reviewing.Buyers, "me");
        past.Errors.ShouldHaveSingleItem().Message.ShouldContain("16777216");
        (await all.StatesAsync("s1")).ShouldBe([ReviewState.Draft]);
    }

    [Fact]
    public async Task What_is_under_review_for_what_was_replaced_is_computed_no_more()
    {
        Reviewing all = await Reviewing.BeginAsync();
        await all.ActivateAsync(Name, Reviewing.Buyers);
        await all.ApproveAsync(Name, Reviewing.FewBuyers);
        int other = await all.ApproveAsync(
            Name,
            "criteria: count(SalesOrder within last 7 days) >= 2"
        );
        (await all.DerivedAsync()).Length.ShouldBe(3);

        await all.TakeAsync(Name, other, ReviewStepKind.Activate);

        (await all.DerivedAsync()).Length.ShouldBe(2, "those of the active one and the one before");
    }

    [Fact]
    public async Task What_is_computed_anew_is_not_complete_by_what_was_read_before()
    {
        Reviewing all = await Reviewing.BeginAsync();
        const string text = "criteria: count(Engagement within last 90 days) >= 2";
        DefinitionVersion first = await SubmittedAsync();
        await all.TakeAsync(Name, 1, ReviewStepKind.Reject);
        DefinitionVersion again = await SubmittedAsync();
        again.Name.ShouldBe(first.Name);
        again.Revision.ShouldBeGreaterThan(first.Revision);

        await all.Grain.CompleteAsync([new(first.Revision, new PastKnown(null, 0))]);
        (await DerivedAsync()).IsComplete.ShouldBeFalse("that was of another one");
        await all.Grain.CompleteAsync([new(again.Revision, new PastKnown(null, 0))]);
        (await DerivedAsync()).IsComplete.ShouldBeTrue();

        async Task<DefinitionVersion> SubmittedAsync()
        {
            int version = await all.DraftAsync(Name, text);
            await all.TakeAsync(Name, version, ReviewStepKind.Submit, Reviewing.Author);
            return await DerivedAsync();
        }

        async Task<DefinitionVersion> DerivedAsync() =>
            (await all.CatalogueAsync()).Definitions.Single(version => version.IsDerived);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public async Task So_many_measures_are_computed_and_one_more_is_not(int room, bool isTaken)
    {
        Reviewing all = await Reviewing.BeginAsync();
        string[] names =
        [
            .. Enumerable
                .Range(0, IDefinitionsGrain.DerivedMax - room)
                .Select(i => $"{InsightDefinition.DerivedPrefix}{i}"),
        ];
        SegmentVersion needing = Version("needing", 1, Reviewing.Buyers) with
        {
            State = ReviewState.Submitted,
            Derived = [.. names],
        };
        DefinitionsState state = all.State.State;
        all.State.State = state with
        {
            Segments = [needing],
            Versions = state.Versions.AddRange(
                names.Select(name => Definition(DefinitionKinds.Insight, name, "source: Case"))
            ),
        };
        int version = await all.DraftAsync(Name, Reviewing.Buyers);

        ReviewResult result = await all.TryAsync(Name, version, ReviewStepKind.Submit);

        (result.Refusal is null).ShouldBe(
            isTaken,
            string.Join(" ", result.Errors.Select(error => error.Message))
        );
        (await all.DerivedAsync()).Length.ShouldBe(
            isTaken ? IDefinitionsGrain.DerivedMax : names.Length
        );
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task An_activation_that_makes_all_active_text_too_long_is_refused(
        int over,
        bool isTaken
    )
    {
        Reviewing all = await Reviewing.BeginAsync();
        const string text = "criteria: title is null";
        int version = await all.ApproveAsync(Name, text);
        DefinitionsState state = all.State.State;
        int others = state.AllActive().Sum(one => one.Text.Length);
        int length = IDefinitionsGrain.ActiveTextMax - others - text.Length + over;
        all.State.State = state with
        {
            Versions = state.Versions.Add(
                Definition(DefinitionKinds.Model, "long", new string('#', length))
            ),
        };

        ReviewResult result = await all.TryAsync(Name, version, ReviewStepKind.Activate);

        (result.Refusal is null).ShouldBe(
            isTaken,
            string.Join(" ", result.Errors.Select(error => error.Message))
        );
    }

    [Fact]
    public void Of_101_steps_the_first_and_the_latest_99_are_kept()
    {
        ReviewStep[] steps =
        [
            .. Enumerable
                .Range(0, SegmentVersion.StepsMax)
                .Select(i => new ReviewStep(ReviewStepKind.Approve, $"{i}", default, null)),
        ];
        SegmentReview review = new([
            Version(Name, 1, Reviewing.Buyers) with
            {
                State = ReviewState.Submitted,
                Steps = [.. steps],
            },
        ]);

        SegmentReview next = review.Take(
            1,
            new ReviewStep(ReviewStepKind.Approve, "last", default, null),
            []
        );

        next.Find(1)!
            .Steps.Select(step => step.By)
            .ShouldBe([
                "0",
                .. Enumerable.Range(2, SegmentVersion.StepsMax - 2).Select(i => $"{i}"),
                "last",
            ]);
    }

    private static SegmentVersion Version(string name, int version, string text) =>
        new()
        {
            Name = name,
            Version = version,
            Text = text,
            Hash = "",
            State = ReviewState.Draft,
            Base = 0,
            Steps = [new ReviewStep(ReviewStepKind.Draft, Reviewing.Author, default, null)],
        };

    private static DefinitionVersion Definition(string kind, string name, string text) =>
        new()
        {
            Kind = kind,
            Name = name,
            Version = 1,
            Text = text,
            Hash = "",
            Author = "",
            At = default,
        };
}
