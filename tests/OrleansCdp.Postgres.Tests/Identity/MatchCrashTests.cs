using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Wherever a silo dies while it makes a move, the next one leaves the link with exactly one individual.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchCrashTests(PostgresServer server) : IAsyncLifetime
{
    private const string Service = "service";

    // More than there are calls in any move.
    private const int CallsMax = 60;

    private TestDatabase database = null!;
    private TestSilo silo = null!;

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await TestSilo.StartProductAsync(database);
        await Eventually.BeAsync(async () =>
            await silo.Get<IRulesets>().FindAsync(Service) is not null
        );
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_matches_arrives(bool isForGood) =>
        await CrashEverywhereAsync(
            isForGood,
            person => CompareAsync(person),
            person => (person.Known, AnchorPolicy.Matched)
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_does_not_match_any_more_goes_home(bool isForGood) =>
        await CrashEverywhereAsync(
            isForGood,
            BeginToLeaveAsync,
            person => (person.Record, AnchorPolicy.Unanchored)
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_an_anchor_confirms_while_it_is_leaving_comes_back(
        bool isForGood
    ) =>
        await CrashEverywhereAsync(
            isForGood,
            BeginToLeaveAsync,
            person => (person.Known, 0),
            person => ConfirmAsync(person)
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_an_anchor_confirms_where_it_was_does_not_go_to_whom_it_matches(
        bool isForGood
    ) =>
        await CrashEverywhereAsync(
            isForGood,
            CompareAsync,
            person => (person.Record, 0),
            person => ConfirmAsync(person, person.Record)
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_an_anchor_promised_to_another_goes_there(bool isForGood) =>
        await CrashEverywhereAsync(
            isForGood,
            async person =>
            {
                await CompareAsync(person);
                await GrainOf(person.Record)
                    .DetachAsync(
                        [person.Case],
                        person.Other,
                        rank: 0,
                        person.Record,
                        default,
                        isSentByOwner: false
                    );
            },
            person => (person.Other, 0)
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_matches_one_who_was_absorbed_goes_to_whoever_absorbed_it(
        bool isForGood
    ) =>
        await CrashEverywhereAsync(
            isForGood,
            async person =>
            {
                await CompareAsync(person);
                LinkMove whole = new(person.Known, person.Contact, person.Other, ToRank: 0);
                await new LinkMover(silo.Grains).MoveAsync(
                    whole with
                    {
                        Whole = true,
                    },
                    person.Known
                );
            },
            person => (person.Other, AnchorPolicy.Matched)
        );

    /// <summary>Has the silo die before the first call, the second and so on, until no call is left to die before.</summary>
    private async Task CrashEverywhereAsync(
        bool isForGood,
        Func<Person, Task> begin,
        Func<Person, (string Owner, int Rank)> expected,
        Func<Person, Task>? onDetached = null
    )
    {
        for (int call = 0; call < CallsMax; call++)
        {
            Person person = new(call);
            await BeginAsync(person);
            await begin(person);
            CrashingCalls calls = new(call, isForGood);
            bool wasSaid = onDetached is null;
            calls.OnDetached = SayAsync;

            await MakeAsync(calls);
            await SayAsync();
            await silo.Get<MatchMoves>().MakeAsync(default);

            await ShouldBeAtAsync(person, expected(person), call);
            if (!calls.HasCrashed)
            {
                call.ShouldBeGreaterThan(6, "a move has more steps than that");
                return;
            }

            async Task SayAsync()
            {
                if (!wasSaid)
                {
                    wasSaid = true;
                    await onDetached!(person);
                }
            }
        }

        throw new InvalidOperationException("There is no end of calls.");
    }

    private async Task MakeAsync(CrashingCalls calls)
    {
        using MatchMoves dying = new(
            calls.Over(silo.Get<IMatchStore>()),
            calls.Over(silo.Get<IIdentityStore>()),
            silo.Get<Matcher>(),
            silo.Get<MatchSpaces>(),
            calls.Over(silo.Grains),
            NullLogger<MatchMoves>.Instance
        );
        try
        {
            await dying.MakeAsync(default);
        }
        catch (InvalidOperationException) when (calls.HasCrashed)
        {
            // What a store does not answer is not caught: nobody is left to.
        }
    }

    /// <summary>A record of its own, and a contact of somebody known.</summary>
    private async Task BeginAsync(Person person)
    {
        await silo.Get<IIdentityStore>()
            .ClaimAsync(
                [
                    new(
                        ClaimKeys.Of(person.Case),
                        new Claim(person.Record, AnchorPolicy.Unanchored, default)
                    ),
                    new(ClaimKeys.Of(person.Contact), new Claim(person.Known, 0, default)),
                ],
                default
            );
        await ApplyAsync(person, person.Case, person.Record);
        await ApplyAsync(person, person.Contact, person.Known);
    }

    /// <summary>Decides that the case is of the one who is known, and moves nothing.</summary>
    private async Task CompareAsync(Person person)
    {
        Matcher matcher = silo.Get<Matcher>();
        await matcher.DecideAsync(
            Service,
            rules => [person.Said(rules, person.Contact, person.Known)],
            [],
            default
        );
        await matcher.DecideAsync(
            Service,
            rules => [person.Said(rules, person.Case, null)],
            [],
            default
        );
    }

    /// <summary>Has the case go there, and decides that it goes home.</summary>
    private async Task BeginToLeaveAsync(Person person)
    {
        await CompareAsync(person);
        await silo.Get<MatchMoves>().MakeAsync(default);
        await database.ExecuteAsync(
            $"insert into cdp.steward_pair values ('{person.Case}', '{person.Known}', -1, 1)"
        );
        MatchSpace space = (await silo.Get<IMatchStore>().FindAsync(Service, default))!;
        await silo.Get<Matcher>().ReconsiderAsync(space, [person.Case.ToString()], default);
    }

    /// <summary>What an event does that is decided about meanwhile.</summary>
    private Task ConfirmAsync(Person person, string? holder = null) =>
        silo.Get<IIdentityStore>()
            .RepointAsync(
                [
                    new ClaimMove(
                        ClaimKeys.Of(person.Case),
                        holder ?? person.Known,
                        holder ?? person.Known,
                        Rank: 0,
                        new ClaimCause("contactId:1", "e1")
                    ),
                ],
                default
            );

    private IUnifiedIndividualGrain GrainOf(string id) =>
        silo.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private async Task ApplyAsync(Person person, LinkKey link, string owner) =>
        await GrainOf(owner)
            .ApplyAsync(new SequencedEvent[] { new(7, person.Event(link)) }.AsImmutable(), owner);

    private async Task ShouldBeAtAsync(Person person, (string Owner, int Rank) expected, int call)
    {
        string when = string.Create(CultureInfo.InvariantCulture, $"died before call {call}");
        foreach (string id in new[] { person.Record, person.Known, person.Other })
        {
            var evidence = await GrainOf(id).GetEvidenceAsync([person.Case]);
            evidence.Links.Length.ShouldBe(id == expected.Owner ? 1 : 0, $"{when}: {id}");
            foreach (var one in evidence.Links)
            {
                (one.AppliedNormal, one.Traits.Length).ShouldBe((7, 3), when);
            }
        }

        string claim = ClaimKeys.Of(person.Case);
        Claim held = (await silo.Get<IIdentityStore>().ReadAsync([claim], default))[claim];
        (held.Owner, held.Rank).ShouldBe(expected, when);
        int space = (await silo.Get<IMatchStore>().FindAsync(Service, default))!.Id;
        var noted = await silo.Get<IMatchStore>()
            .ReadMovesAsync(space, [person.Case.ToString()], default);
        noted.ShouldBeEmpty(when);
    }

    /// <summary>Somebody who has nothing in common with the others, so that all of them may be in one database.</summary>
    private sealed record Person(int Number)
    {
        public string Known => IndividualOf("a");

        public string Other => IndividualOf("b");

        public LinkKey Case => new("crm", "Case", Text);

        public LinkKey Contact => new("crm", "Contact", Text);

        public string Record => SubjectIds.RecordOf(Case);

        private string Text => Number.ToString(CultureInfo.InvariantCulture);

        // Letters that no other number has.
        private string Name => new((char)('a' + (Number % 26)), 3 + (Number / 26 * 6));

        public LinkEvent Event(LinkKey link) =>
            LinkEvents.Of(link.ToString(), $"of {link}") with
            {
                Kind = EventKind.Updated,
                Ruleset = Service,
                Fields = [],
                Traits =
                [
                    new Field("firstName", FieldValue.Of($"{Name}na")),
                    new Field("lastName", FieldValue.Of($"{Name}son")),
                    new Field("email", FieldValue.Of($"{Name}{Number}@{Name}.example")),
                ],
            };

        public MatchStatement Said(FuzzyRules rules, LinkKey link, string? owner) =>
            new(link.ToString(), owner, rules.ValuesOf(Event(link))!, "e");

        private string IndividualOf(string kind) =>
            string.Create(CultureInfo.InvariantCulture, $"ind_{kind}{Number:d31}");
    }
}
