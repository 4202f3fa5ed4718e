namespace OrleansCdp.Identity;

/// <summary>Values of any spelling and script become what is compared, or nothing.</summary>
public sealed class MatchTextTests
{
    [Theory]
    [InlineData(MatchType.GivenName, "  Dr.  JOSÉ-María ", "jose maria")]
    [InlineData(MatchType.FamilyName, "Müller", "muller")]
    [InlineData(MatchType.FamilyName, "Mu\u0308ller", "muller")] // marks of their own
    [InlineData(MatchType.FamilyName, "Straße", "strasse")]
    [InlineData(MatchType.FamilyName, "Łódź Ærø", "lodz aero")]
    [InlineData(MatchType.FamilyName, "Ёлкин", "елкин")]
    [InlineData(MatchType.FamilyName, "王", "王")]
    [InlineData(MatchType.FamilyName, "ﾔﾏﾀﾞ", "ヤマタ")] // half width
    [InlineData(MatchType.FamilyName, "محمد", "محمد")]
    [InlineData(MatchType.FamilyName, "नेहा", "नेहा")] // vowel signs are kept
    [InlineData(MatchType.GivenName, "Anna 🙂", "anna")]
    [InlineData(MatchType.GivenName, "🙂🙂", null)]
    [InlineData(MatchType.GivenName, "12345", null)]
    [InlineData(MatchType.GivenName, " - ", null)]
    [InlineData(MatchType.Date, "19081328", "19081328")] // impossible, and still one edit from right
    [InlineData(MatchType.Date, "9/28/97", "19970928")]
    [InlineData(MatchType.Date, "9/28/30", "20300928")]
    [InlineData(MatchType.Date, "28/9/1997", "19970928")]
    [InlineData(MatchType.Date, "3/4/1997", "19970304")]
    [InlineData(MatchType.Date, "Mar 1 1970", "19700301")]
    [InlineData(MatchType.Date, "24-May-11", "20110524")]
    [InlineData(MatchType.Date, "1970-03-01T10:00:00Z", "19700301")]
    [InlineData(MatchType.Date, "1970", null)]
    [InlineData(MatchType.Date, "soon", null)]
    [InlineData(MatchType.Date, "0001-01-01", null)]
    [InlineData(MatchType.Email, "no at", null)]
    [InlineData(MatchType.Email, "\"Jay\" <jj@mail.test>", "jj@mail.test")]
    [InlineData(MatchType.Phone, "911", null)]
    [InlineData(MatchType.Phone, "1234567", "1234567")]
    [InlineData(MatchType.Phone, "1234567890123456", null)]
    [InlineData(MatchType.Phone, "+44 20 7946 0958", "442079460958")]
    [InlineData(MatchType.Document, "12", null)]
    [InlineData(MatchType.Document, "123", "123")]
    [InlineData(
        MatchType.Address,
        "Fieldstrasse 10, FL-2198 Triesen",
        "fieldstrasse 10 fl2198 triesen"
    )]
    [InlineData(MatchType.City, "?", null)]
    public void A_value_has_one_form(MatchType type, string value, string? expected) =>
        MatchText.Of(Spaces.Field("any", type), value).ShouldBe(expected);

    [Fact]
    public void A_region_makes_phone_numbers_international_and_day_first_is_said()
    {
        MatchText
            .Of(Spaces.Field("p", MatchType.Phone) with { Region = "US" }, "(702) 919-1300")
            .ShouldBe("17029191300");
        MatchText
            .Of(Spaces.Field("d", MatchType.Date) with { DayFirst = true }, "3/4/1997")
            .ShouldBe("19970403");
        MatchText
            .Of(Spaces.Field("d", MatchType.Date) with { DayFirst = true }, "3/14/1997")
            .ShouldBe("19970314");
    }

    [Theory]
    [InlineData(110, 120)]
    [InlineData(111, null)]
    public void An_email_that_is_too_long_once_it_is_folded_is_none(int letters, int? length)
    {
        MatchField field = Spaces.Field("e", MatchType.Email) with
        {
            Folding = System.Collections.Immutable.ImmutableSortedDictionary<
                string,
                MailboxFolding
            >.Empty.Add(MailProvider.Yandex.Name, MailProvider.Yandex.Known),
        };

        string? email = MatchText.Of(field, $"{new string('a', letters)}@ya.ru");

        (email?.Length).ShouldBe(length);
    }

    [Fact]
    public void No_value_of_500_characters_in_any_script_breaks_anything()
    {
        string[] letters =
        [
            "a",
            "é",
            "я",
            "王",
            "ع",
            "e\u0301",
            "🙂",
            "\ud800",
            "9",
            " ",
            "@",
            "\0",
        ];
        foreach (string letter in letters)
        {
            string value = string.Concat(Enumerable.Repeat(letter, 500));
            foreach (MatchType type in Enum.GetValues<MatchType>())
            {
                string? text = MatchText.Of(Spaces.Field("any", type), value);
                if (text is not null)
                {
                    text.Length.ShouldBeLessThanOrEqualTo(MatchValues.TextMax);
                    ValueForm form = ValueForm.Of(type, text);
                    Agreement
                        .LevelOf(form, form, null)
                        .ShouldBe(MatchField.LevelsOf(type) - 1, $"{type} of {letter}");
                }
            }

            MatchText.FullName(value);
        }
    }

    [Fact]
    public void Records_of_such_values_have_keys_within_the_limit_and_finite_scores()
    {
        string[] letters = ["a", "é", "я", "王", "ع", "🙂", "\ud800", "9", "a 9,", "@.", ""];
        MatchValues[] records =
        [
            .. letters.Select(letter =>
                Spaces.People.Values([
                    .. Spaces.People.Fields.Select(field =>
                        (field.Name, string.Concat(Enumerable.Repeat(letter, 500)))
                    ),
                ])
            ),
        ];
        foreach (MatchValues one in records)
        {
            MatchValues.Decode(one.Encode()).ShouldBe(one);
            Spaces.People.KeysOf(one).Length.ShouldBeLessThanOrEqualTo(BlockingKeys.KeysMax);
            foreach (MatchValues other in records)
            {
                double.IsFinite(Spaces.People.Score(one, other).Score).ShouldBeTrue();
            }
        }
    }

    [Theory]
    [InlineData("Ann Lee", "ann", "lee")]
    [InlineData("Dr Ann B. Lee", "ann", "lee")]
    [InlineData("Lee, Ann", "ann", "lee")]
    [InlineData("Smith, Bob J", "bob", "smith")]
    [InlineData("John Smith Jr", "john", "smith jr")]
    [InlineData("John Smith, Jr.", "john", "smith jr")]
    [InlineData("Lee", null, "lee")]
    [InlineData("王伟", "伟", "王")]
    [InlineData("김민준", "민준", "김")]
    [InlineData("", null, null)]
    [InlineData(",", null, null)]
    public void A_whole_name_is_taken_apart(string name, string? given, string? family) =>
        MatchText.FullName(name).ShouldBe((given, family));

    [Theory]
    [InlineData("robert", "r163")]
    [InlineData("rupert", "r163")]
    [InlineData("ashcraft", "a261")] // h does not part two that sound alike
    [InlineData("tymczak", "t522")]
    [InlineData("lee", "l000")]
    [InlineData("王伟", "王伟")]
    [InlineData("", "")]
    public void Sounds_are_the_census_code(string name, string code) =>
        Soundex.Of(name).ShouldBe(code);
}
