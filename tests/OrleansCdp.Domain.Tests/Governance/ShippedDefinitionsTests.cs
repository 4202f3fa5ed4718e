using System.Collections.Immutable;

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
}
