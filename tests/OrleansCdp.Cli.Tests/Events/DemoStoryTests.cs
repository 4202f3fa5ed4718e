using System.Text.Json;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

public sealed class DemoStoryTests
{
    private const int People = 2_000;

    // Wrong events to show; thousands would never be printed.
    private const int Shown = 3;
    private static readonly DateOnly Today = new(2026, 11, 24);
    private static readonly DateTimeOffset Midnight = new(Today, default, TimeSpan.Zero);
    private static readonly DemoWorld World = DemoWorld.Of(People);
    private static readonly DemoBatch[] Batches = [.. new DemoStory(World, Today).Batches()];

    [Fact]
    public void The_same_day_tells_the_same_story_byte_for_byte()
    {
        DemoBatch[] again = [.. new DemoStory(DemoWorld.Of(People), Today).Batches()];

        again.Length.ShouldBe(Batches.Length);
        foreach ((DemoBatch first, DemoBatch second) in Batches.Zip(again))
        {
            second.Stream.ShouldBe(first.Stream);
            second.Body.AsSpan().SequenceEqual(first.Body).ShouldBeTrue(first.Stream);
        }
    }

    [Fact]
    public void Another_day_tells_it_of_other_days_with_the_same_event_ids()
    {
        List<LinkEvent> now = Admit(Batches);
        List<LinkEvent> later = Admit([.. new DemoStory(World, Today.AddDays(1)).Batches()]);

        later.Count.ShouldBe(now.Count);
        now.Zip(later)
            .Where(pair => pair.First.OccurredAt >= pair.Second.OccurredAt)
            .Take(Shown)
            .ShouldBeEmpty();
        foreach (string source in new[] { "web", "product" })
        {
            Ids(later, source).SequenceEqual(Ids(now, source)).ShouldBeTrue(source);
        }
    }

