using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>Who may take a claim is said twice, in the words of the domain and in SQL, and both say the same.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ClaimRulesTests(PostgresServer server)
{
    private const string Ada = "ind_ada";
    private const string Bob = "ind_bob";

    private static readonly int[] Ranks =
    [
        0,
        1,
        AnchorPolicy.Matched - 1,
        AnchorPolicy.Matched,
        AnchorPolicy.Unanchored,
    ];

    private static readonly ClaimCause[] Causes =
    [
        default,
        new("service@3", null),
        new("email:ada@example.com", "e1"),
        new(ClaimCause.SameAs, "e1"),
        new(ClaimCause.Steward, null),
    ];

    private static readonly ClaimCause Before = new("contactId:1", "e0");

    [Fact]
    public async Task What_is_given_to_another_or_held_more_strongly_follows_one_rule()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (Claim Held, ClaimMove Move)[] all =
        [
            .. from holder in new[] { Ada, "ind_eve" }
            from before in Ranks
            from to in new[] { Ada, Bob }
            from rank in Ranks
            from cause in Causes
            select (
                new Claim(holder, before, default) { Cause = Before },
                new ClaimMove("", Ada, to, rank, cause)
            ),
        ];
        string[] claims = [.. all.Select((_, i) => Name(i))];
        await silo.Identity.ClaimAsync(
            [.. all.Select((one, i) => Pair(claims[i], one.Held))],
            default
        );

        await silo.Identity.RepointAsync(
            [.. all.Select((one, i) => one.Move with { Claim = claims[i] })],
            default
        );

        var now = await silo.Identity.ReadAsync(claims, default);
        foreach (var ((held, move), claim) in all.Zip(claims))
        {
            Claim expected = move.Applies(held)
                ? held with
                {
                    Owner = move.To,
                    Rank = move.Rank,
                    Cause = move.Cause,
                }
                : held;
            Told(now[claim]).ShouldBe(Told(expected), $"{held} by {move}");
        }

        all.Count(one => one.Move.Applies(one.Held)).ShouldBeInRange(150, 249);
    }

    [Fact]
    public async Task What_is_taken_with_links_follows_one_rule()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        Claim[] held =
        [
            .. from holder in new[] { Ada, Bob, "ind_eve" }
            from before in Ranks
            select new Claim(holder, before, default) { Cause = Before },
        ];
        int taken = 0;
        foreach (int rank in Ranks)
        {
            foreach (ClaimCause cause in Causes)
            {
                string id = $"ind_taker{rank}{cause.Rule}";
                string[] claims = [.. held.Select((_, i) => $"link:{id}/{i}")];
                await silo.Identity.ClaimAsync(
                    [.. held.Select((one, i) => Pair(claims[i], one))],
                    default
                );
                SnapshotWrite write = Some.Write(id, 0, 1) with
                {
                    ClaimsTaken = [.. claims],
                    ClaimsTakenFrom = Ada,
                    ClaimsOwner = Bob,
                    ClaimsRank = rank,
                    ClaimsCause = cause,
                };

                await silo.Snapshots.SaveAsync(write);

                var now = await silo.Identity.ReadAsync(claims, default);
                foreach ((Claim before, string claim) in held.Zip(claims))
                {
                    Claim expected = write.Takes(before)
                        ? before with
                        {
                            Owner = Bob,
                            Rank = write.RankOf(before),
                            Cause = cause.Rule is null ? Before : cause,
                        }
                        : before;
                    Told(now[claim]).ShouldBe(Told(expected), $"{before} by {cause} {rank}");
                    taken += write.Takes(before) ? 1 : 0;
                }
            }
        }

        taken.ShouldBe(
            Ranks.Length * ((Causes.Length * Ranks.Length) - 3),
            "a match takes no anchor"
        );
    }

    private static (string, int, ClaimCause) Told(Claim claim) =>
        (claim.Owner, claim.Rank, claim.Cause);

    private static KeyValuePair<string, Claim> Pair(string claim, Claim held) => new(claim, held);

    private static string Name(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"link:crm/Case/{number}");
}
