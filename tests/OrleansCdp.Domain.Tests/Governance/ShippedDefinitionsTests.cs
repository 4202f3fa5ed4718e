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

    [Fact]
    public void Every_shipped_ruleset_compiles_and_every_stream_names_one_of_them()
    {
        ShippedDefinitions.Rulesets.Keys.Order().ShouldBe(["sales", "service"]);
        foreach ((string name, string text) in ShippedDefinitions.Rulesets)
        {
            (Ruleset? ruleset, ImmutableArray<DefinitionError> errors) = Ruleset.Compile(
                name,
                text
            );
            errors.ShouldBeEmpty(name);
            ruleset.ShouldNotBeNull().Name.ShouldBe(name);
            ruleset.FindableBy.Except(ShippedDefinitions.Rulesets.Keys).ShouldBeEmpty(name);
        }

        foreach ((string name, string text) in ShippedDefinitions.All)
        {
            (DataStream? stream, var errors) = DataStream.Compile(
                name,
                text,
                ShippedDefinitions.Rulesets.Keys
            );
            errors.ShouldBeEmpty(name);
            stream!.Ruleset.ShouldBe(name == "salesforce-case" ? "service" : "sales");
        }
    }
}
