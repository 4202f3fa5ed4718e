using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

[Collection(PostgresCollection.Name)]
public sealed class IdentityStoreTests(PostgresServer server)
{
    [Fact]
    public async Task The_first_to_claim_is_the_owner_for_everybody()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        Claim first = new("ind_a", 1, new Stamp(3, 2, 1)) { Cause = new("contactId:1", "e1") };
        await silo.Identity.ClaimAsync([new("contactId:1", first)], default);

        var held = await silo.Identity.ClaimAsync(
            [
                new("contactId:1", new("ind_b", 1, default)),
                new("contactId:2", new("ind_b", 1, default)),
            ],
            default
        );

        held["contactId:1"].ShouldBe(first);
        held["contactId:2"].Owner.ShouldBe("ind_b");
        var read = await silo.Identity.ReadAsync(["contactId:1", "contactId:3"], default);
        read.ShouldHaveSingleItem().Value.ShouldBe(first);
    }

    [Fact]
    public async Task Claims_made_at_the_same_time_have_one_owner_that_all_are_told()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        string[] claims =
        [
            .. Enumerable
                .Range(0, 100)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"email:{i}@example.com")),
        ];

        IReadOnlyDictionary<string, Claim>[] told = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    silo.Identity.ClaimAsync(
                        [
                            .. (i % 2 == 0 ? claims : claims.Reverse()).Select(
                                claim => new KeyValuePair<string, Claim>(
                                    claim,
                                    new Claim(i.ToString(CultureInfo.InvariantCulture), 1, default)
                                )
                            ),
                        ],
                        default
                    )
                )
        );

        foreach (string claim in claims)
        {
            told.Select(held => held[claim].Owner).Distinct().Count().ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_claim_tells_what_keeps_its_owner_what_it_is()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        IStewardStore stewards = silo.Get<IStewardStore>();
        StewardWord why = new("tests", "because");
        LinkKey visitor = new("web", "anonymous", "1");
        BaseIndividual home = BaseOf(visitor);
        BaseIndividual ada = BaseOf(new("crm", "Contact", "ada"));
        BaseIndividual bob = BaseOf(new("crm", "Contact", "bob"));
        Claim own = new(home.Id, AnchorPolicy.Unanchored, default);
        await silo.Identity.ClaimAsync([new(ClaimKeys.Of(visitor), own)], default);
        (await FlagsAsync()).ShouldBe((false, false, false));

        StewardOutcome tied = await stewards.JoinAsync(ada, home, why, default);
        (await FlagsAsync()).ShouldBe((true, true, false));
        await stewards.WithdrawAsync(tied.Decision!.Value, why, default);
        (await FlagsAsync()).ShouldBe((false, false, false));

        StewardOutcome apart = await stewards.KeepApartAsync(bob, home, null, why, default);
        (await FlagsAsync()).ShouldBe((true, false, false));
        (await ReadAsync()).KeptFrom.ShouldBe([bob.Id]);
        await stewards.WithdrawAsync(apart.Decision!.Value, why, default);
        (await ReadAsync()).KeptFrom.ShouldBeEmpty();

        await silo.Get<IMergeStore>()
            .ProveAsync([new AnchorProof(visitor, "e1", [ada, home])], [], default);
        (await FlagsAsync()).ShouldBe((true, false, true));
        await silo.Identity.RepointAsync(
            [new ClaimMove(ClaimKeys.Of(visitor), home.Id, home.Id, Rank: 0, default)],
            default
        );
        (await FlagsAsync()).ShouldBe((false, false, false), "an anchor names it");

        async Task<Claim> ReadAsync() =>
            (await silo.Identity.ReadAsync([ClaimKeys.Of(visitor)], default)).Single().Value;

        async Task<(bool IsFixed, bool IsTied, bool IsProven)> FlagsAsync()
        {
            Claim claim = await ReadAsync();
            return (claim.IsFixed, claim.IsTied, claim.IsProven);
        }

        static BaseIndividual BaseOf(LinkKey link) =>
            new(SubjectIds.IndividualOf(link), AnchorPolicy.Unanchored, ClaimKeys.Of(link));
    }

    [Theory]
    [InlineData(0, AnchorPolicy.Matched, 0)]
    [InlineData(0, AnchorPolicy.Unanchored, 0)]
    [InlineData(AnchorPolicy.Matched - 1, AnchorPolicy.Matched, AnchorPolicy.Matched - 1)]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 1)]
    [InlineData(AnchorPolicy.Unanchored, AnchorPolicy.Matched, AnchorPolicy.Matched)]
    [InlineData(AnchorPolicy.Matched, AnchorPolicy.Unanchored, AnchorPolicy.Unanchored)]
    public async Task Whoever_holds_a_claim_by_an_anchor_does_not_come_to_hold_it_by_a_match(
        int before,
        int rank,
        int expected
    )
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Identity.ClaimAsync([new("c", new("ind_a", before, default))], default);

        ClaimMove move = new("c", "ind_a", "ind_a", rank, default);
        await silo.Identity.RepointAsync([move], default);

        (await silo.Identity.ReadAsync(["c"], default))["c"].Rank.ShouldBe(expected);
        move.Applies(new("ind_a", before, default)).ShouldBe(expected == rank);
    }

    [Fact]
    public async Task A_stamp_moves_forward_only_and_only_for_its_owner()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        const string link = "link:crm/Case/1";
        await silo.Identity.ClaimAsync([new(link, new("ind_a", 1, new Stamp(5, 0, 0)))], default);

        await silo.Identity.RestampAsync([new(link, new("ind_b", 0, new Stamp(9, 0, 0)))], default);
        await silo.Identity.RestampAsync([new(link, new("ind_a", 0, new Stamp(4, 9, 9)))], default);
        (await ReadAsync()).ShouldBe(new Claim("ind_a", 1, new Stamp(5, 0, 0)));

        await silo.Identity.RestampAsync(
            [
                new(link, new("ind_a", 0, new Stamp(5, 0, 1))),
                new(link, new("ind_a", 2, new Stamp(5, 1, 0))),
            ],
            default
        );
        (await ReadAsync()).ShouldBe(new Claim("ind_a", 2, new Stamp(5, 1, 0)));

        async Task<Claim> ReadAsync() => (await silo.Identity.ReadAsync([link], default))[link];
    }

    [Fact]
    public async Task A_claim_goes_with_what_moved_unless_somebody_else_holds_it_by_now()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        Claim old = new("ind_a", 2, new Stamp(5, 1, 1)) { Cause = new("userId:1", "e1") };
        ClaimCause because = new(ClaimCause.SameAs, "e2");
        await silo.Identity.ClaimAsync(
            [new("userId:1", old), new("userId:2", old with { Owner = "ind_c" })],
            default
        );

        for (int time = 0; time < 2; time++)
        {
            await silo.Identity.RepointAsync(
                [
                    new ClaimMove("userId:2", "ind_a", "ind_b", 0, because),
                    new ClaimMove("userId:1", "ind_a", "ind_b", 0, because),
                    new ClaimMove("userId:3", "ind_a", "ind_b", 0, because),
                ],
                default
            );
        }

        var held = await silo.Identity.ReadAsync(["userId:1", "userId:2", "userId:3"], default);
        held.Count.ShouldBe(2);
        held["userId:1"].ShouldBe(old with { Owner = "ind_b", Rank = 0, Cause = because });
        held["userId:2"].ShouldBe(old with { Owner = "ind_c" });
    }

    [Fact]
    public async Task Bearers_of_an_identifier_are_found_per_kind_and_up_to_a_limit()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        Identifier mail = new("email", "info@example.com", Verified: false);
        foreach (string id in new[] { "ind_1", "ind_2", "ind_3", "acc_1" })
        {
            await silo.Snapshots.SaveAsync(
                new SnapshotWrite
                {
                    Id = id,
                    PreviousVersion = 0,
                    Version = 1,
                    Data = [1],
                    IdentifiersAdded = [mail],
                }
            );
        }

        (await FindAsync(SubjectKind.Individual, 3)).ShouldBe(["ind_1", "ind_2", "ind_3"]);
        (await FindAsync(SubjectKind.Individual, 2)).ShouldBe(["ind_1", "ind_2"]);
        (await FindAsync(SubjectKind.Account, 9)).ShouldBe(["acc_1"]);

        async Task<string[]> FindAsync(SubjectKind subject, int limit) =>
            [.. await silo.Identity.FindAsync(subject, mail.Type, mail.Value, limit, default)];
    }
}
