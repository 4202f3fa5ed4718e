using System.Text.Json.Nodes;
using Bogus;

namespace OrleansCdp.Events;

/// <summary>
/// What happened in the two years before a day to the people of <see cref="DemoWorld"/>, who buy sensors and the
/// dashboards that go with them. The same number of people and the same day give the same bytes.
/// </summary>
/// <param name="world">The people.</param>
/// <param name="today">The day it is told on: everything happened before it began.</param>
internal sealed class DemoStory(DemoWorld world, DateOnly today)
{
    private const int ShownSinceDays = 600;
    private readonly DateTimeOffset end = new(today, TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>
    /// All batches, in the order they must be sent. The first holds the shown person, who tells the day of the demo;
    /// the last holds <see cref="Seal"/> alone, who tells that nothing is missing.
    /// </summary>
    public IEnumerable<DemoBatch> Batches() =>
        [
            .. Contacts().For("salesforce-contact"),
            .. Accounts().For("salesforce-account"),
            .. ContactChanges().For("salesforce-contact"),
            .. new DemoSales(world, end).Opportunities().For("salesforce-opportunity"),
            .. new DemoSales(world, end).Orders().For("commerce-order"),
            .. new DemoSupport(world, end).Cases().For("salesforce-case"),
            .. new DemoVisits(world, end).Messages().For("web"),
            .. new DemoUsage(world, end).Uses().For("product-usage"),
            .. new DemoUsage(world, end).Entitlements().For("entitlement"),
            .. new[] { ContactOf(Seal, SinceOf(Seal)) }.For("salesforce-contact"),
        ];

    /// <summary>The person to show: has orders, cases, visits, an account.</summary>
    public DemoPerson Shown => world.People[0];

    /// <summary>The contact that is sent last.</summary>
    public DemoPerson Seal => world.People.Last(person => person.ContactId is not null);

    /// <summary>The day a demo was told on.</summary>
    /// <param name="shownSince">When its shown person first appeared in the CRM.</param>
    public static DateOnly DayOf(DateTimeOffset shownSince) =>
        DateOnly.FromDateTime(shownSince.UtcDateTime).AddDays(ShownSinceDays);

    private IEnumerable<JsonObject> Accounts()
    {
        Randomizer chance = DemoWorld.ChanceOf(1);
        foreach (DemoAccount account in world.Accounts)
        {
            int employees = chance.Int(2, 400) * 10;
            yield return new JsonObject
            {
                ["Id"] = account.Id,
                ["Name"] = account.Name,
                ["Industry"] = account.Industry,
                ["Type"] = chance.Bool(0.8f) ? "Customer" : "Prospect",
                ["Website"] = $"https://www.{account.Domain}",
                ["NumberOfEmployees"] = employees,
                ["AnnualRevenue"] = employees * chance.Int(90, 260) * 1_000L,
                ["BillingCity"] = account.Place.City,
                ["BillingState"] = account.Place.State,
                ["BillingCountry"] = account.Place.Country,
                ["LastModifiedDate"] = end.AddDays(-chance.Int(30, 700)).Text(),
            };
        }
    }

    private IEnumerable<JsonObject> Contacts() =>
        world
            .People.Where(person => person.ContactId is not null && person != Seal)
            .Select(person => ContactOf(person, SinceOf(person)));

    /// <summary>People who changed their job or their number.</summary>
    private IEnumerable<JsonObject> ContactChanges()
    {
        Randomizer chance = DemoWorld.ChanceOf(2);
        foreach (DemoPerson person in world.People.Where(person => person.ContactId is not null))
        {
            if (person == Seal || !(chance.Bool(0.35f) || person.IsShown))
            {
                continue;
            }

            JsonObject changed = ContactOf(person, end.AddDays(-chance.Int(2, 150)).AddHours(10));
            changed["Title"] = "Senior " + person.Title;
            yield return changed;
        }
    }

    private DateTimeOffset SinceOf(DemoPerson person) =>
        person.IsShown
            ? end.AddDays(-ShownSinceDays).AddHours(9)
            : end.AddDays(-160 - (person.Number * 37 % 560)).AddMinutes(person.Number % 600);

    private static JsonObject ContactOf(DemoPerson person, DateTimeOffset at) =>
        new()
        {
            ["Id"] = person.ContactId,
            ["AccountId"] = person.Account!.Id,
            ["FirstName"] = person.FirstName,
            ["LastName"] = person.LastName,
            ["Name"] = person.Name,
            ["Email"] = person.Email,
            ["Phone"] = person.Phone,
            ["Title"] = person.Title,
            ["MailingCity"] = person.Place.City,
            ["MailingState"] = person.Place.State,
            ["MailingCountry"] = person.Place.Country,
            ["LastModifiedDate"] = at.Text(),
        };
}
