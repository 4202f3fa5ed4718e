using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Changes of what people have, and not of who they are, leave identity as it was to the byte.</summary>
public sealed class EnrichmentTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Owned = "owned-contacts";
    private const string Shipped = "salesforce-contact";
    private const int Contacts = 200;
    private const int Rounds = 5;
    private const int BatchSize = 50;

    // What one turn of matching after the other waits for, as the statements take it.
    private const int MatchLock = 0x6d617463;

    private static readonly DateTimeOffset Start = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_thousand_changes_of_owner_territory_and_enrichment_move_nobody()
    {
        await host.Api.DefineAsync(Owned);
        await SendPeopleAsync();
        string database = await host.DatabaseAsync();
        IdentityTables tables = new(database);
        await host.Api.DrainAsync();
        await tables.UntilSettledAsync();
        IReadOnlyList<string> before = await tables.ReadAsync();
        Dictionary<string, string> ids = await IdsAsync();
        foreach (string table in (string[])["claim", "base_individual", "match_record", "state"])
        {
            before.ShouldContain(row => row.StartsWith(table + ": ", StringComparison.Ordinal));
        }

        await tables.WatchAsync();
        await using (await HoldMatchingAsync(database))
        {
            for (int round = 0; round < Rounds - 2; round++)
            {
                await ChangeAsync(round);
            }

            // It would wait for ever for a turn of matching: none is made.
            await host.Api.DrainAsync();
        }

        (await tables.WrittenAsync()).ShouldBeEmpty();
        (await tables.ReadAsync()).SequenceEqual(before).ShouldBeTrue();

        // What a partition remembers of its links is gone now.
        await host.KillAsync();
        await host.StartAsync();
        await ChangeAsync(Rounds - 2);
        await ChangeAsync(Rounds - 1);
        await host.Api.DrainAsync();

        tables = new(await host.DatabaseAsync());
        // Of a record that is sent whole again it is noted when its compared values were last stated, and nothing else.
        (await tables.WrittenAsync()).ShouldAllBe(row =>
            row.StartsWith("UPDATE match_record ", StringComparison.Ordinal)
        );
        string[] after = [.. (await tables.ReadAsync()).Select(WithoutStatements)];
        string[] then = [.. before.Select(WithoutStatements)];
        after.Except(then).ShouldBeEmpty();
        then.Except(after).ShouldBeEmpty();
        (await IdsAsync()).ShouldBe(ids);
        JsonNode traits = (await host.Api.ProfileAsync("contactId", "003E0"))!["traits"]!;
        ((string)traits["owner"]!["value"]!).ShouldBe($"005R{Rounds - 1}");
        await LogOracle.CheckAsync(host);
        await ControlAsync(tables, before);
    }

    /// <summary>A row; of a compared record who it is, whose, and in which group.</summary>
    private static string WithoutStatements(string row) =>
        row.StartsWith("match_record: ", StringComparison.Ordinal)
            ? string.Join(',', row.Split(',')[..6])
            : row;

    /// <summary>A changed identifier is noticed everywhere, and so is a turn of matching.</summary>
    private async Task ControlAsync(IdentityTables tables, IReadOnlyList<string> before)
    {
        string database = await host.DatabaseAsync();
        NpgsqlConnection holder = await HoldMatchingAsync(database);
        JsonObject other = Contact(7);
        other["Email"] = "another.address@mail.example";
        other["SystemModstamp"] = At(Rounds + 1, 7);
        await SendAsync(Owned, [other]);
        await Eventually.BeAsync(
            async () =>
                await NumberAsync(
                    holder,
                    $"select count(*) from pg_locks where classid = {MatchLock} and not granted"
                ) > 0,
            "a turn of matching waits"
        );
        await holder.DisposeAsync();
        await host.Api.DrainAsync();
        await tables.UntilSettledAsync();

        IReadOnlyList<string> written = await tables.WrittenAsync();
        foreach (string table in (string[])["claim", "identifier", "match_record", "match_key"])
        {
            written.ShouldContain(row => row.Contains($" {table} ", StringComparison.Ordinal));
        }

        (await tables.ReadAsync()).Except(before).ShouldNotBeEmpty();
    }

    /// <summary>
    /// Contacts of accounts; users with the email of every second one, who came with a visitor; cases of every third,
    /// and cases that are whose they match; two contacts with one email, and two that a steward merged.
    /// </summary>
    private async Task SendPeopleAsync()
    {
        JsonObject[] contacts = [.. Enumerable.Range(0, Contacts).Select(Contact)];
        JsonArray users = [.. Enumerable.Range(0, Contacts / 2).Select(i => (JsonNode)User(2 * i))];
        var (status, json) = await host.Api.PostAsync(
            "/v1/batch",
            new JsonObject { ["batch"] = users }.ToJsonString(),
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.OK, json?.ToJsonString());
        await SendAsync(Owned, contacts);
        await SendAsync(
            "salesforce-case",
            [.. Enumerable.Range(0, Contacts).Where(i => i % 3 == 0).Select(Case)]
        );
        await host.Api.DrainAsync();
        JsonObject merge = new()
        {
            ["survivor"] = await IdAsync(11),
            ["other"] = await IdAsync(12),
            ["reason"] = "one person",
        };
        (status, json) = await host.Api.PostAsync(
            "/v1/identity/merge",
            merge.ToJsonString(),
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.OK, json?.ToJsonString());
    }

    /// <summary>Changes everybody once: whole records and parts of them, by two definitions.</summary>
    private async Task ChangeAsync(int round)
    {
        foreach (int[] slice in Enumerable.Range(0, Contacts).Chunk(BatchSize))
        {
            ILookup<bool, JsonObject> changes = slice
                .Select(i => Changed(i, round))
                .ToLookup(change => change.ContainsKey("Department"));
            await SendAsync(Owned, [.. changes[false]]);
            await SendAsync(Shipped, [.. changes[true]]);
        }
    }

    private static JsonObject Changed(int number, int round)
    {
        JsonObject change = (number + round) % 4 is 0 or 3 ? Contact(number) : [];
        change["Id"] = $"003E{number}";
        change["Title"] = $"Title {round}";
        change["SystemModstamp"] = At(round + 1, number);
        if ((number + round) % 4 == 3)
        {
            change["Department"] = $"Department {round}";
            change["LeadSource"] = $"Campaign {round}";
            return change;
        }

        change["OwnerId"] = $"005R{round}";
        change["Territory2Id"] = $"0MIR{round}";
        change["Industry"] = $"Industry {round}";
        change["AnnualRevenue"] = 1_000_000 + round;
        return change;
    }

    private static string At(int round, int number) =>
        Start
            .AddDays(round)
            .AddSeconds(number)
            .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static string FirstName(int number) => $"{Syllables(number)}a";

    private static string LastName(int number) => $"{Syllables(number * 7)}son";

    private static string Email(int number) =>
        $"{FirstName(number)}.{LastName(number)}{number}@mail.example".ToLowerInvariant();

    /// <summary>Names that are not alike.</summary>
    private static string Syllables(int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{"BDFGKLMNPR"[number % 10]}{"aeiou"[number / 10 % 5]}{"tvzrlnskmd"[number / 7 % 10]}{"ouiea"[number / 3 % 5]}"
        );

    private static JsonObject Contact(int number) =>
        new()
        {
            ["Id"] = $"003E{number}",
            ["AccountId"] = $"001E{number % 20}",
            ["FirstName"] = FirstName(number),
            ["LastName"] = LastName(number),
            ["Email"] = Email(number == 1 ? 0 : number),
            ["MobilePhone"] = $"+1 650 253 {number:D4}",
            ["SystemModstamp"] = At(0, number),
        };

    private static JsonObject User(int number) =>
        new()
        {
            ["type"] = "identify",
            ["messageId"] = $"enriched-{number}",
            ["userId"] = $"user-{number}",
            ["anonymousId"] = $"visitor-{number}",
            ["timestamp"] = At(0, number),
            ["traits"] = new JsonObject { ["email"] = Email(number) },
        };

    /// <summary>Of every second one the contact is named, the others say who wrote them.</summary>
    private static JsonObject Case(int number)
    {
        JsonObject record = new()
        {
            ["Id"] = $"500E{number}",
            ["Status"] = "New",
            ["SystemModstamp"] = At(0, number),
        };
        if (number % 2 == 0)
        {
            record["ContactId"] = $"003E{number}";
            return record;
        }

        record["SuppliedName"] = $"{FirstName(number)} {LastName(number)}";
        record["SuppliedEmail"] = number % 5 == 0 ? $"unknown{number}@box.example" : Email(number);
        return record;
    }

    private async Task<Dictionary<string, string>> IdsAsync()
    {
        Dictionary<string, string> ids = [];
        for (int i = 0; i < Contacts; i++)
        {
            ids[$"contact {i}"] = await IdAsync(i);
            if (i % 2 == 0)
            {
                ids[$"user {i}"] = (string)
                    (await host.Api.ProfileAsync("userId", $"user-{i}"))!["id"]!;
            }
        }

        return ids;
    }

    private async Task<string> IdAsync(int number) =>
        (string)(await host.Api.ProfileAsync("contactId", $"003E{number}"))!["id"]!;

    /// <summary>Keeps every turn of matching waiting until it is disposed of.</summary>
    private static async Task<NpgsqlConnection> HoldMatchingAsync(string database)
    {
        NpgsqlConnection connection = new(database);
        await connection.OpenAsync();
        long spaces = await NumberAsync(
            connection,
            $"select count(pg_advisory_lock({MatchLock}, space)) from cdp.match_space"
        );
        spaces.ShouldBe(1);
        return connection;
    }

    private static async Task<long> NumberAsync(NpgsqlConnection connection, string text)
    {
        await using NpgsqlCommand command = new(text, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task SendAsync(string stream, JsonObject[] records)
    {
        var (status, json) = await host.Api.PostAsync(
            $"/v1/streams/{stream}",
            new JsonArray([.. records]).ToJsonString(),
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        ((int)json!["accepted"]!).ShouldBe(records.Length, json.ToJsonString());
    }
}
