using System.Collections.Immutable;
using System.Text.Json;
using CsCheck;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>A link's key is one text, and that text is one key.</summary>
public sealed class LinkKeyTests
{
    [Theory]
    [InlineData("a/b")]
    [InlineData("/")]
    [InlineData("CRM")]
    [InlineData("c r m")]
    [InlineData("-crm")]
    public void A_source_that_could_not_be_read_back_is_refused_wherever_it_stands(string name)
    {
        ErrorsOf(source: name, accountSource: "crm").ShouldHaveSingleItem().Path.ShouldBe("source");
        DefinitionError error = ErrorsOf(source: "crm", accountSource: name).ShouldHaveSingleItem();
        error.Path.ShouldBe("account.source");
        error.Message.ShouldBe("A source's name is small letters, digits, `_` and `-`.");
        error.Line.ShouldBe(6);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(101, 1)]
    public void A_source_has_a_hundred_characters_at_most(int length, int errors)
    {
        string name = new('s', length);

        ErrorsOf(source: name, accountSource: "crm").Length.ShouldBe(errors);
        ErrorsOf(source: "crm", accountSource: name).Length.ShouldBe(errors);
    }

    [Fact]
    public void Whatever_definition_and_record_give_the_key_is_read_back() =>
        Gen.Select(
                Gen.String[Gen.Char["az09_-/ A"], 1, 4],
                Gen.String[Gen.Char["aZ09_-/ ."], 1, 4],
                Gen.String[Gen.Char["a/%# é"], 1, 6]
            )
            .Sample(
                (source, name, id) =>
                {
                    (DataStream? stream, _) = DataStream.Compile(
                        "s",
                        DefinitionOf(Quoted(source), Quoted(source), Quoted(name))
                    );
                    string record = JsonSerializer.Serialize(new { id });
                    using JsonDocument document = JsonDocument.Parse(record);
                    if (
                        stream?.Admit(document.RootElement, DateTimeOffset.UnixEpoch)
                        is Admission.Accepted { Event: var e }
                    )
                    {
                        ShouldBeReadBack(e.Link);
                        ShouldBeReadBack(e.Account!.Value);
                    }
                },
                iter: 5_000
            );

    private static void ShouldBeReadBack(LinkKey key)
    {
        LinkKey.TryParse(key.ToString(), out LinkKey read).ShouldBeTrue();
        read.ShouldBe(key);
    }

    private static ImmutableArray<DefinitionError> ErrorsOf(string source, string accountSource) =>
        DataStream.Compile("s", DefinitionOf(source, accountSource, "person")).Errors;

    private static string Quoted(string text) => $"'{text}'";

    private static string DefinitionOf(string source, string accountSource, string name) =>
        $$"""
            source: {{source}}
            fields: { id: text }
            object: Individual
            subject: { object: {{name}}, id: id }
            account:
              source: {{accountSource}}
              object: {{name}}
              id: id
            """;
}
