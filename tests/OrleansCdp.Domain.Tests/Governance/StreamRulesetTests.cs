using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>A data stream names the ruleset by which its records find their individuals.</summary>
public sealed class StreamRulesetTests
{
    private const string Note = """
        source: crm
        fields: { id: text }
        object: Note
        recordId: id
        subject: { object: person, id: id }

        """;

    [Theory]
    [InlineData("", null)]
    [InlineData("ruleset: sales", null)]
    [InlineData("ruleset: service", "service")]
    public void An_event_says_by_which_ruleset_it_was_admitted(string line, string? expected)
    {
        (DataStream? stream, _) = DataStream.Compile("notes", Note + line, ["sales", "service"]);

        using JsonDocument record = JsonDocument.Parse("""{"id":"1"}""");
        Admission admission = stream!.Admit(record.RootElement, Some.Noon);

        ((Admission.Accepted)admission).Event.Ruleset.ShouldBe(expected);
    }

    [Fact]
    public void A_ruleset_that_there_is_not_is_an_error_where_it_is_named()
    {
        (DataStream? stream, ImmutableArray<DefinitionError> errors) = DataStream.Compile(
            "notes",
            Note + "ruleset: servise",
            ["sales", "service"]
        );

        stream.ShouldBeNull();
        DefinitionError error = errors.ShouldHaveSingleItem();
        error.Path.ShouldBe("ruleset");
        error.Line.ShouldBe(6);
        error.Message.ShouldBe("There is no ruleset `servise`. Did you mean `service`?");
    }

    [Fact]
    public void A_stream_that_names_none_goes_by_anchors_alone() =>
        DataStream
            .Compile("notes", Note, ["sales"])
            .Stream!.Ruleset.ShouldBe(ShippedRulesets.Default);
}
