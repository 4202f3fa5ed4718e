using System.Globalization;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Rulesets as definitions: what is wrong is said with its place, limits hold, drafts come back as they were.</summary>
public sealed class RulesetTests
{
    private const string Small = """
        fuzzy:
          fields:
            email: { type: email, from: email }

        """;

    private const string Mail = "fields: { x: { type: email, from: x } } }";

    /// <summary>A text, where it is wrong, and what is said of it.</summary>
    public static TheoryData<string, string, string> Wrong { get; } =
        new()
        {
            {
                "fuzzy: { fields: { x: { type: emial, from: x } } }",
                "fuzzy.fields.x.type",
                "Did you mean `email`?"
            },
            {
                "fuzzy: { fields: { x: { from: x } } }",
                "fuzzy.fields.x.type",
                "`type` is required"
            },
            {
                "fuzzy: { fields: { x: { type: email } } }",
                "fuzzy.fields.x.from",
                "`from` is required"
            },
            { "fuzzy: {}", "fuzzy.fields", "`fields` is required" },
            { "fuzzy: { fields: {} }", "fuzzy.fields", "Between 1 and 16 fields" },
            {
                "fuzzy: { fields: { 1x: { type: email, from: x } } }",
                "fuzzy.fields.1x",
                "A field's name"
            },
            {
                "fuzzy: { matchRate: 0, " + Mail,
                "fuzzy.matchRate",
                "Expected a number from 1E-15 to 0.5."
            },
            { "fuzzy: { limits: { bucket: 0 }, " + Mail, "fuzzy.limits.bucket", "from 1 to 1000" },
            {
                "fuzzy: { limits: { bucket: 1001 }, " + Mail,
                "fuzzy.limits.bucket",
                "from 1 to 1000"
            },
            {
                "fuzzy: { thresholds: { link: 1, soft: 2 }, " + Mail,
                "fuzzy.thresholds.soft",
                "at most `link`"
            },
            {
                "fuzzy: { fields: { x: { type: email, from: x, m: [1] } } }",
                "fuzzy.fields.x.m",
                "Expected 5 shares"
            },
            {
                "fuzzy: { fields: { x: { type: category, from: x, u: [0.5, 0.6] } } }",
                "fuzzy.fields.x.u",
                "add up to 1"
            },
            {
                "fuzzy: { fields: { x: { type: email, from: x, region: US } } }",
                "fuzzy.fields.x.region",
                "has no `region`"
            },
            {
                "fuzzy: { fields: { x: { type: phone, from: x, region: XX } } }",
                "fuzzy.fields.x.region",
                "is no region"
            },
            {
                "fuzzy: { fields: { x: { type: email, from: x, folding: { gmail: dot } } } }",
                "fuzzy.fields.x.folding.gmail",
                "Did you mean `dots`?"
            },
            {
                "fuzzy: { fields: { x: { type: email, from: x, frequencies: { others: 2 } } } }",
                "fuzzy.fields.x.frequencies",
                "`entities` is required"
            },
            { "findableBy: Sales", "findableBy", "is no name of a ruleset" },
            {
                "guards: { individualsPerIdentifierMax: 0 }",
                "guards.individualsPerIdentifierMax",
                "from 1 to 1000"
            },
            {
                "guards: { blocked: { email: '/(a/' } }",
                "guards.blocked.email",
                "Not a regular expression"
            },
            {
                "guards: { blocked: { email: '/(a)\\1/' } }",
                "guards.blocked.email",
                "Not a regular expression"
            },
            {
                "guards: { blocked: { any: '*' } }",
                "guards.blocked.any",
                "`*` would block everything"
            },
            {
                "guards: { blocked: { email: ['a@*', '**'] } }",
                "guards.blocked.email",
                "`**` would block everything"
            },
            { "gaurds: {}", "gaurds", "Did you mean `guards`?" },
            { "- a", "", "Expected a map" },
        };

