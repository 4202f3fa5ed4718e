namespace OrleansCdp.Identity;

/// <summary>Who may be one is found by some key, whatever is wrong with the others.</summary>
public sealed class BlockingKeysTests
{
    private static readonly MatchValues Ann = Spaces.People.Values(
        ("first", "Ann"),
        ("last", "Griffiths"),
        ("born", "1971-06-24"),
        ("email", "ann.g@mail.test"),
        ("phone", "702-919-1300"),
        ("address", "12 Oxford Street"),
        ("city", "London")
    );

    [Theory]
    [InlineData("email", "ann.g@mail.test")]
    [InlineData("email", "ann.g@other.test")]
    [InlineData("phone", "+1 702 919 1300")]
    [InlineData("first", "Ann", "last", "Griffihs")]
    [InlineData("first", "Griffiths", "last", "Ann")]
    [InlineData("born", "1971-06-24", "first", "Anne")]
    [InlineData("born", "1971-06-24", "last", "Gryffits")]
    [InlineData("born", "1971-06-24", "city", "Lomdon")]
    [InlineData("last", "Griffiths", "born", "1971-11-01")]
    [InlineData("first", "Ann", "born", "1971-11-01")]
    [InlineData("last", "Griffiths", "born", "1980-06-24")]
    [InlineData("address", "12 Oxford Str. Camden")]
    public void Two_records_meet_under_a_key(params string[] traits) =>
        Common(Ann, ValuesOf(traits)).ShouldBeGreaterThan(0);

    [Theory]
    [InlineData("first", "Ann")]
    [InlineData("last", "Griffiths")]
    [InlineData("born", "1971-06-24")]
    [InlineData("city", "London")]
    [InlineData("address", "12 Rue Lepic")]
    [InlineData("email", "bob@mail.test")]
    public void A_name_a_day_or_a_town_alone_finds_nobody(params string[] traits) =>
        Common(Ann, ValuesOf(traits)).ShouldBe(0);

    [Fact]
    public void A_person_has_a_dozen_keys_and_no_record_more_than_the_limit()
    {
        Spaces.People.KeysOf(Ann).Length.ShouldBeInRange(8, 16);
        MatchValues many = Enumerable
            .Range(0, MatchValues.ValuesMax)
            .Select(i =>
                Spaces.People.Values(
                    ("first", $"Ann{(char)('a' + i)}"),
                    ("last", $"{(char)('a' + i)}griffiths"),
                    ("born", $"197{i}-06-24"),
                    ("email", $"ann{i}@mail{i}.test"),
                    ("phone", $"702-919-130{i}"),
                    ("address", $"1{i} Oxford Street Camden London {i}1234"),
                    ("city", $"{(char)('a' + i)}ondon"),
                    ("company", $"Acme{i} Steel{i} Works{i} Group{i}")
                )
            )
            .Aggregate((one, other) => one.Join(other));
        Spaces.People.KeysOf(many).Length.ShouldBe(BlockingKeys.KeysMax);
        Spaces.People.KeysOf(many).ShouldBe(Spaces.People.KeysOf(many).Distinct().Order());
    }

    [Fact]
    public void A_record_without_values_has_no_keys() =>
        Spaces.People.KeysOf(MatchValues.Empty).ShouldBeEmpty();

    [Fact]
    public void Companies_meet_under_two_rare_words_or_one_of_three()
    {
        MatchValues one = Spaces.People.Values(("company", "Universal Exports Trading Inc"));
        MatchValues other = Spaces.People.Values(("company", "Universl Exports Trading Company"));
        MatchValues generic = Spaces.People.Values(("company", "The Inc Company"));
        Common(one, other).ShouldBeGreaterThan(0);
        Common(one, generic).ShouldBe(0);
    }

    [Fact]
    public void A_guarded_value_finds_nobody()
    {
        FuzzyRules guarded = Spaces.People.With(
            "email",
            field => field with { Guarded = Spaces.Hashes("info@mail.test") }
        );
        MatchValues shared = Spaces.People.Values(("email", "info@mail.test"));
        Spaces.People.KeysOf(shared).ShouldNotBeEmpty();
        guarded.KeysOf(shared).ShouldBeEmpty();
    }

    [Fact]
    public void Keys_are_stored_and_never_change() =>
        Spaces
            .People.KeysOf(Spaces.People.Values(("email", "ann@mail.test")))
            .Select(key => key.ToString("x16", null))
            .ShouldBe(["bbdbf34faeed6044", "ded9ffa744b10fd0"]);

    private static MatchValues ValuesOf(string[] traits) =>
        Spaces.People.Values([.. traits.Chunk(2).Select(pair => (pair[0], pair[1]))]);

    private static int Common(MatchValues left, MatchValues right) =>
        Spaces.People.KeysOf(left).Intersect(Spaces.People.KeysOf(right)).Count();
}
