using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using OrleansCdp.Context;

namespace OrleansCdp.Identity;

public sealed class PossibleMatchTests
{
    [Fact]
    public void A_newer_list_takes_the_place_of_an_older_one_of_its_ruleset_and_of_no_other()
    {
        ImmutableArray<PossibleMatches> known = ListOf("service", 5, 2).AddTo([]);
        known = ListOf("partners", 1, 1).AddTo(known);

        ListOf("service", 5, 1).AddTo(known).ShouldBe(known);
        ListOf("service", 4, 1).AddTo(known).ShouldBe(known);
        known = ListOf("service", 6, 0).AddTo(known);

        known
            .Select(list => (list.Ruleset, list.Decision))
            .ShouldBe([("partners", 1), ("service", 6)]);
        PossibleMatches.BestOf(known).Count().ShouldBe(1);
    }

    [Fact]
    public void Nothing_after_nothing_changes_nothing_also_in_a_state_of_a_first_version()
    {
        ListOf("service", 1, 0).AddTo(default).IsDefault.ShouldBeTrue();
        ListOf("service", 1, 0).AddTo([]).ShouldBeEmpty();
        PossibleMatches.BestOf(default).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(PossibleMatches.LinksMax)]
    [InlineData(PossibleMatches.LinksMax + 1)]
    public void As_many_are_shown_as_may_be_the_best_first(int found)
    {
        UnifiedIndividual individual = new() { Id = "ind_a" };

        individual = individual.Note(ListOf("service", 1, found)).Next;

        byte[] json = ServiceGraph.Individual(individual, ReconciliationPolicy.Default);
        JsonArray shown = JsonNode.Parse(json)!["possibleMatches"]!.AsArray();
        shown.Count.ShouldBe(PossibleMatches.LinksMax);
        ((double)shown[0]!["score"]!).ShouldBe(found - 1);
        ((string)shown[0]!["reasons"]![0]!["agreement"]!).ShouldBe("equal");
    }

    [Fact]
    public void A_record_of_nobody_is_no_individual_by_its_id()
    {
        LinkKey link = new("crm", "Case", "1");

        SubjectIds.IsRecord(SubjectIds.RecordOf(link)).ShouldBeTrue();
        SubjectIds.IsRecord(SubjectIds.IndividualOf(link)).ShouldBeFalse();
    }

    private static PossibleMatches ListOf(string ruleset, long decision, int links) =>
        new()
        {
            Ruleset = ruleset,
            Decision = decision,
            Links =
            [
                .. Enumerable
                    .Range(0, links)
                    .Select(i => new PossibleMatch(
                        string.Create(CultureInfo.InvariantCulture, $"crm/Case/{i}"),
                        i,
                        [new MatchReason("email", "equal", 9)]
                    )),
            ],
        };
}
