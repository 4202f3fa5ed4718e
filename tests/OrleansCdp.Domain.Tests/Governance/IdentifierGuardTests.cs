using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>What names nobody never gets into the log as an identifier, and is counted.</summary>
public sealed class IdentifierGuardTests
{
    private const string Visit = """
        source: web
        fields: { user: text, visitor: text, mail: text, mail2: text, phone: text, group: text }
        object: Engagement
        subject:
          - { object: user, id: user }
          - { object: visitor, id: visitor }
        sameAs: { object: visitor, id: visitor }
        account: { object: group, id: group }
        identifiers:
          - { type: userId, field: user, verified: true }
          - { type: email, field: [mail, mail2], verified: true }
          - { type: phone, field: phone, region: US }
        record: { name: { constant: visit } }
        """;

    private const string Guards = """
        guards:
          blocked:
            any: ["null", none, /^0+$/]
            email: ["null@*", test@test.com, "*@nowhere.example"]
            phone: ['/^\+1[0-9]0{5,}$/']
            userId: [admin]
        """;

    private static readonly DataStream Visits = Under(Guards);

    [Theory]
    [InlineData("null@example.com")]
    [InlineData("NULL@Example.com")]
    [InlineData(" test@test.com ")]
    [InlineData("ada@nowhere.example")]
    [InlineData("none")]
    [InlineData("0000")]
    public void A_blocked_email_drops_out_and_the_event_goes_on_without_it(string mail)
    {
        Admission.Accepted admitted = Admit($$"""{"user":"7","mail":"{{mail}}"}""");

        admitted.Event.Identifiers.ShouldHaveSingleItem().Type.ShouldBe("userId");
        admitted.IdentifiersLeftOut.ShouldBe(new IdentifiersLeftOut(Blocked: 1, Invalid: 0));
    }

    [Theory]
    [InlineData("nobody@example.com")]
    [InlineData("test@test.com.example")]
    [InlineData("ada.null@example.com")]
    public void An_email_that_only_resembles_a_blocked_one_stays(string mail)
    {
        Admission.Accepted admitted = Admit($$"""{"user":"7","mail":"{{mail}}"}""");

        admitted.Event.Identifiers.ShouldContain(new Identifier("email", mail, Verified: true));
        admitted.IdentifiersLeftOut.ShouldBe(default);
    }

    [Fact]
    public void The_next_field_is_read_where_the_first_names_nobody()
    {
        Admission.Accepted admitted = Admit(
            """{"user":"7","mail":"null@example.com","mail2":"ada@example.com"}"""
        );

        admitted.Event.Identifiers.ShouldContain(
            new Identifier("email", "ada@example.com", Verified: true)
        );
        admitted.IdentifiersLeftOut.Blocked.ShouldBe(1);
    }

    [Fact]
    public void A_phone_is_compared_as_it_was_normalised()
    {
        Admission.Accepted admitted = Admit("""{"user":"7","phone":"(500) 000-0000"}""");

        admitted.Event.Identifiers.ShouldHaveSingleItem().Type.ShouldBe("userId");
        admitted.IdentifiersLeftOut.Blocked.ShouldBe(1);
    }

    [Theory]
    [InlineData("mail", "no address")]
    [InlineData("mail", "ada@")]
    [InlineData("phone", "call me")]
    [InlineData("phone", "12")]
    public void What_cannot_be_of_its_type_drops_out_and_is_counted_as_that(
        string field,
        string value
    )
    {
        Admission.Accepted admitted = Admit($$"""{"user":"7","{{field}}":"{{value}}"}""");

        admitted.Event.Identifiers.ShouldHaveSingleItem().Type.ShouldBe("userId");
        admitted.IdentifiersLeftOut.ShouldBe(new IdentifiersLeftOut(Blocked: 0, Invalid: 1));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("Admin")]
    [InlineData("000")]
    public void A_user_who_is_nobody_is_the_visitor_instead(string user)
    {
        Admission.Accepted admitted = Admit($$"""{"user":"{{user}}","visitor":"v1"}""");

        admitted.Event.Link.ShouldBe(new LinkKey("web", "visitor", "v1"));
        admitted.Event.Identifiers.ShouldBeEmpty();
        admitted.IdentifiersLeftOut.Blocked.ShouldBe(1);
    }

