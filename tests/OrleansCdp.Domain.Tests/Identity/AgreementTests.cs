namespace OrleansCdp.Identity;

/// <summary>How well two values agree: every level of every type, on both sides of its border.</summary>
public sealed class AgreementTests
{
    [Theory]
    [InlineData("Anna", "ANNA", 4)]
    [InlineData("José", "Jose", 4)]
    [InlineData("O'Brien", "OBrien", 4)]
    [InlineData("Mary Ann", "Maryann", 3)]
    [InlineData("sondergeld", "sondergelt", 3)] // one edit
    [InlineData("ann", "anm", 3)]
    [InlineData("an", "am", 0)] // too short to be a slip
    [InlineData("thomsaon", "thomsoan", 3)] // two edits, nearly equal
    [InlineData("robert", "bob", 3)]
    [InlineData("mary", "mary louise", 3)]
    [InlineData("harrison", "hairisen", 2)]
    [InlineData("martin", "mcrtyn", 0)]
    [InlineData("darla", "darletta", 0)] // similar, and somebody else
    [InlineData("anna", "annabelle", 0)]
    [InlineData("robert", "r", 1)]
    [InlineData("robert", "b", 0)]
    [InlineData("robert", "walter", 0)]
    [InlineData("王伟", "王伟", 4)]
    [InlineData("Александр", "александр", 4)]
    [InlineData("فيصل", "فَيصل", 4)]
    public void Names_agree_by_what_is_likely_one_name(string left, string right, int level)
    {
        LevelOf(MatchType.GivenName, left, right).ShouldBe(level);
        LevelOf(MatchType.FamilyName, left, right).ShouldBe(level);
    }

    [Theory]
    [InlineData("1971-06-24", "24.06.1971", 4)]
    [InlineData("1971-06-24", "1971-06-25", 3)]
    [InlineData("1978-12-11", "1978-11-12", 3)] // day and month exchanged
    [InlineData("1971-06-24", "1971-12-24", 2)] // two of three
    [InlineData("1971-06-24", "1981-06-23", 2)] // two edits
    [InlineData("1971-06-24", "1971-11-15", 1)]
    [InlineData("1971-06-24", "1988-11-15", 0)]
    public void Dates_agree_by_their_parts(string left, string right, int level) =>
        LevelOf(MatchType.Date, left, right).ShouldBe(level);

    [Theory]
    [InlineData("Ann@Example.com", "ann@example.com", 4)]
    [InlineData("Ann Lee <ann@example.com>", "ann@example.com", 4)]
    [InlineData("ann.lee@example.com", "ann.lee@mail.test", 3)]
    [InlineData("ann.lee@example.com", "an.lee@exmple.com", 3)]
    [InlineData("ann.lee42@example.com", "ann.lee77@mail.test", 2)]
    [InlineData("ann@example.com", "bob.jones@example.com", 1)]
    [InlineData("ann@example.com", "bob.jones@mail.test", 0)]
    public void Emails_agree_by_what_stands_before_the_at(string left, string right, int level) =>
        LevelOf(MatchType.Email, left, right).ShouldBe(level);

    [Theory]
    [InlineData("(702) 919-1300", "702.919.1300", 3)]
    [InlineData("+1 702 919 1300", "702-919-1300", 2)]
    [InlineData("702-919-1300", "702-919-1301", 1)]
    [InlineData("702-919-1300", "702-919-1322", 0)]
    [InlineData("702-919-1300 x12", "702-919-1300", 3)]
    public void Phones_agree_by_their_last_seven_digits(string left, string right, int level) =>
        LevelOf(MatchType.Phone, left, right).ShouldBe(level);

    [Theory]
    [InlineData("435 S. La Cienega Blvd.", "435 south la cienega boulevard", 4)]
    [InlineData("854 7th Ave. between 54th and 55th Sts.", "854 Seventh Avenue", 3)]
    [InlineData("123 Main Street, Las Vegas NV 89132", "123 Main St", 3)]
    [InlineData("804 Northpoint", "804 Northpoint Sausalito Harbour", 3)]
    [InlineData("12 High Street Kensington", "12 High Street Fulham Palace", 2)]
    [InlineData("Oxford Street", "12 Oxford Street", 2)]
    [InlineData("3200 Las Vegas Blvd.", "3300 Las Vegas Blvd.", 1)]
    [InlineData("12 Oxford Street", "12 Rue Lepic", 1)]
    [InlineData("12 Oxford Street", "14 Rue Lepic", 0)]
    public void Addresses_agree_by_their_number_first(string left, string right, int level) =>
        LevelOf(MatchType.Address, left, right).ShouldBe(level);

    [Theory]
    [InlineData("Universal Exports Inc.", "universal exports incorporated", 4)]
    [InlineData("Universal Exports", "Universal Exporta", 3)]
    [InlineData("Universal Exports Trading House", "Universal Exports", 2)] // contained
    [InlineData("Universal Exports", "Universal Imports", 1)]
    [InlineData("Universal Exports", "Acme Steel", 0)]
    public void Company_names_agree_by_words_in_common(string left, string right, int level) =>
        LevelOf(MatchType.Organisation, left, right).ShouldBe(level);

    [Theory]
    [InlineData(MatchType.Code, "SW1A 1AA", "sw1a1aa", 2)]
    [InlineData(MatchType.Code, "89132", "89133", 1)]
    [InlineData(MatchType.Code, "89132", "89144", 0)]
    [InlineData(MatchType.Document, "294-66-9999", "294669999", 2)]
    [InlineData(MatchType.Document, "294-66-9999", "294-66-9990", 1)]
    [InlineData(MatchType.Document, "294-66-9999", "294-66-1111", 0)]
    [InlineData(MatchType.Category, "Male", "m", 1)]
    [InlineData(MatchType.Category, "male", "female", 0)]
    [InlineData(MatchType.City, "Zürich", "zurich", 3)]
    [InlineData(MatchType.City, "Southampton", "Southamton", 2)]
    [InlineData(MatchType.City, "Birmingham", "Brimingen", 1)]
    [InlineData(MatchType.City, "London", "Paris", 0)]
    public void Codes_categories_and_towns_agree(
        MatchType type,
        string left,
        string right,
        int level
    ) => LevelOf(type, left, right).ShouldBe(level);

    [Fact]
    public void Every_type_has_words_for_each_of_its_levels()
    {
        foreach (MatchType type in Enum.GetValues<MatchType>())
        {
            Agreement.LevelsOf(type).Length.ShouldBe(MatchField.LevelsOf(type));
            MatchDefaults.Of(type).Randoms.Length.ShouldBe(MatchField.LevelsOf(type));
            MatchDefaults.Of(type).Matches.Sum().ShouldBe(1, 1e-9);
            MatchDefaults.Of(type).Randoms.Sum().ShouldBe(1, 1e-9);
        }
    }

    private static int LevelOf(MatchType type, string left, string right)
    {
        ValueForm one = FormOf(type, left);
        ValueForm other = FormOf(type, right);
        int level = Agreement.LevelOf(one, other, null);
        Agreement.LevelOf(other, one, null).ShouldBe(level, "the other way round");
        return level;
    }

    private static ValueForm FormOf(MatchType type, string value) =>
        ValueForm.Of(type, MatchText.Of(Spaces.Field("any", type), value)!);
}
