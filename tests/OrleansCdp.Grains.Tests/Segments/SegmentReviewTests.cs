using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>No version decides before another person approved it, and each step is done wholly or not at all.</summary>
public sealed class SegmentReviewTests
{
    private const string Name = "buyers";

    [Fact]
    public async Task A_draft_decides_nothing_and_an_activated_version_does()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.DraftAsync(Name, Reviewing.Buyers);
        long before = all.State.State.Activations;

        (await all.DecidingAsync()).ShouldBeEmpty();
        (await all.DerivedAsync()).ShouldBeEmpty("nothing is computed for what nobody reviews");
        await all.TakeAsync(Name, version, ReviewStepKind.Submit, Reviewing.Author);
        (await all.DerivedAsync()).ShouldHaveSingleItem().ShouldContain("window: 90 days");
        await all.TakeAsync(Name, version, ReviewStepKind.Approve);
        (await all.DecidingAsync()).ShouldBeEmpty();
        SegmentVersion active = await all.TakeAsync(Name, version, ReviewStepKind.Activate);

        active.State.ShouldBe(ReviewState.Active);
        active
            .Steps.Select(step => (step.Kind, step.By))
            .ShouldBe([
                (ReviewStepKind.Draft, Reviewing.Author),
                (ReviewStepKind.Submit, Reviewing.Author),
                (ReviewStepKind.Approve, Reviewing.Reviewer),
                (ReviewStepKind.Activate, Reviewing.Reviewer),
            ]);
        var (name, number, revision) = (await all.DecidingAsync()).ShouldHaveSingleItem();
        (name, number).ShouldBe((Name, version));
        Catalogue catalogue = await all.CatalogueAsync();
        catalogue.Activations.ShouldBe(revision);
        revision.ShouldBeGreaterThan(before);
        catalogue.Version.ShouldBeGreaterThanOrEqualTo(revision);
    }

    [Theory]
    [InlineData(Reviewing.Author)]
    [InlineData("submitter")]
    public async Task Nobody_approves_what_they_wrote_or_submitted(string by)
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.DraftAsync(Name, Reviewing.Buyers);
        await all.TakeAsync(Name, version, ReviewStepKind.Submit, "submitter");

        ReviewResult own = await all.TryAsync(Name, version, ReviewStepKind.Approve, by);

        own.Refusal!.Kind.ShouldBe(ReviewRefusalKind.OwnWork);
        own.Refusal.Detail.ShouldContain(by);
        (await all.StatesAsync(Name)).ShouldBe([ReviewState.Submitted]);
        await all.TakeAsync(Name, version, ReviewStepKind.Approve);
    }

    [Theory]
    [InlineData(ReviewStepKind.Approve)]
    [InlineData(ReviewStepKind.Activate)]
    [InlineData(ReviewStepKind.Reject)]
    [InlineData(ReviewStepKind.Rollback)]
    [InlineData(ReviewStepKind.Retire)]
    public async Task A_draft_is_submitted_before_anything_else(ReviewStepKind kind)
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.DraftAsync(Name, Reviewing.Buyers);

        ReviewResult result = await all.TryAsync(Name, version, kind);

        result.Refusal!.Kind.ShouldBe(ReviewRefusalKind.WrongState);
        result.Refusal.Detail.ShouldContain("a draft");
        (await all.StatesAsync(Name)).ShouldBe([ReviewState.Draft]);
    }

    [Fact]
    public async Task Of_two_versions_that_are_activated_at_once_one_is_and_the_other_is_stale()
    {
        Reviewing all = await Reviewing.BeginAsync();
        await all.ActivateAsync(Name, Reviewing.Buyers);
        int one = await all.ApproveAsync(Name, Reviewing.FewBuyers);
        int other = await all.ApproveAsync(Name, Reviewing.Buyers + " and city = 'Berlin'");

        await all.TakeAsync(Name, one, ReviewStepKind.Activate);
        ReviewResult late = await all.TryAsync(Name, other, ReviewStepKind.Activate);

        late.Refusal!.Kind.ShouldBe(ReviewRefusalKind.Stale);
        (await all.DecidingAsync()).ShouldHaveSingleItem().Version.ShouldBe(one);
        int again = await all.DraftAsync(Name, Reviewing.Buyers + " and city = 'Berlin'");
        again.ShouldBe(other + 1, "the same text is reviewed anew, against what is active now");
    }

    [Fact]
    public async Task Rolling_back_is_one_step_and_the_version_before_decides_again()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int first = await all.ActivateAsync(Name, Reviewing.Buyers);
        long activated = (await all.DecidingAsync())[0].Revision;
        int second = await all.ActivateAsync(Name, Reviewing.FewBuyers);

        await all.TakeAsync(Name, second, ReviewStepKind.Rollback);

        (await all.StatesAsync(Name)).ShouldBe([ReviewState.Active, ReviewState.RolledBack]);
        var deciding = (await all.DecidingAsync()).ShouldHaveSingleItem();
        deciding.Version.ShouldBe(first);
        deciding.Revision.ShouldBeGreaterThan(activated, "everybody is evaluated by it again");
        (await all.DerivedAsync()).ShouldHaveSingleItem().ShouldContain("90 days");

        await all.TakeAsync(Name, first, ReviewStepKind.Rollback);
        (await all.DecidingAsync()).ShouldBeEmpty();
        (await all.DerivedAsync()).ShouldBeEmpty();
        (await all.CatalogueAsync()).Activations.ShouldBeGreaterThan(deciding.Revision);
    }

    [Fact]
    public async Task What_the_version_before_measures_is_computed_as_long_as_it_may_come_back()
    {
        Reviewing all = await Reviewing.BeginAsync();
        await all.ActivateAsync(Name, Reviewing.Buyers);
        await all.ActivateAsync(Name, Reviewing.FewBuyers);
        (await all.DerivedAsync()).Length.ShouldBe(2);

        await all.ActivateAsync(Name, "criteria: count(SalesOrder within last 7 days) >= 2");

        (await all.DerivedAsync())
            .Select(text =>
                text.Split('\n').First(line => line.StartsWith("window:", StringComparison.Ordinal))
            )
            .ShouldBe(["window: 30 days", "window: 1 week"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_two_segments_measure_alike_is_computed_once_and_while_one_needs_it()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int first = await all.ActivateAsync("one", Reviewing.Buyers);
        int second = await all.ActivateAsync("other", Reviewing.Buyers);
        (await all.DerivedAsync()).ShouldHaveSingleItem();

        await all.TakeAsync("one", first, ReviewStepKind.Retire);
        (await all.DerivedAsync()).ShouldHaveSingleItem();
        await all.TakeAsync("other", second, ReviewStepKind.Retire);
        (await all.DerivedAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(ReviewStepKind.Reject)]
    [InlineData(ReviewStepKind.Rollback)]
    [InlineData(ReviewStepKind.Retire)]
    public async Task What_takes_something_from_people_says_why(ReviewStepKind kind)
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version =
            kind == ReviewStepKind.Reject
                ? await all.ApproveAsync(Name, Reviewing.Buyers)
                : await all.ActivateAsync(Name, Reviewing.Buyers);

        foreach (
            string? reason in new[] { null, " ", new string('x', ReviewRequest.ReasonMax + 1) }
        )
        {
            ReviewResult refused = await all.TryAsync(Name, version, kind, reason: reason);
            refused.Refusal!.Kind.ShouldBe(ReviewRefusalKind.BadReason);
        }

        string longest = new('x', ReviewRequest.ReasonMax);
        ReviewResult taken = await all.TryAsync(Name, version, kind, reason: longest);
        taken.Version!.Steps[^1].Reason.ShouldBe(longest);
    }

    [Theory]
    [InlineData("criteria: account.industry = 'retail'")]
    [InlineData("criteria: account.insights.account_lifetime_value > 3")]
    public async Task Fields_and_insights_of_accounts_may_be_asked(string text)
    {
        Reviewing all = await Reviewing.BeginAsync();

        ReviewResult result = await all.Grain.DraftSegmentAsync(Name, text, "me");

        result.Errors.ShouldBeEmpty();
        (await all.StatesAsync(Name)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task The_same_text_makes_no_second_version()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.DraftAsync(Name, Reviewing.Buyers);
        (await all.DraftAsync(Name, Reviewing.Buyers)).ShouldBe(version);
        await all.TakeAsync(Name, version, ReviewStepKind.Submit, Reviewing.Author);
        (await all.DraftAsync(Name, Reviewing.Buyers)).ShouldBe(version);
        await all.TakeAsync(Name, version, ReviewStepKind.Approve);
        await all.TakeAsync(Name, version, ReviewStepKind.Activate);

        ReviewResult again = await all.Grain.DraftSegmentAsync(Name, Reviewing.Buyers, "me");

        again.Changed.ShouldBeFalse();
        again.Version!.Version.ShouldBe(version);
        (await all.DraftAsync(Name, Reviewing.FewBuyers)).ShouldBe(version + 1);
        (await all.DraftAsync(Name, Reviewing.Buyers)).ShouldBe(
            version + 2,
            "it differs from the last"
        );
    }

    [Fact]
    public async Task A_step_that_cannot_be_stored_is_not_taken()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.ApproveAsync(Name, Reviewing.Buyers);
        all.State.Fails = true;

        // It leaves memory, which a grain outside of a silo cannot.
        await Should.ThrowAsync<Exception>(() =>
            all.TryAsync(Name, version, ReviewStepKind.Activate)
        );

        (await all.DecidingAsync()).ShouldBeEmpty();
        (await all.StatesAsync(Name)).ShouldBe([ReviewState.Approved]);
    }

    [Fact]
    public async Task Of_51_versions_the_latest_50_stay_and_the_active_one_always()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int active = await all.ActivateAsync(Name, Reviewing.Buyers);
        for (int i = active + 1; i <= IDefinitionsGrain.VersionsMax; i++)
        {
            await all.DraftAsync(Name, $"{Reviewing.FewBuyers} # {i}");
        }

        (await all.StatesAsync(Name)).Length.ShouldBe(IDefinitionsGrain.VersionsMax);
        await all.DraftAsync(Name, $"{Reviewing.FewBuyers} # more");

        var kept = await all.Grain.GetSegmentVersionsAsync(Name);
        kept.Select(version => version.Version)
            .ShouldBe([active, .. Enumerable.Range(active + 2, IDefinitionsGrain.VersionsMax - 1)]);
    }

    [Fact]
    public async Task Two_versions_are_compared_by_what_they_mean()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int first = await all.ActivateAsync(Name, Reviewing.Buyers);
        await all.DraftAsync(
            Name,
            "# Twice\ncriteria: \"count( SalesOrder within last 90 days ) >= 2\""
        );

        ReviewDifference same = (await all.Grain.CompareSegmentAsync(Name, null, null))!;
        same.SameMeaning.ShouldBeTrue();
        same.From.Version.ShouldBe(first);
        same.To.Text.ShouldNotBe(same.From.Text);

        int third = await all.DraftAsync(Name, Reviewing.FewBuyers);
        ReviewDifference other = (await all.Grain.CompareSegmentAsync(Name, first, third))!;
        other.SameMeaning.ShouldBeFalse();
        other.To.NormalForm.ShouldBe("count(SalesOrder within last 30 days) >= 2");
        (await all.Grain.CompareSegmentAsync(Name, first, 99)).ShouldBeNull();
        (await all.Grain.CompareSegmentAsync("nothing", null, null)).ShouldBeNull();
    }

    [Fact]
    public async Task A_stream_that_drops_what_a_segment_measures_is_refused_by_the_segments_name()
    {
        Reviewing all = await Reviewing.BeginAsync();
        const string stream = """
            source: club
            fields: { id: text, guest: text, nights: integer, at: timestamp }
            object: Stay
            recordId: id
            subject: { object: guest, id: guest, of: individual }
            record:
              nights: nights
            occurredAt: [at]

            """;
        (await all.Grain.PutAsync("stream", "stays", stream, "me")).Errors.ShouldBeEmpty();
        await all.ActivateAsync(Name, "criteria: sum(nights of Stay) > 3");

        PutResult without = await all.Grain.PutAsync(
            "stream",
            "stays",
            stream.Replace("  nights: nights", "  beds: nights", StringComparison.Ordinal),
            "me"
        );

        without.Errors.ShouldNotBeEmpty();
        without.Errors[0].Message.ShouldContain($"segment `{Name}`");
    }

    [Fact]
    public async Task Nothing_but_a_review_makes_a_segment_active()
    {
        Reviewing all = await Reviewing.BeginAsync();

        await Should.ThrowAsync<ArgumentException>(() =>
            all.Grain.PutAsync(DefinitionKinds.Segment, Name, Reviewing.Buyers, "me")
        );
    }
}
