using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// People to be matched, made up by seed. Names, streets and towns are as unevenly common as real ones (Zipf); three records
/// in ten are of somebody who has one already, with one or two errors.
/// </summary>
internal sealed class People(ulong seed, int count)
{
    private const string Onsets = "bcdfghjklmnprstvwz";
    private const string Vowels = "aeiou";
    private const double RepeatShare = 0.3;
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string[] given = Words(seed + 1, 2_000, 2);
    private readonly string[] family = Words(seed + 2, 40_000, 3);
    private readonly string[] streets = Words(seed + 3, 20_000, 3);
    private readonly string[] towns = Words(seed + 4, 3_000, 3);
    private readonly KeyChoice givenChoice = KeyChoice.Of("zipf", 2_000);
    private readonly KeyChoice familyChoice = KeyChoice.Of("zipf", 40_000);
    private readonly KeyChoice streetChoice = KeyChoice.Of("uniform", 20_000);
    private readonly KeyChoice townChoice = KeyChoice.Of("zipf", 3_000);

    /// <summary>A record, the same whenever it is asked for.</summary>
    /// <param name="number">From 0.</param>
    public LinkEvent Record(int number)
    {
        Chance chance = new(seed ^ ((ulong)number * 0x9E3779B97F4A7C15));
        bool isRepeat = chance.Fraction() < RepeatShare;
        int person = isRepeat ? chance.Below(Math.Max(1, Math.Min(number, count))) : number;
        string[] said = SaidOf(person);
        for (int errors = isRepeat ? 1 + chance.Below(2) : 0; errors > 0; errors--)
        {
            int at = chance.Below(said.Length);
            said[at] =
                said[at].Length == 0 || chance.Below(2) == 0 ? "" : Misspelt(said[at], chance);
        }

        string[] names =
        [
            "firstName",
            "lastName",
            "birthday",
            "email",
            "phone",
            "street",
            "postalCode",
            "city",
        ];
        return new LinkEvent
        {
            Link = new LinkKey("bench", "Case", number.ToString(CultureInfo.InvariantCulture)),
            Stream = "bench",
            EventId = number.ToString(CultureInfo.InvariantCulture),
            OccurredAt = At,
            ReceivedAt = At,
            Kind = EventKind.Created,
            Object = "Individual",
            Ruleset = "service",
            Traits =
            [
                .. names
                    .Zip(said)
                    .Where(trait => trait.Second.Length > 0)
                    .Select(trait => new Field(trait.First, FieldValue.Of(trait.Second))),
            ],
        };
    }

    private string[] SaidOf(int person)
    {
        Chance chance = new((seed * 31) + (ulong)person);
        string first = given[givenChoice.Next(chance)];
        string last = family[familyChoice.Next(chance)];
        int town = townChoice.Next(chance);
        string birthday = new DateTime(1940, 1, 1)
            .AddDays(chance.Below(25_000))
            .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return
        [
            first,
            last,
            birthday,
            $"{first}.{last}{chance.Below(1_000)}@{towns[chance.Below(300)]}.example",
            $"+1650{chance.Below(10_000_000):D7}",
            $"{1 + chance.Below(200)} {streets[streetChoice.Next(chance)]} street",
            $"{10_000 + (town * 20) + chance.Below(20)}",
            towns[town],
        ];
    }

    private static string Misspelt(string text, Chance chance)
    {
        int at = chance.Below(text.Length);
        return chance.Below(2) == 0
            ? text.Remove(at, 1)
            : text.Insert(at, Vowels[chance.Below(Vowels.Length)].ToString());
    }

    private static string[] Words(ulong seed, int count, int syllables)
    {
        Chance chance = new(seed);
        HashSet<string> words = [];
        while (words.Count < count)
        {
            words.Add(
                string.Concat(
                    Enumerable.Range(0, syllables).Select(_ => $"{Any(Onsets)}{Any(Vowels)}")
                ) + Any(Onsets)
            );
        }

        return [.. words];

        char Any(string letters) => letters[chance.Below(letters.Length)];
    }
}
