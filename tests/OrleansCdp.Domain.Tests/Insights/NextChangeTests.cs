using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Between two moments that are told of a value stays as it is, and nobody is told of more moments than things have.</summary>
public sealed class NextChangeTests
{
    private static readonly InsightSet All = Computed.SetOf([
        .. OracleOfRecords.All.Concat(OracleOfDone.All).Select(told => (told.Name, told.Text)),
    ]);

    private static readonly Gen<int> AnySeed = Gen.Int[0, int.MaxValue];

    [Fact]
    public void Values_change_at_the_moments_that_are_told_and_at_no_other() =>
        Gen.Select(Histories.Any(40), AnySeed)
            .Sample(
                (history, seed) =>
                {
                    InsightLedger ledger = Computed.Ledger(All, history);
                    Random random = new(seed);
                    DateTimeOffset start = Some.Noon.AddMinutes(random.Next(-600_000, 600_000));
                    foreach (ActiveInsight insight in All.All)
                    {
                        Walk(ledger, insight, start, random)
                            .ShouldBeLessThan(10 * (history.Length + 1));
                    }
                },
                iter: 60 * Laws.Thoroughness
            );

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 10)]
    [InlineData(9, 10)]
    [InlineData(10, null)]
    [InlineData(11, null)]
    public void An_item_begins_to_count_at_its_moment_and_ceases_after_the_window(
        int now,
        int? next
    ) =>
        ChangeOf("source: SalesOrder\nmeasure: count\nwindow: 10 minutes", now, Order())
            .ShouldBe(new NextChange(next is { } at ? At(at) : null, IsSteady: false));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, null)]
    public void Without_a_window_it_counts_for_ever(int now, int? next) =>
        ChangeOf("source: SalesOrder\nmeasure: count", now, Order())
            .ShouldBe(new NextChange(next is { } at ? At(at) : null, IsSteady: false));

    [Theory]
    [InlineData("source: SalesOrder\nmeasure: count\nhalfLife: 1 day", -1, false)]
    [InlineData("source: SalesOrder\nmeasure: count\nhalfLife: 1 day", 0, true)]
    [InlineData("source: SalesOrder\nmeasure: alive", 0, false)] // Without a model nothing is predicted.
    public void What_fades_changes_all_the_time_once_something_counts(
        string text,
        int now,
        bool steady
    ) => ChangeOf(text, now, Order()).IsSteady.ShouldBe(steady);

    /// <summary>Goes from change to change.</summary>
    /// <returns>How many there are.</returns>
    private static int Walk(
        InsightLedger ledger,
        ActiveInsight insight,
        DateTimeOffset now,
        Random random
    )
    {
        for (int steps = 0; ; steps++)
        {
            NextChange change = ledger.NextChangeOf(insight, now);
            DateTimeOffset next = change.At is { } at
                ? new DateTimeOffset(at, TimeSpan.Zero)
                : now.AddYears(100);
            next.ShouldBeGreaterThan(now);
            if (!change.IsSteady)
            {
                string said = Computed.Said(ledger.ValueOf(insight, now)!);
                long between = random.NextInt64((next - now).Ticks);
                Computed.Said(ledger.ValueOf(insight, now.AddTicks(between))!).ShouldBe(said);
                Computed.Said(ledger.ValueOf(insight, next.AddTicks(-1))!).ShouldBe(said);
            }

            if (change.At is null)
            {
                return steps;
            }

            now = next;
        }
    }

    private static NextChange ChangeOf(string text, int now, params LinkEvent[] events)
    {
        InsightSet insights = Computed.SetOf(text);
        return Computed
            .Ledger(insights, events)
            .NextChangeOf(insights.All[0], Some.Noon.AddMinutes(now));
    }

    private static LinkEvent Order() => Some.Event(EventKind.Created, "SalesOrder", record: "o1");

    private static long At(int minute) => Some.Noon.AddMinutes(minute).UtcTicks;
}