    [Fact]
    public void It_has_about_20_000_events_of_2_000_people_and_200_accounts()
    {
        World.People.Count.ShouldBe(2_000);
        World.Accounts.Count.ShouldBe(200);
        Batches.Sum(batch => batch.Count).ShouldBeInRange(19_000, 23_000);
        Batches.ShouldAllBe(batch => batch.Count <= DemoRecords.BatchMax);
        Batches
            .Select(batch => batch.Stream)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ShouldBe(ShippedDefinitions.All.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_record_is_admitted_whole_has_its_own_id_and_happened_before_today()
    {
        List<LinkEvent> events = Admit(Batches);

        events.Count.ShouldBe(Batches.Sum(batch => batch.Count));
        events.Select(e => (e.Link.Source, e.EventId)).Distinct().Count().ShouldBe(events.Count);
        events.Where(e => e.OccurredAt >= Midnight).Take(Shown).ShouldBeEmpty();
    }

    [Fact]
    public void Nobody_shares_a_mail_address_or_a_telephone_number()
    {
        DemoPerson[] named = [.. World.People.Where(person => person.Email.Length > 0)];

        named.Length.ShouldBe(1_800);
        named.Select(person => person.Email).Distinct().Count().ShouldBe(named.Length);
        named.Select(person => person.Phone).Distinct().Count().ShouldBe(named.Length);
        World.Accounts.Select(account => account.Domain).Distinct().Count().ShouldBe(200);
        World
            .People.Where(person => person.Account is not null)
            .Select(person => person.Account)
            .Distinct()
            .Count()
            .ShouldBe(200);
    }

    [Fact]
    public void Visitors_who_sign_in_say_who_they_are_and_the_others_stay_unknown()
    {
        LinkEvent[] web = [.. Admit(Batches).Where(e => e.Link.Source == "web")];

        HashSet<string> known =
        [
            .. web.Where(e => e.SameAs is not null).Select(e => e.SameAs!.Value.Id),
        ];
        HashSet<string> visitors =
        [
            .. web.Where(e => e.Link.Object == "anonymous").Select(e => e.Link.Id),
        ];
        known.IsSubsetOf(visitors).ShouldBeTrue(); // Everybody comes unknown first.
        visitors.Count(visitor => !known.Contains(visitor)).ShouldBe(200);
        known.Count.ShouldBe(World.People.Count(person => person.UserId is not null));
    }

    [Theory]
    [InlineData(DemoWorld.PeopleMin)]
    [InlineData(50)]
    public void A_small_one_has_something_of_everything_about_the_shown_person(int people)
    {
        DemoStory story = new(DemoWorld.Of(people), Today);
        List<LinkEvent> events = Admit([.. story.Batches()]);
        DemoPerson shown = story.Shown;

        LinkEvent[] cases =
        [
            .. events.Where(e =>
                e.Object == "Case"
                && e.Identifiers.Contains(
                    new Identifier(IdentifierTypes.ContactId, shown.ContactId!, true)
                )
            ),
        ];
        cases.Select(e => e.RecordId).Distinct().Count().ShouldBe(3);
        cases.Count(e => e.Kind == EventKind.Closed).ShouldBe(2);
        events
            .Where(e => e.Object == "SalesOrder" && e.Link.Id == shown.CustomerId)
            .Select(e => e.RecordId)
            .Distinct()
            .Count()
            .ShouldBe(4);
        events.Any(e => e.Object == "Entitlement" && e.Link.Id == shown.UserId).ShouldBeTrue();
        events.Any(e => e.Object == "Opportunity" && e.Link.Id == shown.Account!.Id).ShouldBeTrue();
        events
            .Any(e => e.Link.Object == "anonymous" && e.Link.Id == shown.AnonymousId)
            .ShouldBeTrue();
    }

    [Fact]
    public void The_first_batch_tells_the_day_and_the_last_holds_the_seal_alone()
    {
        DemoStory story = new(World, Today);

        LinkEvent shown = Admit([Batches[0]]).Single(e => e.Link.Id == story.Shown.ContactId);
        DemoStory.DayOf(shown.OccurredAt).ShouldBe(Today);
        Admit(Batches).First(e => e.Link == shown.Link).OccurredAt.ShouldBe(shown.OccurredAt);
        Admit([Batches[^1]]).ShouldHaveSingleItem().Link.Id.ShouldBe(story.Seal.ContactId);
        Admit(Batches[..^1]).Any(e => e.Link.Id == story.Seal.ContactId).ShouldBeFalse();
    }

    [Theory]
    [InlineData(DemoWorld.PeopleMin - 1)]
    [InlineData(DemoWorld.PeopleMax + 1)]
    public void Too_few_and_too_many_people_are_refused(int people) =>
        Should.Throw<ArgumentOutOfRangeException>(() => DemoWorld.Of(people));

    [Fact]
    public void The_most_people_have_mail_addresses_of_their_own()
    {
        DemoWorld most = DemoWorld.Of(DemoWorld.PeopleMax);

        most.People.Count.ShouldBe(DemoWorld.PeopleMax);
        DemoPerson[] named = [.. most.People.Where(person => person.Email.Length > 0)];
        named.Select(person => person.Email).Distinct().Count().ShouldBe(named.Length);
        named.Select(person => person.Phone).Distinct().Count().ShouldBe(named.Length);
    }

    private static string[] Ids(List<LinkEvent> events, string source) =>
        [
            .. events
                .Where(e => e.Link.Source == source && e.Object is "Engagement" or "ProductUsage")
                .Select(e => e.EventId),
        ];

    private static List<LinkEvent> Admit(DemoBatch[] batches)
    {
        Dictionary<string, DataStream> streams = ShippedDefinitions.All.ToDictionary(
            shipped => shipped.Key,
            shipped => DataStream.Compile(shipped.Key, shipped.Value).Stream!
        );
        List<LinkEvent> events = [];
        foreach (DemoBatch batch in batches)
        {
            using StreamReader lines = new(new MemoryStream(batch.Body));
            while (lines.ReadLine() is { } line)
            {
                using JsonDocument record = JsonDocument.Parse(line);
                Admission admission = streams[batch.Stream]
                    .Admit(record.RootElement, Midnight.AddHours(1));
                Admission.Accepted? accepted = admission as Admission.Accepted;
                accepted.ShouldNotBeNull($"{admission} {line}");
                accepted.UnknownFields.ShouldBe(0, line);
                events.Add(accepted.Event);
            }
        }

        return events;
    }
}