    [Fact]
    public void The_shipped_ones_compile_and_sales_has_no_fuzzy_part()
    {
        foreach ((string name, string text) in ShippedRulesets.All)
        {
            (Ruleset? ruleset, var errors) = Ruleset.Compile(name, text);
            errors.ShouldBeEmpty(name);
            (ruleset!.Fuzzy is null).ShouldBe(name == ShippedRulesets.Default);
        }

        ShippedRulesets.All.Keys.Order().ShouldBe(["sales", "service"]);
        Compiled(ShippedRulesets.All["sales"]).FindableBy.ShouldBe(["service"]);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_said_with_its_place(string text, string path, string message)
    {
        (Ruleset? ruleset, var errors) = Ruleset.Compile("mine", text);
        ruleset.ShouldBeNull();
        DefinitionError error = errors.First(e => e.Path == path);
        error.Message.ShouldContain(message);
        error.Line.ShouldBe(1);
        error.Column.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("Mine")]
    [InlineData("")]
    [InlineData("a/b")]
    public void A_name_is_small_letters_digits_and_dashes(string name) =>
        Ruleset.Compile(name, Small).Errors.Length.ShouldBe(1);

    [Fact]
    public void Sixteen_fields_are_a_space_and_seventeen_are_refused()
    {
        Ruleset.Compile("mine", Fields(FuzzyRules.FieldsMax)).Errors.ShouldBeEmpty();
        Ruleset.Compile("mine", Fields(FuzzyRules.FieldsMax + 1)).Errors.Length.ShouldBe(1);

        static string Fields(int count) =>
            "fuzzy:\n  fields:\n"
            + string.Concat(
                Enumerable
                    .Range(1, count)
                    .Select(i => $"    f{i}: {{ type: email, from: email }}\n")
            );
    }

    [Theory]
    [InlineData("frequencies: { entities: 9, values: {*} }", "v#: 2", Frequencies.ListedMax)]
    [InlineData("guarded: [*]", "v#", FieldRulesCompiler.GuardedMax)]
    [InlineData("parts: [*]", "t#", FieldRulesCompiler.SourcesMax)]
    public void Lists_of_a_field_are_taken_at_their_limit_and_refused_one_past_it(
        string key,
        string item,
        int max
    )
    {
        Ruleset.Compile("mine", Text(max)).Errors.ShouldBeEmpty();
        Ruleset.Compile("mine", Text(max + 1)).Errors.Length.ShouldBe(1);

        string Text(int count)
        {
            IEnumerable<string> items = Enumerable
                .Range(0, count)
                .Select(i => item.Replace("#", i.ToString(CultureInfo.InvariantCulture)));
            string list = key.Replace("*", string.Join(", ", items));
            return $"fuzzy: {{ fields: {{ email: {{ type: email, from: email, {list} }} }} }}";
        }
    }

    [Theory]
    [InlineData(IdentifierGuards.BlockedMax, 0)]
    [InlineData(IdentifierGuards.BlockedMax + 1, 1)]
    public void Blocked_values_have_a_limit(int count, int errors)
    {
        string values = string.Join(", ", Enumerable.Range(0, count).Select(i => $"v{i}"));
        Ruleset
            .Compile("mine", $"guards: {{ blocked: {{ any: [{values}] }} }}")
            .Errors.Length.ShouldBe(errors);
    }

    [Theory]
    [InlineData(RulesetCompiler.FindableByMax, 0)]
    [InlineData(RulesetCompiler.FindableByMax + 1, 1)]
    public void Spaces_that_find_its_records_have_a_limit(int count, int errors)
    {
        string names = string.Join(", ", Enumerable.Range(0, count).Select(i => $"r{i}"));
        Ruleset.Compile("mine", $"findableBy: [{names}]").Errors.Length.ShouldBe(errors);
    }

    [Theory]
    [InlineData(254, 0)]
    [InlineData(255, 1)]
    public void A_blocked_value_is_no_longer_than_an_identifier(int length, int errors) =>
        Ruleset
            .Compile("mine", $"guards: {{ blocked: {{ any: {new string('x', length)} }} }}")
            .Errors.Length.ShouldBe(errors);

    [Fact]
    public void An_email_field_may_fold_addresses_as_their_provider_does()
    {
        FuzzyRules folded = Compiled(
            "fuzzy: { fields: { x: { type: email, from: x, folding: { gmail: [dots, subaddress] } } } }"
        ).Fuzzy!;
        MatchValues plain = folded.Values(("x", "annlee@gmail.com"));
        folded.Values(("x", "Ann.Lee+shop@gmail.com")).ShouldBe(plain);
        folded
            .Values(("x", "ann.lee@mail.test"))
            .ShouldNotBe(folded.Values(("x", "annlee@mail.test")));
        Compiled(Small).Fuzzy!.Fields[0].Folding.ShouldBeEmpty();
        Compiled(Small.Replace("from: email", "from: email, folding: known"))
            .Fuzzy!.Fields[0]
            .Folding.ShouldNotBeEmpty();
    }

    [Fact]
    public void With_the_shipped_defaults_a_name_and_an_email_link_and_an_email_alone_may_be_a_household()
    {
        FuzzyRules service = Compiled(ShippedRulesets.All["service"]).Fuzzy!;
        MatchValues contact = service.Values(
            ("firstName", "Ann"),
            ("lastName", "Lee"),
            ("email", "ann.lee@mail.test"),
            ("phone", "+1 702 919 1300")
        );
        Score(("name", "Ann Lee"), ("email", "ann.lee@mail.test")).ShouldBeGreaterThan(3);
        Score(("name", "Anne Lee"), ("phone", "+1 702 919 1300")).ShouldBeGreaterThan(3);
        Score(("email", "ann.lee@mail.test")).ShouldBeInRange(-3, 3);
        Score(("phone", "+1 702 919 1300")).ShouldBeInRange(-3, 3);
        Score(("name", "Walter Lee"), ("email", "ann.lee@mail.test")).ShouldBeLessThan(-3);
        Score(("name", "Ann Lee")).ShouldBeLessThan(-3);

        double Score(params (string, string)[] traits) =>
            service.Score(contact, service.Values(traits)).Score;
    }

    [Fact]
    public void A_draft_comes_back_as_it_was_with_everything_in_it()
    {
        Ruleset ruleset = Compiled(
            """
            description: "Ours: \"all\" # of them"
            findableBy: [service]
            guards:
              blocked: { any: [none], email: ["null@*", "/^a+@/"] }
              identifiersMax: { email: 3, phone: 2 }
              individualsPerIdentifierMax: 7
            fuzzy:
              thresholds: { link: 4, mean: 1.5, soft: -2 }
              limits: { candidates: 40, bucket: 30, edges: 20, component: 100 }
              fields:
                first: { type: givenName, from: [first, record.first], fullName: name }
                born: { type: date, class: shared, from: born, dayFirst: true }
                phone: { type: phone, from: identifier.phone, region: US, guardedAbove: 3 }
                mail: { type: email, from: mail, guardedAbove: never, folding: { gmail: dots } }
                home: { type: address, parts: [no, street] }
            """
        );
        MatchValues[] records =
        [
            .. Enumerable
                .Range(0, 40)
                .Select(i =>
                    ruleset.Fuzzy!.Values(
                        ("first", "no"), // a name that YAML might take for something else
                        ("born", $"0{(i % 9) + 1}.03.197{i % 10}"),
                        ("street", $"Oxford Street {i % 3}"),
                        ("mail", $"box{i % 5}@mail.test")
                    )
                ),
        ];
        TrainedRules trained = MatchTrainer.Train(records, ruleset.Fuzzy!, seed: 7);
        string draft = RulesetWriter.Draft(ruleset, trained);
        Ruleset read = Compiled(draft);
        RulesetWriter.Draft(read, trained with { Rules = read.Fuzzy! }).ShouldBe(draft);
        read.Description.ShouldBe(ruleset.Description);
        read.Guards.Blocks("email", "aaa@mail.test").ShouldBeTrue();
        read.Guards.IdentifiersMax.ShouldBe(ruleset.Guards.IdentifiersMax);
        read.Guards.IndividualsPerIdentifierMax.ShouldBe(7);
        read.Fuzzy!.Limits.ShouldBe(ruleset.Fuzzy!.Limits);
        read.Fuzzy.Fields.Select(field => (field.Shared, field.DayFirst, field.Region))
            .ShouldBe(ruleset.Fuzzy.Fields.Select(f => (f.Shared, f.DayFirst, f.Region)));
        PairScore before = trained.Rules.Score(records[0], records[10]);
        read.Fuzzy.Score(records[0], records[10]).Score.ShouldBe(before.Score, 0.001);
    }

    [Fact]
    public void A_draft_that_would_be_too_long_leaves_out_what_is_rare()
    {
        KeyValuePair<string, int>[] listed =
        [
            .. Enumerable
                .Range(0, Frequencies.ListedMax)
                .Select(i => KeyValuePair.Create($"{new string('x', 40)}{i}", 3_000 - i)),
        ];
        FuzzyRules long16 = Spaces.Rules([
            .. Enumerable
                .Range(0, FuzzyRules.FieldsMax)
                .Select(i =>
                    Spaces.Field($"f{i}", MatchType.City) with
                    {
                        Frequencies = new Frequencies(9_000, 1, [.. listed]),
                    }
                ),
        ]);
        TrainedRules trained = MatchTrainer.Train(
            [MatchValues.Empty, MatchValues.Empty],
            Spaces.People,
            1
        );
        string draft = RulesetWriter.Draft(Compiled(Small), trained with { Rules = long16 });
        draft.Length.ShouldBeInRange(Limits.DefinitionMax / 3, Limits.DefinitionMax);
        Frequencies table = Compiled(draft).Fuzzy!.Fields[0].Frequencies!;
        table.CountOf(MatchField.HashOf(listed[0].Key)).ShouldBe(3_000);
        table.CountOf(MatchField.HashOf(listed[^1].Key)).ShouldBeInRange(1_001, 3_000);
    }

    private static Ruleset Compiled(string text)
    {
        (Ruleset? ruleset, var errors) = Ruleset.Compile("mine", text);
        errors.ShouldBeEmpty(text);
        return ruleset!;
    }
}
