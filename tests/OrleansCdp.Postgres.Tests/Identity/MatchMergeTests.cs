using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Links that only matching gives to somebody follow merges and stewards, also after a crash.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchMergeTests(PostgresServer server) : IAsyncLifetime
{
    private const string Service = "service";
    private static readonly LinkKey Case = new("crm", "Case", "1");
    private static readonly LinkKey Contact = new("crm", "Contact", "1");
    private static readonly LinkKey Other = new("crm", "Contact", "2");
    private static readonly string Record = SubjectIds.RecordOf(Case);
    private static readonly string Ada = SubjectIds.IndividualOf(Contact);
    private static readonly string Bob = SubjectIds.IndividualOf(Other);
    private TestDatabase database = null!;
    private TestSilo silo = null!;

    private IStewardGrain Steward => silo.Grains.GetGrain<IStewardGrain>(0);

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await TestSilo.StartProductAsync(database);
        await Eventually.BeAsync(async () =>
            await silo.Get<IRulesets>().FindAsync(Service) is not null
        );
        await BeginAsync(Case, Record, AnchorPolicy.Unanchored, "Ada", "Lovelace");
        await BeginAsync(Contact, Ada, AnchorPolicy.Unanchored, "Ada", "Lovelace");
        await BeginAsync(Other, Bob, AnchorPolicy.Unanchored, "Bob", "Kahn");
        await silo.Get<MatchMoves>().MakeAsync(default);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_matched_link_goes_with_its_individual_into_a_merge_and_out_of_it()
    {
        await ShouldBeAsync(Ada, at: Ada);

        StewardAnswer merged = await MergeAsync(Bob, Ada);
        merged.Refusal.ShouldBeNull();
        await ShouldBeAsync(Bob, at: Bob);

        await UnmergeAsync(
            new()
            {
                Decision = merged.Decision,
                Reason = "r",
                Author = "a",
            }
        );
        await ShouldBeAsync(Ada, at: Ada);
        (await silo.Get<IMatchStore>().ReadDueAsync(0, 10, default)).ShouldBeEmpty();
        (await silo.Get<IMatchStore>().ReadMovesAsync(0, 10, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Matching_follows_a_merge_also_when_the_silo_died_after_it()
    {
        BaseIndividual[] both =
        [
            (await silo.Grains.GetGrain<IUnifiedIndividualGrain>(Bob).GetBaseAsync())!,
            (await silo.Grains.GetGrain<IUnifiedIndividualGrain>(Ada).GetBaseAsync())!,
        ];
        await silo.Get<IStewardStore>()
            .JoinAsync(both[0], both[1], new StewardWord("ann", "one"), default);
        await silo.Grains.GetGrain<IUnifiedIndividualGrain>(Ada).PlaceAsync();

        await silo.Get<MatchReview>().SweepAsync(default);

        await ShouldBeAsync(Bob, at: Bob);
        (await silo.Get<IMatchStore>().ReadDueAsync(0, 10, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_matched_link_that_a_steward_takes_away_never_comes_back_by_matching()
    {
        await UnmergeAsync(
            new()
            {
                Link = Case,
                Reason = "another Ada",
                Author = "ann",
            }
        );
        await ShouldBeAsync(Record, at: Record);

        await silo.Get<Matcher>()
            .DecideAsync(
                Service,
                rules => [Said(rules, Case, null, "Ada", "Lovelace", "+4366012345678")],
                [],
                default
            );
        await silo.Get<MatchMoves>().MakeAsync(default);

        await ShouldBeAsync(Record, at: Record);
    }

    [Fact]
    public async Task A_record_that_a_steward_merged_is_not_moved_by_matching()
    {
        await UnmergeAsync(
            new()
            {
                Link = Case,
                Reason = "another Ada",
                Author = "ann",
            }
        );

        StewardAnswer merged = await MergeAsync(Bob, Record);

        merged.Refusal.ShouldBeNull();
        await ShouldBeAsync(Record, at: Bob);
        (await silo.Get<IMatchStore>().ReadMovesAsync(0, 10, default)).ShouldBeEmpty();
    }

    private Task<StewardAnswer> MergeAsync(string survivor, string other) =>
        Steward.MergeAsync(
            new()
            {
                Survivor = survivor,
                Other = other,
                Reason = "one person",
                Author = "ann",
            }
        );

    private async Task UnmergeAsync(StewardUnmerge request) =>
        (await Steward.UnmergeAsync(request)).Refusal.ShouldBeNull();

    private async Task BeginAsync(
        LinkKey link,
        string owner,
        int rank,
        string firstName,
        string lastName
    )
    {
        await silo.Get<IIdentityStore>()
            .ClaimAsync([new(ClaimKeys.Of(link), new Claim(owner, rank, default))], default);
        await silo
            .Grains.GetGrain<IUnifiedIndividualGrain>(owner)
            .ApplyAsync(
                new SequencedEvent[]
                {
                    new(7, Event(link, firstName, lastName, null)),
                }.AsImmutable(),
                owner
            );
        await silo.Get<Matcher>()
            .DecideAsync(
                Service,
                rules =>
                    [
                        Said(
                            rules,
                            link,
                            SubjectIds.IsRecord(owner) ? null : owner,
                            firstName,
                            lastName,
                            null
                        ),
                    ],
                [],
                default
            );
    }

    private static LinkEvent Event(
        LinkKey link,
        string firstName,
        string lastName,
        string? phone
    ) =>
        LinkEvents.Of(link.ToString(), $"of {link}") with
        {
            Kind = EventKind.Updated,
            Ruleset = Service,
            Fields = [],
            Traits =
            [
                new Field("firstName", FieldValue.Of(firstName)),
                new Field("lastName", FieldValue.Of(lastName)),
                new Field("email", FieldValue.Of($"{firstName}@example.com")),
                .. phone is null
                    ? Array.Empty<Field>()
                    : [new Field("phone", FieldValue.Of(phone))],
            ],
        };

    private static MatchStatement Said(
        FuzzyRules rules,
        LinkKey link,
        string? owner,
        string firstName,
        string lastName,
        string? phone
    ) => new(link.ToString(), owner, rules.ValuesOf(Event(link, firstName, lastName, phone))!, "e");

    /// <summary>Whose the case is by its claim, and who has it.</summary>
    private async Task ShouldBeAsync(string owner, string at)
    {
        string claim = ClaimKeys.Of(Case);
        Claim held = (await silo.Get<IIdentityStore>().ReadAsync([claim], default))[claim];
        (held.Owner, held.PlacedAt ?? held.Owner).ShouldBe((owner, at));
        foreach (string id in new[] { Record, Ada, Bob })
        {
            var evidence = await silo
                .Grains.GetGrain<IUnifiedIndividualGrain>(id)
                .GetEvidenceAsync([Case]);
            evidence.Links.Length.ShouldBe(id == at ? 1 : 0, id);
        }
    }
}
