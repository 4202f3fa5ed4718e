using System.Collections.Immutable;
using System.Text.Json.Nodes;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Activation;

/// <summary>What changes enough is handed over once, the newest value only, and what goes away clears its field.</summary>
public sealed class FieldUpdateTests
{
    private static readonly DeclaredField[] Declared =
    [
        new("SalesOrder", "total", FieldType.Number),
        new("SalesOrder", "channel", FieldType.Text),
    ];

    private static readonly WrittenField Spent = new("Contact", "Spent__c");

    [Theory]
    [InlineData(10, 1)]
    [InlineData(10.01, 2)]
    public void A_change_within_the_dead_band_is_not_handed_over(double more, int updates)
    {
        Writer writer = new("deadBand: 10");
        writer.Order("o1", 100);
        writer.Order("o2", (decimal)more);

        writer.Updates.Count.ShouldBe(updates);
    }

    [Fact]
    public void Small_changes_add_up_to_one_that_is()
    {
        Writer writer = new("deadBand: 10");
        writer.Order("o1", 100);
        writer.Order("o2", 6);
        writer.Updates.Count.ShouldBe(1);

        writer.Order("o3", 6);

        writer.Values.ShouldBe(["100", "112"]);
        writer.Updates[1].Sequence.ShouldBe(writer.Updates[0].Sequence + 1);
    }

    [Fact]
    public void An_update_says_what_it_is_and_where_it_comes_from()
    {
        Writer writer = new("unit: EUR");
        writer.Order("o1", 12.5m);

        FieldUpdate update = writer.Updates.ShouldHaveSingleItem();
        update.Topic.ShouldBe("enrichments/Contact/Spent__c");
        JsonNode said = JsonNode.Parse(update.Payload)!;
        ((string)said["id"]!).ShouldBe("ind_a");
        ((decimal)said["value"]!).ShouldBe(12.5m);
        ((string)said["unit"]!, (string)said["insight"]!, (int)said["version"]!).ShouldBe(
            ("EUR", "spent", 7)
        );
        ((string)said["computedAt"]!).ShouldBe("2026-06-03T12:00:00Z");
        ((string)said["asOf"]!).ShouldBe("2026-06-02T12:00:00Z");
    }

    [Fact]
    public void What_has_no_value_any_more_clears_its_field_once()
    {
        Writer writer = new("", "measure: max\nvalue: total");
        writer.Order("o1", 12.5m);
        writer.Order("o1", 12.5m, EventKind.Deleted);
        writer.Order("o2", 1, EventKind.Deleted);

        writer.Values.ShouldBe(["12.5", ""]);
    }

    [Fact]
    public void Nothing_is_handed_over_of_what_never_had_a_value()
    {
        Writer writer = new("", "measure: max\nvalue: total");

        writer.Order("o1", 12.5m, EventKind.Deleted);

        writer.Updates.ShouldBeEmpty();
    }

    [Fact]
    public void A_first_version_that_knows_a_part_of_the_past_writes_nothing()
    {
        Writer writer = new("", isComplete: false);

        writer.Order("o1", 12.5m);

        writer.Updates.ShouldBeEmpty();
    }

    [Fact]
    public void Of_two_insights_that_write_one_field_the_first_does()
    {
        Writer writer = new("", twice: true);

        writer.Order("o1", 12.5m);
        writer.Order("o2", 1);

        writer.Values.ShouldBe(["12.5", "13.5"]);
    }

    [Fact]
    public void A_state_that_was_made_anew_goes_on_with_higher_numbers()
    {
        Writer writer = new("");
        writer.Order("o1", 12.5m);

        writer.Forget();
        writer.Order("o2", 1);

        writer.Updates[1].Sequence.ShouldBeGreaterThanOrEqualTo(writer.Updates[0].Sequence);
    }

    [Fact]
    public void A_divided_insight_writes_the_name_of_its_largest_part()
    {
        Writer writer = new("", "measure: count\nby: channel");
        writer.Order("o1", 1, channel: "web");
        writer.Order("o2", 1, channel: "shop");
        writer.Order("o3", 1, channel: "web");

        writer.Values.ShouldBe(["web", "shop", "web"]);
    }

    /// <summary>An individual with one insight that writes.</summary>
    private sealed class Writer
    {
        private readonly InsightLedger ledger;
        private ImmutableArray<WrittenValue> written = [];
        private UnifiedIndividual individual = new() { Id = "ind_a" };
        private int events;

        public Writer(
            string more,
            string measure = "measure: sum\nvalue: total",
            bool isComplete = true,
            bool twice = false
        )
        {
            var (insight, errors) = InsightDefinition.Compile(
                "spent",
                $"source: SalesOrder\n{measure}\nwrites: {{ object: Contact, field: Spent__c }}\n{more}",
                Declared
            );
            errors.ShouldBeEmpty();
            ActiveInsight active = new(insight!, Version: 7, Revision: 3, IsComplete: isComplete);
            ledger = new InsightLedger(
                new InsightSet(
                    twice ? [active, active with { Revision = 4, Version = 8 }] : [active],
                    newest: 4
                ),
                SubjectKind.Individual
            );
        }

        public List<FieldUpdate> Updates { get; } = [];

        public IEnumerable<string> Values =>
            Updates.Select(update => JsonNode.Parse(update.Payload)!["value"]?.ToString() ?? "");

        public void Forget() => written = [];

        public void Order(
            string id,
            decimal total,
            EventKind kind = EventKind.Created,
            string channel = "web"
        )
        {
            LinkEvent e = Some.Event(
                kind,
                "SalesOrder",
                record: id,
                minute: ++events,
                fields: ["total".Is(total), "channel".Is(channel)]
            );
            individual = individual.Apply([e.At(events)]).Next;
            ledger.Become(individual.Links);
            Updates.AddRange(
                FieldUpdates.Of(
                    individual.Id,
                    ledger,
                    individual.Links,
                    written,
                    Some.Noon.AddDays(2),
                    out written
                )
            );
            written.All(one => one.Field == Spent).ShouldBeTrue();
        }
    }
}
