using System.Net;
using System.Text.Json.Nodes;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Records that claim one verified email at the same moment on two silos: one individual has it.</summary>
public sealed class SameMomentTests
{
    private const string Customers = "shop-customers";
    private const int Pairs = 60;
    private const int Crowds = 4;
    private const int CrowdSize = 50;

    [Fact]
    public async Task Two_records_that_claim_one_email_at_once_on_two_silos_are_one_individual()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 2, gateways: 2);
        Api[] gateways =
        [
            .. cluster.Gateways.Select(one => new Api(one.Address, CdpProcess.AdminKey)),
        ];
        await cluster.Api.DefineAsync(Customers);
        string[] homes = await HomesAsync(cluster);
        Claimants claimants = new(homes);
        Claimants.Two[] known =
        [
            .. Enumerable.Range(0, Pairs / 3).Select(i => claimants.Next("known", i)),
        ];
        await SendAsync(gateways[0], "web", [.. known.Select(two => User(two, email: false))]);
        await cluster.Api.DrainAsync();

        List<Claimants.Two> all = [];
        for (int i = 0; i < Pairs / 3; i++)
        {
            Claimants.Two customers = claimants.Next("customers", i);
            Claimants.Two user = claimants.Next("user", i);
            await Task.WhenAll(
                SendAsync(gateways[0], Customers, [Customer(customers, customers.First)]),
                SendAsync(gateways[1], Customers, [Customer(customers, customers.Second)])
            );
            await Task.WhenAll(
                SendAsync(gateways[0], Customers, [Customer(user, user.First)]),
                SendAsync(gateways[1], "web", [User(user, email: true)])
            );
            await Task.WhenAll(
                SendAsync(gateways[0], Customers, [Customer(known[i], known[i].First)]),
                SendAsync(gateways[1], "web", [User(known[i], email: true)])
            );
            all.AddRange([customers, user, known[i]]);
        }

        for (int i = 0; i < Crowds; i++)
        {
            Claimants.Two[] crowd =
            [
                .. Enumerable.Range(0, CrowdSize).Select(j => claimants.Next($"crowd{i}", j)),
            ];
            // In opposite order: neither may wait for the other for ever.
            await Task.WhenAll(
                SendAsync(gateways[0], Customers, [.. crowd.Select(c => Customer(c, c.First))]),
                SendAsync(
                    gateways[1],
                    Customers,
                    [.. crowd.Reverse().Select(c => Customer(c, c.Second))]
                )
            );
            all.AddRange(crowd);
        }

        await CheckAsync(cluster, all, known.Length);
    }

    private static async Task CheckAsync(
        RunningCluster cluster,
        List<Claimants.Two> all,
        int knownBefore
    )
    {
        Counts counts = await cluster.Api.DrainAsync();
        await new IdentityTables(cluster.Database.ConnectionString).UntilSettledAsync();
        (counts[Customers, "applied"] + counts["web", "applied"]).ShouldBe(
            (2 * all.Count) + knownBefore
        );
        foreach (Claimants.Two two in all)
        {
            JsonNode bearer = (await cluster.Api.ProfileAsync("email", two.Email))!;
            string[] links =
            [
                .. bearer["links"]!
                    .AsArray()
                    .Select(link => (string)link!["id"]!)
                    .Order(StringComparer.Ordinal),
            ];
            string[] claimants = [two.First.Id, two.Second.Id];
            links.ShouldBe([.. claimants.Order(StringComparer.Ordinal)]);
            if (two.Second.Object == "user")
            {
                JsonNode user = (await cluster.Api.ProfileAsync("userId", two.Second.Id))!;
                ((string)user["id"]!).ShouldBe((string)bearer["id"]!);
            }
        }

        (
            await cluster.Database.RowsAsync(
                """
                select value, count(distinct id) from cdp.identifier where type = 'email'
                group by 1 having count(distinct id) <> 1
                """
            )
        ).ShouldBeEmpty();
        (
            await cluster.Database.NumberAsync(
                """
                select count(distinct coalesce(b.placed_at, c.owner))
                from cdp.claim c left join cdp.base_individual b on b.id = c.owner
                where c.claim like 'link:%'
                """
            )
        ).ShouldBe(all.Count, "there is nobody beside those who have the emails");
        await LogOracle.CheckAsync(cluster.Database.ConnectionString, cluster.Api);
    }

    /// <summary>Which silo each partition is read on; both read some.</summary>
    private static async Task<string[]> HomesAsync(RunningCluster cluster)
    {
        string[] homes = [];
        await Eventually.BeAsync(
            async () =>
            {
                homes = await cluster.Database.RowsAsync(
                    "select owner from cdp.ingest_checkpoint where lane = 0 order by partition"
                );
                return homes.All(home => home.Length > 0) && homes.Distinct().Count() == 2;
            },
            "each of two silos reads partitions",
            () => string.Join(", ", homes)
        );
        return homes;
    }

    private static JsonObject Customer(Claimants.Two two, LinkKey link) =>
        new()
        {
            ["id"] = link.Id,
            ["email"] = two.Email,
            ["city"] = "Rome",
        };

    private static JsonObject User(Claimants.Two two, bool email)
    {
        JsonObject traits = email ? new() { ["email"] = two.Email } : new() { ["title"] = "Dr" };
        return new JsonObject
        {
            ["type"] = "identify",
            ["messageId"] = $"{two.Second.Id}-{email}",
            ["userId"] = two.Second.Id,
            ["traits"] = traits,
        };
    }

    private static async Task SendAsync(Api api, string stream, JsonObject[] records)
    {
        var (status, json) = await api.PostAsync(
            $"/v1/streams/{stream}",
            new JsonArray([.. records]).ToJsonString(),
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        ((int)json!["accepted"]!).ShouldBe(records.Length, json.ToJsonString());
    }

    /// <summary>Pairs of links that are read on different silos.</summary>
    private sealed class Claimants(string[] homes)
    {
        private int tried;

        /// <summary>The next two, for an email of their own.</summary>
        public Two Next(string name, int number)
        {
            bool isUser = name is "user" or "known";
            LinkKey first = Link(name, isUser: false, home => true);
            string other = HomeOf(first);
            return new Two(
                $"{name}{number}@mail.example",
                first,
                Link(name, isUser, home => home != other)
            );
        }

        private LinkKey Link(string name, bool isUser, Func<string, bool> isWanted)
        {
            LinkKey link;
            do
            {
                link = isUser
                    ? new LinkKey("web", "user", $"{name}-{++tried}")
                    : new LinkKey("shop", "customer", $"{name}-{++tried}");
            } while (!isWanted(HomeOf(link)));
            return link;
        }

        private string HomeOf(LinkKey link) => homes[Partitions.Of(link, homes.Length)];

        /// <summary>Two links that state one email.</summary>
        public sealed record Two(string Email, LinkKey First, LinkKey Second);
    }
}
