using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

public sealed class ShippedDefinitionsTests
{
    [Fact]
    public void Every_shipped_definition_compiles()
    {
        ShippedDefinitions.All.Count.ShouldBe(8);
        foreach ((string name, string text) in ShippedDefinitions.All)
        {
            (DataStream? stream, ImmutableArray<DefinitionError> errors) = DataStream.Compile(
                name,
                text
            );
            errors.ShouldBeEmpty(name);
            stream.ShouldNotBeNull().Name.ShouldBe(name);
        }
    }

    [Theory]
    [InlineData("salesforce-contact", "Individual", "city", FieldType.Text)]
    [InlineData("web", "Individual", "birthday", FieldType.Date)]
    [InlineData("web", "Account", "industry", FieldType.Text)]
    [InlineData("salesforce-account", "Account", "industry", FieldType.Text)]
    [InlineData("commerce-order", "SalesOrder", "total", FieldType.Number)]
    public void What_a_stream_says_of_people_and_companies_is_declared(
        string name,
        string of,
        string field,
        FieldType type
    )
    {
        DataStream stream = DataStream.Compile(name, ShippedDefinitions.All[name]).Stream!;

        stream.DeclaredFields.ShouldContain(new DeclaredField(of, field, type));
        Insights
            .InsightSource.NamesOf(stream.DeclaredFields)
            .ShouldNotContain(one => one == "Individual" || one == "Account");
    }

    [Fact]
    public void Every_shipped_ruleset_compiles_and_every_stream_names_one_of_them()
    {
        ShippedRulesets.All.Keys.Order().ShouldBe(["sales", "service"]);
        foreach ((string name, string text) in ShippedRulesets.All)
        {
            (Ruleset? ruleset, ImmutableArray<DefinitionError> errors) = Ruleset.Compile(
                name,
                text
            );
            errors.ShouldBeEmpty(name);
            ruleset.ShouldNotBeNull().Name.ShouldBe(name);
            ruleset.FindableBy.Except(ShippedRulesets.All.Keys).ShouldBeEmpty(name);
        }

        foreach ((string name, string text) in ShippedDefinitions.All)
        {
            (DataStream? stream, var errors) = DataStream.Compile(
                name,
                text,
                ShippedRulesets.All.Keys
            );
            errors.ShouldBeEmpty(name);
            stream!.Ruleset.ShouldBe(name == "salesforce-case" ? "service" : "sales");
        }
    }
}
