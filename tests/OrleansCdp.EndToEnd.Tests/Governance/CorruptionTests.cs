using System.Net;
using System.Text.Json.Nodes;
using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Bytes of a stored state are not what was written: rebuilt from the log, or reported and never served.</summary>
public sealed class CorruptionTests(PostgresServer postgres)
    : IClassFixture<PostgresServer>,
        IAsyncLifetime
{
    private const string Flip = "set data = set_byte(data, 20, get_byte(data, 20) # 1)";
    private readonly RunningHost host = new();

    public async Task InitializeAsync()
    {
        host.ConnectionString = await postgres.CreateEmptyDatabaseAsync();
        await host.StartAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task An_individual_is_rebuilt_to_the_byte_and_reported_once()
    {
        string id = IdOf("ada");
        await SayAsync(
            "identify",
            """{"userId":"ada","traits":{"firstName":"Ada","plan":"pro"}}"""
        );
        await SayAsync("track", """{"userId":"ada","event":"Signed In"}""");
        await SayAsync("identify", """{"userId":"ada","traits":{"firstName":"Ida"}}""");
        await host.Api.DrainAsync();
        byte[] before = (await ProfileAsync(id))!;

        await DamageAsync($"update cdp.snapshot {Flip} where id = '{id}'");

        (await ProfileAsync(id)).ShouldBe(before);
        JsonNode damage = (await DamagesAsync()).ShouldHaveSingleItem()!;
        ((string?)damage["id"]).ShouldBe(id);
        ((string?)damage["outcome"]).ShouldBe("rebuilt");
        ErrorsAbout(id).ShouldBe(1);
        await LogOracle.CheckAsync(host);
        await host.StopAsync();
        await host.StartAsync();
        (await ProfileAsync(id)).ShouldBe(before);
        ErrorsAbout(id).ShouldBe(1);
        (await NumberAsync("select count(*) from cdp.corrupt_state")).ShouldBe(1);
    }

    [Theory]
    [InlineData("update cdp.snapshot_part set data = set_byte(data, 20, get_byte(data, 20) # 1)")]
    [InlineData("delete from cdp.snapshot_part")]
    [InlineData("update cdp.snapshot set data = substr(data, 1, 5)")]
    public async Task A_damaged_or_missing_part_and_a_row_cut_short_are_rebuilt(string damage)
    {
        await host.Api.DefineAsync("crash-orders");
        string[] orders =
        [
            .. Enumerable
                .Range(0, 300)
                .Select(i =>
                    $$"""{"event":"e{{i}}","person":"bea","order":"o{{i}}","total":{{i}},"at":"2026-01-01T00:00:00Z"}"""
                ),
        ];
        var (status, json) = await host.Api.PostAsync(
            "/v1/streams/crash-orders",
            string.Join('\n', orders),
            "application/x-ndjson"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        await host.Api.DrainAsync();
        string id = (string)(await host.Api.ProfileAsync("customerId", "bea"))!["id"]!;
        byte[] before = (await ProfileAsync(id))!;
        (await NumberAsync("select count(*) from cdp.snapshot_part")).ShouldBeGreaterThan(0);

        await DamageAsync(
            $"""
            {damage} where (id, ctid::text) =
                (select id, min(ctid::text) from {TableOf(damage)} where id = '{id}' group by 1)
            """
        );

        (await ProfileAsync(id)).ShouldBe(before);
        await LogOracle.CheckAsync(host);
    }

    [Fact]
    public async Task One_who_took_links_of_others_is_reported_and_not_served_and_the_rest_goes_on()
    {
        string id = IdOf("cleo");
        await SayAsync("page", """{"anonymousId":"visitor","name":"home"}""");
        await host.Api.DrainAsync();
        await SayAsync("identify", """{"userId":"cleo","anonymousId":"visitor"}""");
        await SayAsync("identify", """{"userId":"dora","traits":{"firstName":"Dora"}}""");
        await SayAsync("page", """{"anonymousId":"later","name":"home"}""");
        await host.Api.DrainAsync();
        byte[] before = (await ProfileAsync(id))!;
        await DamageAsync(
            $"""
            create table kept as select * from cdp.snapshot where id = '{id}';
            update cdp.snapshot {Flip} where id = '{id}';
            """
        );

        foreach (
            string path in new[]
            {
                $"/v1/individuals/individual/{id}",
                $"/v1/context/individual/{id}",
            }
        )
        {
            (await host.Api.StatusOfAsync(path)).ShouldBe(HttpStatusCode.InternalServerError);
        }

        await SayAsync("identify", """{"userId":"cleo","traits":{"plan":"pro"}}""");
        await SayAsync("identify", """{"userId":"cleo","anonymousId":"later"}""");
        await SayAsync("page", """{"anonymousId":"later","name":"prices"}""");
        await SayAsync("identify", """{"userId":"dora","traits":{"plan":"pro"}}""");
        Counts counts = await host.Api.DrainAsync();
        counts["web", "quarantined", ReasonCodes.StateCorrupt].ShouldBeGreaterThanOrEqualTo(2);
        (await ProfileAsync(IdOf("dora"))).ShouldNotBeNull();
        JsonNode damage = (await DamagesAsync()).ShouldHaveSingleItem()!;
        ((string?)damage["outcome"]).ShouldBe("notRebuilt");
        ((string?)damage["reason"]).ShouldNotBeNull().ShouldContain("links came to it");
        ErrorsAbout(id).ShouldBe(1);

        // As the README says: the row restored, what waits sent in again.
        await ExecuteAsync(
            $"""
            update cdp.snapshot s set data = kept.data from kept where s.id = kept.id;
            delete from cdp.corrupt_state where id = '{id}';
            """
        );
        await Eventually.BeAsync(
            async () =>
                await host.Api.StatusOfAsync($"/v1/individuals/individual/{id}")
                == HttpStatusCode.OK,
            "it is read again"
        );
        (await ProfileAsync(id)).ShouldBe(before);
        await host.Api.PostAsync(
            "/v1/quarantine/replay",
            """{"code":"state_corrupt"}""",
            "application/json"
        );
        await LogOracle.CheckAsync(host);
        counts = await host.Api.DrainAsync();
        counts["web", "quarantined"].ShouldBe(0);
        (await host.Api.ProfileAsync("anonymousId", "later"))!["id"]!.ToString().ShouldBe(id);
    }

    [Fact]
    public async Task An_account_is_rebuilt_with_its_people_and_what_they_told()
    {
        await SayAsync(
            "group",
            """{"userId":"eve","groupId":"g1","traits":{"name":"Acme","plan":"gold"}}"""
        );
        await SayAsync("group", """{"userId":"flo","groupId":"g1","traits":{"plan":"silver"}}""");
        await SayAsync("group", """{"userId":"gil","groupId":"g1"}""");
        await SayAsync("group", """{"userId":"gil","groupId":"g2"}""");
        await host.Api.DrainAsync();
        string[] ids = await RowsAsync("select id from cdp.snapshot where id like 'acc%'");
        ids.Length.ShouldBe(2);
        Dictionary<string, byte[]> before = [];
        foreach (string id in ids)
        {
            before[id] = (await host.Api.BytesAsync($"/v1/accounts/{id}"))!;
        }

        await DamageAsync($"update cdp.snapshot {Flip} where id like 'acc%'");

        foreach (string id in ids)
        {
            (await host.Api.BytesAsync($"/v1/accounts/{id}")).ShouldBe(before[id]);
        }

        await LogOracle.CheckAsync(host);
    }

    [Fact]
    public async Task What_the_log_no_longer_holds_is_reported_and_not_made_up()
    {
        string id = IdOf("hal");
        await SayAsync("identify", """{"userId":"hal","traits":{"firstName":"Hal"}}""");
        await SayAsync("group", """{"userId":"hal","groupId":"g3","traits":{"name":"Acme"}}""");
        await host.Api.DrainAsync();
        await DamageAsync(
            $"""
            delete from cdp.ingest_chunk;
            update cdp.snapshot {Flip};
            """
        );

        (await host.Api.StatusOfAsync($"/v1/individuals/individual/{id}")).ShouldBe(
            HttpStatusCode.InternalServerError
        );
        string account = SubjectIds.AccountOf(new LinkKey("web", "group", "g3"));
        (await host.Api.StatusOfAsync($"/v1/accounts/{account}")).ShouldBe(
            HttpStatusCode.InternalServerError
        );
        JsonNode[] damages = await DamagesAsync();
        damages.Length.ShouldBe(2);
        damages.ShouldAllBe(damage => (string?)damage["outcome"] == "notRebuilt");

        await SayAsync("group", """{"userId":"jim","groupId":"g3"}""");
        await host.Api.DrainAsync();
        (await ProfileAsync(IdOf("jim"))).ShouldNotBeNull();

        var (exitCode, output) = await CommandLine.RunAsync(host.Address, "verify");
        exitCode.ShouldBe(1, output);
        output.ShouldContain($"unreadable: {id}");
    }

    [Fact]
    public async Task Events_in_flight_are_counted_once_when_their_state_is_rebuilt()
    {
        await SayAsync("identify", """{"userId":"ivy","traits":{"firstName":"Ivy"}}""");
        await host.Api.DrainAsync();
        for (int i = 0; i < 40; i++)
        {
            string name = $"Ivy{i / 2}"; // Every second one says nothing new.
            await SayAsync(
                "identify",
                $$$"""{"userId":"ivy","messageId":"m{{{i}}}","traits":{"firstName":"{{{name}}}"}}"""
            );
        }

        await host.Api.DrainAsync();
        // As if only the first had been passed by a checkpoint, and none of the others met its individual yet.
        await DamageAsync(
            $"""
            update cdp.snapshot {Flip};
            update cdp.ingest_checkpoint set seq = least(seq, 1);
            delete from cdp.event_count where kind in (1, 4);
            insert into cdp.event_count (stream, kind, reason, slot, count)
            values ('web', 1, '', 0, 1);
            """
        );

        Counts counts = await host.Api.DrainAsync();
        counts["web", "suppressed", ReasonCodes.NothingNew].ShouldBe(20);
        await LogOracle.CheckAsync(host);
    }

    private static string TableOf(string damage) =>
        damage.Contains("snapshot_part", StringComparison.Ordinal)
            ? "cdp.snapshot_part"
            : "cdp.snapshot";

    private static string IdOf(string user) =>
        SubjectIds.IndividualOf(new Identifier("userId", user, Verified: true));

    /// <summary>Damages what is stored while nobody has it in memory.</summary>
    private async Task DamageAsync(string text)
    {
        await host.StopAsync();
        await ExecuteAsync(text);
        await host.StartAsync();
    }

    private Task<byte[]?> ProfileAsync(string id) =>
        host.Api.BytesAsync($"/v1/individuals/individual/{id}?explain=true");

    private async Task<JsonNode[]> DamagesAsync() =>
        [.. (await host.Api.GetAsync("/v1/status"))!["damagedStates"]!.AsArray().Select(d => d!)];

    private int ErrorsAbout(string id) =>
        host
            .Output.Split('\n')
            .Count(line =>
                line.Contains(id, StringComparison.Ordinal)
                && line.Contains("damaged", StringComparison.Ordinal)
            );

    private async Task SayAsync(string kind, string message)
    {
        var (status, json) = await host.Api.PostAsync($"/v1/{kind}", message, "application/json");
        status.ShouldBe(HttpStatusCode.OK, json?.ToJsonString());
    }

    private async Task ExecuteAsync(string text) => await RowsAsync(text);

    private async Task<long> NumberAsync(string text) =>
        long.Parse((await RowsAsync(text))[0], null);

    private async Task<string[]> RowsAsync(string text)
    {
        await using NpgsqlConnection connection = new(host.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(text, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(Convert.ToString(reader[0], null)!);
        }

        return [.. rows];
    }
}
