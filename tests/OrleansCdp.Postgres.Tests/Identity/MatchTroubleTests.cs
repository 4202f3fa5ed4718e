using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Concurrency;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>One thing that goes wrong in matching costs nothing else, and nothing that is noted is left for ever.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchTroubleTests(PostgresServer server) : IAsyncLifetime
{
    private const string Service = "service";
    private const string Ada = "ind_00000000000000000000000000000ada";
    private const string Bob = "ind_00000000000000000000000000000b0b";
    private static readonly LinkKey Case = new("crm", "Case", "1");
    private static readonly LinkKey Contact = new("crm", "Contact", "1");
    private static readonly string Record = SubjectIds.RecordOf(Case);
    private static readonly LinkKey Damaged = new("crm", "Case", "9");

    private TestDatabase database = null!;
    private TestSilo silo = null!;

    private IMatchStore Store => silo.Get<IMatchStore>();

    private IDefinitionsGrain Definitions =>
        silo.Grains.GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key);

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await TestSilo.StartProductAsync(database);
        await Eventually.BeAsync(async () =>
            await silo.Get<IRulesets>().FindAsync(Service) is not null
        );
        await silo.Get<IIdentityStore>()
            .ClaimAsync(
                [
                    new(ClaimKeys.Of(Case), new Claim(Record, AnchorPolicy.Unanchored, default)),
                    new(ClaimKeys.Of(Contact), new Claim(Ada, 0, default)),
                ],
                default
            );
        await ApplyAsync(Case, Record);
        await ApplyAsync(Contact, Ada);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Moves_that_fail_keep_no_later_one_waiting_however_many_they_are()
    {
        await SayAsync(Contact, Ada);
        await database.ExecuteAsync(
            $"""
            insert into cdp.match_move (space, subject, target, decision)
            select s.space, 'crm/Case/unclaimed' || i, '{Ada}', nextval('cdp.match_decision')
            from cdp.match_space s, generate_series(1, {MatchMoves.RoundMax + 1}) i
            """
        );
        await SayAsync(Case, null);

        await silo.Get<MatchMoves>().MakeAsync(default);

        await ShouldBeAtAsync(Ada);
        (await CountAsync("cdp.match_move")).ShouldBe(MatchMoves.RoundMax + 1);
        (await CountAsync($"cdp.match_move where subject = '{Case}'")).ShouldBe(0);
    }

    [Fact]
    public async Task News_that_cannot_be_told_keep_nobody_else_waiting()
    {
        await SayAsync(Contact, Ada);
        await DamageAsync();
        await database.ExecuteAsync(
            $"""
            insert into cdp.match_edge
            select i.id, o.id, 1.5, 0 from cdp.match_record i, cdp.match_record o
            where i.subject = '{Ada}' and o.subject = '{Damaged}';
            insert into cdp.match_news
            select space, i, nextval('cdp.match_decision')
            from cdp.match_space, unnest(array['{Ada}', '{Bob}']) i
            """
        );

        await silo.Get<MatchMoves>().TellAsync(default);

        (await Store.ReadNewsAsync(0, 10, default)).Select(one => one.Individual).ShouldBe([Ada]);
    }

    [Fact]
    public async Task What_cannot_be_looked_at_again_stays_noted_and_the_rest_is_looked_at()
    {
        await SayAsync(Contact, Ada);
        await SayAsync(Case, null);
        await DamageAsync();
        string due = string.Join(", ", new[] { $"{Damaged}", $"{Case}" }.Select(Due));
        await database.ExecuteAsync($"insert into cdp.match_due values {due}");

        await silo.Get<MatchReview>().SweepAsync(default);

        (await Store.ReadDueAsync(0, 10, default))
            .Select(one => one.Subject)
            .ShouldBe([$"{Damaged}"]);

        static string Due(string subject) => $"('{subject}', nextval('cdp.match_decision'))";
    }

    [Fact]
    public async Task One_step_of_the_sweep_that_fails_does_not_keep_the_others_waiting()
    {
        await SayAsync(Contact, Ada);
        await SayAsync(Case, null);
        await database.ExecuteAsync("alter table cdp.match_due rename to match_due_away");

        await SweepAsync();

        await ShouldBeAtAsync(Ada);
    }

    [Fact]
    public async Task What_a_version_left_to_be_done_when_another_took_over_is_done_without_being_asked()
    {
        await SayAsync(Contact, Ada);
        await SayAsync(Case, null);
        await database.ExecuteAsync(
            $"insert into cdp.match_news select space, '{Ada}', 7 from cdp.match_space"
        );
        await TakeOverAsync(silo.Get<MatchSpaces>());

        await SweepAsync();

        await ShouldBeAtAsync(Ada);
        (await CountAsync("cdp.match_move")).ShouldBe(0);
        (await CountAsync("cdp.match_news")).ShouldBe(0);
        (await CountAsync("cdp.match_space")).ShouldBe(1);
        (await CountAsync("cdp.match_record")).ShouldBe(3);
    }

    [Fact]
    public async Task An_event_that_cannot_be_compared_goes_to_quarantine_and_the_others_go_on()
    {
        await SayAsync(Contact, Ada);
        await DamageAsync();
        int partitions = silo.Get<LogShape>().PartitionCount;
        LinkKey[] links =
        [
            .. Enumerable
                .Range(100, 100 * partitions)
                .Select(i => new LinkKey("crm", "Case", $"{i}"))
                .Where(link => Partitions.Of(link, partitions) == 0)
                .Take(3),
        ];
        EventChunk chunk = new()
        {
            Lane = Lane.Normal,
            Partition = 0,
            ReaderEpoch = 1,
            FirstSequence = 10,
            Events =
            [
                Event(links[0], "Bert", "Beispiel"),
                Event(links[1], "Zoe", "Damaged"),
                Event(links[2], "Carl", "Czerny"),
                Event(links[1], "Zoe", "Damaged"),
            ],
        };

        DeliveryCounts counts = await NewDelivery().DeliverAsync(chunk, default);
        DeliveryCounts again = await NewDelivery().DeliverAsync(chunk, default);

        counts.Quarantined.ShouldBe(2);
        again.Quarantined.ShouldBe(2);
        (await CountAsync($"cdp.quarantine where code = '{ReasonCodes.MatchFailed}'")).ShouldBe(2);
        foreach (LinkKey link in links)
        {
            int taken = link == links[1] ? 0 : 1;
            (
                await silo
                    .Grains.GetGrain<IUnifiedIndividualGrain>(SubjectIds.RecordOf(link))
                    .GetEvidenceAsync([link])
            ).Links.Length.ShouldBe(taken);
            (await CountAsync($"cdp.match_record where subject = '{link}'")).ShouldBe(taken);
        }
    }

    [Fact]
    public async Task The_same_words_are_compared_once_more_when_another_version_is_live()
    {
        await SayAsync(Contact, Ada);
        RecordMatching matching = silo.Get<RecordMatching>();
        LinkEvent said = Event(Case, "Ada", "Lovelace");
        ulong before = await PrintAsync();
        (await PrintAsync()).ShouldBe(before);

        await TakeOverAsync(new MatchSpaces(Store, silo.Get<IRulesets>())); // By another silo.
        await SweepAsync();

        ulong after = await PrintAsync();
        after.ShouldNotBe(before);
        (await PrintAsync()).ShouldBe(after);

        async Task<ulong> PrintAsync()
        {
            EventChunk chunk = new()
            {
                Lane = Lane.Normal,
                Partition = 0,
                ReaderEpoch = 1,
                FirstSequence = 1,
                Events = [said],
            };
            await matching.PrepareAsync(chunk, default);
            return matching.PrintOf(said);
        }
    }

    [Fact]
    public async Task A_version_cannot_leave_out_by_what_records_are_compared_while_they_are()
    {
        string shipped = ShippedRulesets.All[Service];
        const string anchorsOnly = "description: anchors only";
        (await PutAsync("desk", shipped)).ShouldBeEmpty();
        (await PutAsync("desk", anchorsOnly)).ShouldBeEmpty(); // Nobody was compared by it.
        await SayAsync(Contact, Ada);

        (await PutAsync(Service, anchorsOnly)).Single().Path.ShouldBe("fuzzy");
        DefinitionError error = (await PutAsync("sales", anchorsOnly)).Single();
        (await PutAsync(Service, shipped + "\n# Reworded")).ShouldBeEmpty();
        (await PutAsync("sales", "findableBy: [service, desk]")).ShouldBeEmpty();
        (await PutAsync("sales", "findableBy: service")).ShouldBeEmpty();

        error.Path.ShouldBe("findableBy");
        error.Message.ShouldContain("another name");

        async Task<ImmutableArray<DefinitionError>> PutAsync(string name, string text) =>
            (await Definitions.PutAsync(DefinitionKinds.Ruleset, name, text, "ann")).Errors;
    }

    private Task SweepAsync() =>
        new MatchSweep(
            silo.Get<ReturningLinks>(),
            silo.Get<OpenDecisions>(),
            silo.Get<MatchReview>(),
            silo.Get<GuardReview>(),
            silo.Get<MatchMoves>(),
            silo.Get<MatchSpaces>(),
            Store,
            TimeProvider.System,
            NullLogger<MatchSweep>.Instance
        ).SweepAsync(default);

    /// <summary>Another version takes over, and breaks off before anything follows.</summary>
    private async Task TakeOverAsync(MatchSpaces spaces)
    {
        MatchReplay replay = new(
            Store,
            silo.Get<IReplayStore>(),
            spaces,
            silo.Get<MatchMoves>(),
            silo.Get<GuardReview>(),
            NullLogger<MatchReplay>.Instance
        );
        MatchSpace live = (await Store.FindAsync(Service, default))!;
        string text = live.Text + "\n# Another one";
        FuzzyRules rules = Ruleset.Compile(Service, text).Ruleset!.Fuzzy!;
        await foreach (
            ReplayReport one in replay.RunAsync(
                Service,
                new(live.Version + 1, text),
                rules,
                default
            )
        )
        {
            if (one.Live)
            {
                return;
            }
        }

        throw new InvalidOperationException("It never took over.");
    }

    /// <summary>A record whose bytes nobody can read, found by whoever is called so.</summary>
    private async Task DamageAsync()
    {
        await silo.Get<Matcher>()
            .DecideAsync(
                Service,
                rules =>
                    [
                        new(
                            $"{Damaged}",
                            null,
                            rules.ValuesOf(Event(Damaged, "Zoe", "Damaged"))!,
                            "e9"
                        ),
                    ],
                [],
                default
            );
        await database.ExecuteAsync(
            $"update cdp.match_record set said = '\\xff' where subject = '{Damaged}'"
        );
    }

    private EventDelivery NewDelivery() =>
        new(
            silo.Grains,
            silo.Get<SubjectResolvers>()
                .New(silo.Grains, silo.Get<RecordMatching>(), linksMax: 1_000),
            new LinkMover(silo.Grains),
            silo.Get<IQuarantineStore>(),
            silo.Get<ICheckpoints>(),
            silo.Get<EventFates>(),
            TimeProvider.System,
            NullLogger<EventDelivery>.Instance
        );

    private static LinkEvent Event(LinkKey link, string first, string last) =>
        LinkEvents.Of(link.ToString(), $"of {link}") with
        {
            Kind = EventKind.Updated,
            Ruleset = Service,
            Fields = [],
            Traits =
            [
                new Field("firstName", FieldValue.Of(first)),
                new Field("lastName", FieldValue.Of(last)),
                new Field("email", FieldValue.Of($"{first}.{last}@example.com")),
            ],
        };

    private Task<List<MatchOutcome>> SayAsync(LinkKey link, string? owner) =>
        silo.Get<Matcher>()
            .DecideAsync(
                Service,
                rules =>
                    [new($"{link}", owner, rules.ValuesOf(Event(link, "Ada", "Lovelace"))!, "e")],
                [],
                default
            );

    private async Task ApplyAsync(LinkKey link, string owner) =>
        await silo
            .Grains.GetGrain<IUnifiedIndividualGrain>(owner)
            .ApplyAsync(
                new SequencedEvent[] { new(7, Event(link, "Ada", "Lovelace")) }.AsImmutable(),
                owner
            );

    private async Task ShouldBeAtAsync(string owner)
    {
        string claim = ClaimKeys.Of(Case);
        (await silo.Get<IIdentityStore>().ReadAsync([claim], default))[claim].Owner.ShouldBe(owner);
        (
            await silo.Grains.GetGrain<IUnifiedIndividualGrain>(owner).GetEvidenceAsync([Case])
        ).Links.Length.ShouldBe(1);
    }

    private Task<long> CountAsync(string from) =>
        database.NumberAsync($"select count(*) from {from}");
}
