using OrleansCdp.Governance;
using PhoneNumbers;

namespace OrleansCdp.Identity;

/// <summary>Telephone numbers become E.164 and are told apart as libphonenumber's own vectors have it.</summary>
public sealed class PhoneVectorTests
{
    [SkippableFact]
    public void Numbers_of_every_country_and_kind_and_style_become_E164()
    {
        List<string> wrong = [];
        int rows = 0;
        foreach (var row in DataSets.Rows(DataSets.Find("vectors/phone_example_numbers.csv")))
        {
            (string number, string region, string e164) = (
                row.Values[0],
                row.Values[1],
                row.Values[2]
            );
            rows++;
            if (Normalisation.Phone(number, region) is var read && read != e164)
            {
                wrong.Add($"{number} ({region}): {read ?? "none"} instead of {e164}");
            }
        }

        wrong.ShouldBeEmpty();
        rows.ShouldBe(2_830);
    }

    [SkippableFact]
    public void Odd_writings_become_E164_unless_nobody_could_be_called()
    {
        int rows = 0;
        foreach (var row in DataSets.Rows(DataSets.Find("vectors/libphonenumber_parse_tests.csv")))
        {
            (string number, string region, string e164) = (
                row.Values[0],
                row.Values[1],
                row.Values[2]
            );

            string? read = Normalisation.Phone(number, region == "ZZ" ? null : region);

            read.ShouldBe(IsNumberAlone(number) && CanBeCalled(e164) ? e164 : null, number);
            rows++;
        }

        rows.ShouldBe(63);
    }

    [Theory]
    [InlineData("+229 85751234", "+22985751234")] // of a length that Benin gave up
    [InlineData("+1 650 253 00", null)]
    [InlineData("+1 650 253 0000 1", "+165025300001")]
    [InlineData("+1 650 253 0000 00000", null)]
    [InlineData("+999 12345678901", null)]
    [InlineData("no number", null)]
    [InlineData("1800 SIX FLAGS", null)] // no region
    [InlineData("٠٦٥٠٢٥٣٠٠٠٠", null)]
    [InlineData("+١ ٦٥٠ ٢٥٣ ٠٠٠٠", "+16502530000")]
    public void A_number_of_another_length_is_one_only_if_it_is_long(string text, string? e164) =>
        Normalisation.Phone(text).ShouldBe(e164);

    [SkippableFact]
    public void Pairs_of_numbers_match_as_far_as_their_vectors_say()
    {
        int rows = 0;
        foreach (var row in DataSets.Rows(DataSets.Find("vectors/libphonenumber_match_tests.csv")))
        {
            var match = PhoneNumberUtil.GetInstance().IsNumberMatch(row.Values[0], row.Values[1]);

            $"{match}".ShouldBe(row.Values[3], $"{row.Values[0]} and {row.Values[1]}");
            rows++;
        }

        rows.ShouldBe(39);
    }

    /// <summary>
    /// The library reads numbers out of prose, too; that is no identifier. It refuses a context with a dash in it.
    /// </summary>
    private static bool IsNumberAlone(string text) =>
        !text.StartsWith("My number", StringComparison.Ordinal)
        && !text.EndsWith("phone-context=www.PHONE-numb3r.com", StringComparison.Ordinal);

    /// <summary>The library reads numbers that are too short for their country.</summary>
    private static bool CanBeCalled(string e164) =>
        e164.Length > 11
        || (
            PhoneNumberUtil.GetInstance() is var phones
            && phones.IsPossibleNumber(phones.Parse(e164, null))
        );
}
