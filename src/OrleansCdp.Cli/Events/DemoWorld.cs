using System.Globalization;
using Bogus;

namespace OrleansCdp.Events;

/// <summary>Who is in the demo: the same people for the same number of them.</summary>
internal sealed class DemoWorld
{
    /// <summary>Most people a demo may have.</summary>
    public const int PeopleMax = 20_000;

    /// <summary>Fewest people a demo may have.</summary>
    public const int PeopleMin = 20;

    private const int Seed = 20_260_101;
    private const int PeoplePerAccount = 10;

    private static readonly DemoPlace[] Places =
    [
        new("Chicago", "Illinois", "United States", "USD"),
        new("Denver", "Colorado", "United States", "USD"),
        new("Seattle", "Washington", "United States", "USD"),
        new("Austin", "Texas", "United States", "USD"),
        new("Boston", "Massachusetts", "United States", "USD"),
        new("Toronto", "Ontario", "Canada", "USD"),
        new("Berlin", "Berlin", "Germany", "EUR"),
        new("Lyon", "Auvergne-Rhône-Alpes", "France", "EUR"),
        new("Utrecht", "Utrecht", "Netherlands", "EUR"),
    ];

    private static readonly string[] Industries =
    [
        "Agriculture",
        "Biotechnology",
        "Construction",
        "Education",
        "Energy",
        "Food & Beverage",
        "Healthcare",
        "Manufacturing",
        "Transportation",
    ];

    private static readonly string[] Titles =
    [
        "Facility Manager",
        "Head of Operations",
        "Laboratory Manager",
        "Maintenance Engineer",
        "Plant Manager",
        "Purchasing Manager",
        "Quality Engineer",
        "Technical Director",
    ];

    // Exchanges 555-0100 to 555-0199 of every area code are kept for fiction.
    private static readonly int[] AreaCodes =
    [
        .. Enumerable.Range(201, 789).Where(code => code % 100 != 11),
    ];

    private readonly Faker faker = new("en") { Random = new Randomizer(Seed) };
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    private DemoWorld(int people)
    {
        Accounts = [.. Enumerable.Range(1, people / PeoplePerAccount).Select(NextAccount)];
        int visitors = people / 10;
        int customers = people * 15 / 100;
        int contacts = people - customers - visitors;
        People =
        [
            .. Enumerable.Range(1, contacts).Select(NextContact),
            .. Enumerable.Range(contacts + 1, customers).Select(NextCustomer),
            .. Enumerable.Range(contacts + customers + 1, visitors).Select(NextVisitor),
        ];
    }

    /// <summary>The companies: one for ten people.</summary>
    public IReadOnlyList<DemoAccount> Accounts { get; }

    /// <summary>
    /// The people: three quarters are contacts in the CRM, some known to the shop alone, a tenth visitors nobody knows.
    /// </summary>
    public IReadOnlyList<DemoPerson> People { get; }

    /// <summary>Makes it.</summary>
    /// <param name="people">From <see cref="PeopleMin"/> to <see cref="PeopleMax"/>.</param>
    public static DemoWorld Of(int people)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(people, PeopleMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(people, PeopleMax);
        return new DemoWorld(people);
    }

    /// <summary>Chance of its own for one part of the demo, so that a change to one part leaves the others alone.</summary>
    /// <param name="part">Which part.</param>
    public static Randomizer ChanceOf(int part) => new(Seed + part);

    private DemoAccount NextAccount(int number)
    {
        string name = faker.Company.CompanyName();
        return new DemoAccount(
            number,
            name,
            Unused(Letters(name), ".example"),
            faker.PickRandom(Industries),
            faker.PickRandom(Places)
        );
    }

    private DemoPerson NextContact(int number)
    {
        DemoAccount account =
            number <= Accounts.Count ? Accounts[number - 1] : faker.PickRandom(Accounts.ToArray());
        DemoPerson person = Named(number, account.Domain, account.Place);
        person = person.IsShown ? AsInReadme(person) : person;
        bool signsIn = person.IsShown || faker.Random.Bool();
        bool buys = person.IsShown || faker.Random.Bool();
        return person with
        {
            Title = faker.PickRandom(Titles),
            Account = account,
            ContactId = $"003Cdp{number:D9}",
            CustomerId = buys ? CustomerOf(number) : null,
            UserId = signsIn ? UserOf(number) : null,
            AnonymousId = signsIn ? Browser() : null,
        };
    }

    /// <summary>The name and address of whom README.md asks about, so that what stands there can be asked of the demo.</summary>
    private static DemoPerson AsInReadme(DemoPerson person) =>
        person with
        {
            FirstName = "Mary",
            LastName = "Somerville",
            Email = "mary@example.com",
        };

    private DemoPerson NextCustomer(int number)
    {
        bool signsIn = faker.Random.Bool(0.4f);
        return Named(number, "mail.example", faker.PickRandom(Places)) with
        {
            CustomerId = CustomerOf(number),
            UserId = signsIn ? UserOf(number) : null,
            AnonymousId = signsIn ? Browser() : null,
        };
    }

    private DemoPerson NextVisitor(int number) =>
        new()
        {
            Number = number,
            Place = faker.PickRandom(Places),
            AnonymousId = Browser(),
        };

    private DemoPerson Named(int number, string domain, DemoPlace place)
    {
        string first = faker.Name.FirstName();
        string last = faker.Name.LastName();
        int area = AreaCodes[number / 100 % AreaCodes.Length];
        return new DemoPerson
        {
            Number = number,
            FirstName = first,
            LastName = last,
            Email = Unused($"{Letters(first)}.{Letters(last)}", "@" + domain),
            Phone = $"+1{area}55501{number % 100:D2}",
            Place = place,
        };
    }

    private string Browser() => faker.Random.Guid().ToString("D", CultureInfo.InvariantCulture);

    private static string CustomerOf(int number) => $"C-{10_000 + number}";

    private static string UserOf(int number) => $"user-{number}";

    private static string Letters(string name) =>
        string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    private string Unused(string start, string end)
    {
        string wanted = start + end;
        for (int i = 2; !taken.Add(wanted); i++)
        {
            wanted = $"{start}{i}{end}";
        }

        return wanted;
    }
}
