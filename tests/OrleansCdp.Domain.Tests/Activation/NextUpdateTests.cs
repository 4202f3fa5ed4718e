using CsCheck;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Activation;

/// <summary>When fields are looked at again though nothing happened.</summary>
public sealed class NextUpdateTests
{
    private const string Windowed = "source: SalesOrder\nmeasure: count\nwindow: 10 minutes";
    private const string Fading = "source: SalesOrder\nmeasure: count\nhalfLife: 30 days";
    private const string Writes = "writes: { object: Contact, field: F__c }";

    [Fact]
    public void Soon_after_a_change_and_before_the_next_minute_is_over() =>
        Gen.Select(Gen.Int[-1_000_000, 1_000_000], Gen.Int[0, 1_000])
            .Sample(
                (ms, who) =>
                {
                    DateTimeOffset now = Some.Noon.AddMinutes(5).AddMilliseconds(ms % 299_000);
                    InsightLedger ledger = LedgerOf($"{Windowed}\n{Writes}", Order("o1", 0));

                    DateTimeOffset due = NextUpdate.Of($"ind_{who}", ledger, now)!.Value;

                    due.ShouldBeGreaterThanOrEqualTo(Some.Noon.AddMinutes(10));
                    due.ShouldBeLessThan(Some.Noon.AddMinutes(11));
                    (due.UtcTicks % TimeSpan.TicksPerSecond).ShouldBe(0);
                    NextUpdate.Of($"ind_{who}", ledger, due).ShouldBeNull();
                }
            );

    [Fact]
    public void Changes_within_a_minute_are_one_and_later_ones_are_another()
    {
        LinkEvent[] orders = [.. Enumerable.Range(0, 300).Select(i => Order($"o{i}", i))];
        InsightLedger ledger = LedgerOf($"{Windowed}\n{Writes}", orders);
        DateTimeOffset? now = Some.Noon.AddSeconds(300);
        List<DateTimeOffset> looks = [];
        while ((now = NextUpdate.Of("ind_a", ledger, now.Value)) is { } due)
        {
            looks.Add(due);
        }

        looks.Count.ShouldBeInRange(5, 6); // 300 orders, one a second, leave within 300 seconds.
        looks
            .Zip(looks.Skip(1), (one, next) => next - one)
            .ShouldAllBe(gap => gap == NextUpdate.Together);
    }

    [Fact]
    public void What_changes_all_the_time_is_looked_at_once_a_day_and_not_for_all_at_once()
    {
        InsightLedger ledger = LedgerOf($"{Fading}\n{Writes}", Order("o1", 0));
        DateTimeOffset now = Some.Noon.AddDays(1);

        DateTimeOffset[] due =
        [
            .. Enumerable
                .Range(0, 1_000)
                .Select(i => NextUpdate.Of($"ind_{i}", ledger, now)!.Value),
        ];

        due.ShouldAllBe(at => at > now && at <= now + NextUpdate.Regularly);
        due.GroupBy(at => at.Hour).Count().ShouldBe(24);
        for (int i = 0; i < due.Length; i++)
        {
            NextUpdate.Of($"ind_{i}", ledger, due[i]).ShouldBe(due[i] + NextUpdate.Regularly);
        }
    }

    [Theory]
    [InlineData(Fading)] // Nothing writes it.
    [InlineData("source: SalesOrder\nmeasure: count\n" + Writes)] // It does not change.
    [InlineData("source: SalesOrder\nmeasure: alive\n" + Writes)] // There is no model.
    [InlineData(Fading + "\nof: account\n" + Writes)] // It is no insight of an individual.
    public void Never_where_time_changes_nothing_that_is_written(string text) =>
        NextUpdate
            .Of("ind_a", LedgerOf(text, Order("o1", 0)), Some.Noon.AddMinutes(1))
            .ShouldBeNull();

    [Fact]
    public void Never_where_nothing_counts() =>
        NextUpdate.Of("ind_a", LedgerOf($"{Fading}\n{Writes}"), Some.Noon).ShouldBeNull();

    [Fact]
    public void Of_several_insights_the_first_change_counts()
    {
        InsightSet insights = Computed.SetOf(
            ("fades", $"{Fading}\nwrites: {{ object: Contact, field: A__c }}"),
            ("windowed", $"{Windowed}\nwrites: {{ object: Contact, field: B__c }}")
        );
        InsightLedger ledger = Computed.Ledger(insights, [Order("o1", 0)]);

        for (int i = 0; i < 100; i++)
        {
            NextUpdate
                .Of($"ind_{i}", ledger, Some.Noon)!
                .Value.ShouldBeLessThan(Some.Noon.AddMinutes(11));
        }
    }

    private static InsightLedger LedgerOf(string text, params LinkEvent[] events) =>
        Computed.Ledger(Computed.SetOf(text), events);

    private static LinkEvent Order(string id, int second) =>
        Some.Event(EventKind.Created, "SalesOrder", record: id) with
        {
            OccurredAt = Some.Noon.AddSeconds(second),
        };
}
