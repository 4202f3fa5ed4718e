using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>An event that does not take anything far enough has no segment evaluated.</summary>
public sealed class LeewayTests
{
    private static readonly DateTimeOffset Start = Some.Noon.AddDays(1);

    [Theory]
    [InlineData("count(SalesOrder within last 30 days) >= 5")]
    [InlineData("5 <= count(SalesOrder within last 30 days)")]
    [InlineData("not count(SalesOrder) < 5")]
    [InlineData("count(SalesOrder) >= 5 and city is null")]
    [InlineData("count(SalesOrder) = 5")]
    [InlineData("sum(order.total of SalesOrder) >= 50")]
    [InlineData("sum(order.total of SalesOrder) > 50")]
    [InlineData("insights.spent >= 50")]
    [InlineData("insights.in_one_currency >= 50")]
    [InlineData("count(Engagement within last 32 days) >= 5")]
    [InlineData("sum(seconds of Engagement) >= 50")]
    public void What_is_far_from_its_bound_is_evaluated_when_it_may_have_reached_it(string criteria)
    {
        // The first event evaluates what nobody was ever asked, the second one what may be another, and tells how far it may go.
        Followed one = new(criteria);
        one.Happen();
        one.Happen().ShouldBe(1);

        one.Happen().ShouldBe(0);
        one.Happen().ShouldBe(0);

        one.IsIn.ShouldBeFalse();
        one.Happen().ShouldBe(1);
        one.IsIn.ShouldBe(!criteria.Contains("> 50", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("count(SalesOrder within last 30 days) >= 1")]
    [InlineData("count(SalesOrder) != 0 and count(SalesOrder) != 1")]
    [InlineData("sum(order.total of SalesOrder) > 1")]
    [InlineData("last(SalesOrder) within last 30 days")]
    [InlineData("last(SalesOrder) within last 2 calendar weeks")]
    [InlineData("first(SalesOrder) within last 30 days")]
    [InlineData("max(order.total of SalesOrder) >= 2")]
    [InlineData("min(order.total of SalesOrder) <= 200")]
    [InlineData("last(Engagement) within last 30 days")]
    [InlineData("first(Engagement) within last 30 days")]
    [InlineData("count(SalesOrder) >= 1 or city = 'rome'")]
    public void What_more_of_the_same_cannot_change_is_not_evaluated_again(string criteria)
    {
        Followed one = new(criteria);
        one.Happen();
        one.Happen();
        for (int i = 0; i < 5; i++)
        {
            one.Happen().ShouldBe(0);
        }

        one.IsIn.ShouldBeTrue();
    }

    [Fact]
    public void Of_two_that_keep_an_answer_the_other_may_be_another()
    {
        Followed both = new("count(SalesOrder) >= 5 and not count(SalesOrder) < 3");
        both.Happen();
        both.Happen();

        both.Happen().ShouldBe(0);
        both.IsIn.ShouldBeFalse();
    }

    [Fact]
    public void A_first_amount_of_nothing_is_one()
    {
        Followed one = new("insights.in_one_currency < 50");
        one.AddCase("c1");
        one.AddCase("c2");
        one.IsIn.ShouldBeFalse();

        one.Order("free", 0, "EUR").ShouldBe(1);
        one.IsIn.ShouldBeTrue();
    }

    [Fact]
    public void What_an_event_and_the_time_make_together_is_the_event_s()
    {
        Followed one = new("count(SalesOrder within last 10 days) >= 3");
        for (int i = 0; i < 6; i++)
        {
            one.Happen();
        }

        one.Delete(0);
        one.Now = Start.AddDays(10).AddMinutes(-998); // Two more are over, which nobody has looked at yet.
        one.Delete(3).ShouldBe(1);

        one.IsIn.ShouldBeFalse();
        one.Cause.ShouldBe(MembershipCause.Event);
    }

    [Fact]
    public void Of_two_that_keep_an_answer_the_one_that_does_longer_is_followed()
    {
        Followed one = new("count(SalesOrder within last 10 days) >= 1 or count(Case) >= 1");
        one.AddCase("c1");
        one.Happen();
        one.Happen();

        one.DeleteCase("c1");
        one.IsIn.ShouldBeTrue();
        one.Pass(TimeSpan.FromDays(11));
        one.IsIn.ShouldBeFalse();
    }

    [Theory]
    [InlineData("median(order.total of SalesOrder) > 5")]
    [InlineData("average(order.total of SalesOrder) > 5")]
    [InlineData("distinct(order.total of SalesOrder) >= 100")]
    [InlineData("sequence(SalesOrder then Engagement within 100 days)")]
    [InlineData("count(SalesOrder) * 2 >= 100")]
    [InlineData("count(SalesOrder) in (50, 60)")]
    public void What_goes_by_no_amount_that_is_known_is_evaluated_each_time(string criteria)
    {
        Followed one = new(criteria);
        one.Happen();

        one.Happen().ShouldBe(1);
        one.Happen().ShouldBe(1);
    }

    [Fact]
    public void What_is_taken_back_counts_as_a_way_down()
    {
        Followed one = new("count(SalesOrder) >= 3");
        for (int i = 0; i < 6; i++)
        {
            one.Happen();
        }

        // How far it may go down is told from where it was evaluated last: as it came to three.
        one.Delete(0).ShouldBe(1);
        one.Delete(1).ShouldBe(0);
        one.Delete(2).ShouldBe(1);
        one.IsIn.ShouldBeTrue();
        one.Delete(3).ShouldBe(1);
        one.IsIn.ShouldBeFalse();
    }

    [Fact]
    public void An_amount_in_a_second_currency_leaves_none()
    {
        Followed one = new("insights.in_one_currency >= 20");
        one.Happen();
        one.Happen();
        one.IsIn.ShouldBeTrue();
        one.Happen().ShouldBe(0);

        one.Order("other", 100, "USD").ShouldBe(1);
        one.IsIn.ShouldBeFalse();
    }

    [Fact]
    public void After_time_had_a_look_it_is_told_from_there()
    {
        Followed one = new("count(SalesOrder within last 10 days) >= 3");
        one.Happen();
        one.Happen();
        one.Pass(TimeSpan.FromDays(10)).ShouldBe(1);

        one.Happen().ShouldBe(0);
        one.Happen().ShouldBe(0);
        one.IsIn.ShouldBeFalse();
        one.Happen().ShouldBe(1);
        one.IsIn.ShouldBeTrue();
    }

    /// <summary>Somebody who is followed by one ledger, with one of what counts.</summary>
    private sealed class Followed
    {
        private readonly SegmentLedger segments;
        private readonly InsightLedger ledger;
        private readonly string criteria;
        private UnifiedIndividual state = new() { Id = "ind_test" };
        private Memberships memberships = Memberships.None;
        private int said;

        public Followed(string criteria)
        {
            this.criteria = criteria;
            SegmentSet set = Segmented.SetOf(Segmented.Of(criteria));
            segments = new SegmentLedger(set);
            ledger = new InsightLedger(Segmented.InsightsOf(set), SubjectKind.Individual);
        }

        public DateTimeOffset Now { get; set; } = Start;

        public MembershipCause? Cause { get; private set; }

        public bool IsIn => memberships.IsIn("some");

        /// <summary>What the criteria ask for happens once more.</summary>
        /// <returns>How many evaluations there were.</returns>
        public long Happen() =>
            criteria.Contains("Engagement", StringComparison.Ordinal)
            && !criteria.Contains("SalesOrder", StringComparison.Ordinal)
                ? Apply(
                    Some.Event(EventKind.Engagement, "Engagement") with
                    {
                        Fields = ["seconds".Is(10)],
                    }
                )
                : Order($"o{said}", 10, "EUR");

        public long Order(string id, decimal total, string currency) =>
            Apply(
                Some.Event(EventKind.Created, "SalesOrder", record: id) with
                {
                    Fields = ["total".Is(total), "currency".Is(currency)],
                }
            );

        public void AddCase(string id) => Apply(Some.Event(EventKind.Created, "Case", record: id));

        public void DeleteCase(string id) =>
            Apply(Some.Event(EventKind.Deleted, "Case", record: id));

        public long Delete(int number) =>
            Apply(Some.Event(EventKind.Deleted, "SalesOrder", record: $"o{number}"));

        /// <summary>Time passes; it is looked at when that is due, and not else.</summary>
        public long Pass(TimeSpan time)
        {
            Now += time;
            return segments.DueAt <= Now ? Follow(MembershipCause.Time) : 0;
        }

        private long Apply(LinkEvent e)
        {
            DateTimeOffset at = Now.AddMinutes(said - 1_000);
            SequencedEvent told = (
                e with
                {
                    EventId = $"e{said}",
                    Version = said + 1,
                    OccurredAt = at,
                    ReceivedAt = at,
                }
            ).At(++said);
            state = state.Apply([told], ledger.Insights).Next;
            ledger.Become(state.Links);
            return Follow(MembershipCause.Event);
        }

        private long Follow(MembershipCause cause)
        {
            long before = segments.Evaluations;
            SegmentSubject subject = new(
                state.Links,
                ledger,
                AccountFacts.None,
                ReconciliationPolicy.Default
            );
            (memberships, var changes) = segments.Follow(memberships, subject, Now, cause);
            Cause = changes is [.., var last] ? last.Cause : Cause;
            return segments.Evaluations - before;
        }
    }
}