    [Fact]
    public void A_visitor_who_is_nobody_is_not_said_to_be_the_user()
    {
        Admission.Accepted admitted = Admit("""{"user":"7","visitor":"none","group":"null"}""");

        admitted.Event.Link.ShouldBe(new LinkKey("web", "user", "7"));
        admitted.Event.SameAs.ShouldBeNull();
        admitted.Event.Account.ShouldBeNull();
        admitted.IdentifiersLeftOut.Blocked.ShouldBe(2);
    }

    [Fact]
    public void A_record_that_could_be_about_nobody_else_is_refused_and_no_value_is_repeated()
    {
        using JsonDocument record = JsonDocument.Parse("""{"user":"admin"}""");

        var refused = (Admission.Refused)Visits.Admit(record.RootElement, Some.Noon);

        refused.Code.ShouldBe(ReasonCodes.IdentifierBlocked);
        refused.Pointer.ShouldBe("/user");
        refused.Message.ShouldNotContain("admin");
    }

    [Fact]
    public void Without_guards_everything_names_somebody()
    {
        using JsonDocument record = JsonDocument.Parse("""{"user":"null"}""");

        var admitted = (Admission.Accepted)
            Under("description: no guards").Admit(record.RootElement, Some.Noon);

        admitted.Event.Link.Id.ShouldBe("null");
        admitted.Event.Identifiers.ShouldHaveSingleItem().Value.ShouldBe("null");
    }

    [Theory]
    [InlineData("contactId", "null")]
    [InlineData("userId", "undefined")]
    [InlineData("userId", "Anonymous")]
    [InlineData("anonymousId", "00000000-0000-0000-0000-000000000000")]
    [InlineData("memberNo", "000000")]
    [InlineData("memberNo", "N/A")]
    [InlineData("email", "null@example.com")]
    [InlineData("email", "test@test.com")]
    [InlineData("phone", "+10000000000")]
    [InlineData("phone", "+15555555555")]
    [InlineData("phone", "+491111111")]
    public void The_shipped_rulesets_block_what_is_known_to_name_nobody(string type, string value)
    {
        foreach (string text in ShippedRulesets.All.Values)
        {
            Ruleset.Compile("shipped", text).Ruleset!.Guards.Blocks(type, value).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("contactId", "0035e00000AbCdE")]
    [InlineData("userId", "1")]
    [InlineData("userId", "noneman")]
    [InlineData("anonymousId", "3f2504e0-4f89-11d3-9a0c-0305e82c3301")]
    [InlineData("email", "tester@example.org")]
    [InlineData("email", "ada.nulla@example.com")]
    [InlineData("phone", "+16502530000")]
    [InlineData("phone", "+4930123456")]
    [InlineData("email", "日本@例え.jp")]
    public void The_shipped_rulesets_let_people_through(string type, string value)
    {
        foreach (string text in ShippedRulesets.All.Values)
        {
            Ruleset.Compile("shipped", text).Ruleset!.Guards.Blocks(type, value).ShouldBeFalse();
        }
    }

    private static Admission.Accepted Admit(string json)
    {
        using JsonDocument record = JsonDocument.Parse(json);
        Admission admission = Visits.Admit(record.RootElement, Some.Noon);
        return admission.ShouldBeOfType<Admission.Accepted>(admission.ToString());
    }

    private static DataStream Under(string ruleset)
    {
        (Ruleset? guarding, ImmutableArray<DefinitionError> errors) = Ruleset.Compile("r", ruleset);
        errors.ShouldBeEmpty();
        return DataStream.Compile("visits", Visit).Stream!.Under(guarding);
    }
}
