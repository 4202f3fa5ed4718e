using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>
/// Merged and taken back is never merged: histories are played to two databases, to one of them while stewards merge and
/// take back at random moments and the program is killed again and again. In the end nothing tells them apart.
/// </summary>
public sealed class StewardHistoryTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const int Batches = 40;
    private const int Kills = 2;

    /// <summary>
    /// As many as <c>CDP_HISTORY_SEEDS</c> says, from <c>CDP_HISTORY_FROM</c> on. A slow proof: without a number it is left out.
    /// </summary>
    public static TheoryData<int> Seeds { get; } =
    [.. Enumerable.Range(Setting("CDP_HISTORY_FROM", 1), Setting("CDP_HISTORY_SEEDS", 1))];

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task What_was_merged_and_taken_back_is_as_if_it_had_never_been_merged(int seed)
    {
        Skip.If(
            Environment.GetEnvironmentVariable("CDP_HISTORY_SEEDS") is null,
            "A slow proof, run by hand: say how many seeds, CDP_HISTORY_SEEDS=5."
        );
        PeopleHistory history = new(seed, Batches);
        await using TestDatabase disturbed = await postgres.CreateDatabaseAsync();
        await using TestDatabase quiet = await postgres.CreateDatabaseAsync();
        IReadOnlyDictionary<string, string> expected = await PlayQuietlyAsync(quiet, history);
        await using RunningHost host = new() { ConnectionString = disturbed.ConnectionString };
        await host.StartAsync();
        RandomSteward steward = new(() => host.Api, () => host.Output, disturbed, new Random(seed));

        await PlayDisturbedAsync(host, steward, history, new Random(-seed));
        await steward.TakeEverythingBackAsync();
        await Eventually.BeAsync(
            async () =>
                (await disturbed.RowsAsync("select claim from cdp.open_decision")).Length == 0,
            "no steward's word is left that anything waits for",
            () => host.Output
        );

        steward.Merged.ShouldBeGreaterThan(0);
        IReadOnlyDictionary<string, string> found = await ReadAsync(host, disturbed);
        string[] differences =
        [
            .. expected
                .Keys.Union(found.Keys)
                .Where(key => expected.GetValueOrDefault(key) != found.GetValueOrDefault(key))
                .OrderDescending(StringComparer.Ordinal) // What was decided first, and what follows for people last.
                .Select(key =>
                    $"{key}\n  never merged {expected.GetValueOrDefault(key)}\n  taken back   {found.GetValueOrDefault(key)}"
                ),
        ];
        await KeepAsync(differences, host, disturbed, quiet);
        differences.ShouldBeEmpty(
            $"seed {seed}, {steward.Merged} merges, {differences.Length} differences:\n"
                + string.Join('\n', differences.Take(10))
        );
        await LogOracle.CheckAsync(host);
    }

    private static async Task<IReadOnlyDictionary<string, string>> PlayQuietlyAsync(
        TestDatabase database,
        PeopleHistory history
    )
    {
        await using RunningHost host = new() { ConnectionString = database.ConnectionString };
        await host.StartAsync();
        foreach ((string stream, string body) in history.Batches)
        {
            await InsistAsync(host, stream, body);
        }

        return await ReadAsync(host, database);
    }

    private static async Task PlayDisturbedAsync(
        RunningHost host,
        RandomSteward steward,
        PeopleHistory history,
        Random random
    )
    {
        HashSet<int> kills = [.. Enumerable.Range(0, Kills).Select(_ => random.Next(5, Batches))];
        using CancellationTokenSource enough = new();
        Task decisions = Task.Run(() => steward.DecideAsync(enough.Token));
        for (int i = 0; i < history.Batches.Count; i++)
        {
            (string stream, string body) = history.Batches[i];
            await InsistAsync(host, stream, body);
            await steward.UntilMoreAsync(1);
            if (kills.Contains(i))
            {
                await host.KillAsync();
                await host.StartAsync();
            }
        }

        await enough.CancelAsync();
        await decisions;
    }

    /// <summary>What a failure left behind, for whoever looks for its cause: into the folder <c>CDP_HISTORY_KEEP</c> names.</summary>
    private static async Task KeepAsync(
        string[] differences,
        RunningHost host,
        TestDatabase disturbed,
        TestDatabase quiet
    )
    {
        if (
            differences.Length == 0
            || Environment.GetEnvironmentVariable("CDP_HISTORY_KEEP") is not { } folder
        )
        {
            return;
        }

        Directory.CreateDirectory(folder);
        await File.WriteAllLinesAsync(Path.Combine(folder, "differences"), differences);
        await File.WriteAllTextAsync(Path.Combine(folder, "output"), host.Output);
        foreach (
            (string name, TestDatabase database) in new[]
            {
                ("disturbed", disturbed),
                ("quiet", quiet),
            }
        )
        {
            string[] tables = await database.RowsAsync(
                "select table_name from information_schema.tables where table_schema = 'cdp'"
            );
            foreach (string table in tables)
            {
                await File.WriteAllLinesAsync(
                    Path.Combine(folder, $"{name}.{table}"),
                    await database.RowsAsync($"select row_to_json(t)::text from cdp.{table} t")
                );
            }
        }
    }

    /// <summary>Everything that is to be equal, by what it is of.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> ReadAsync(
        RunningHost host,
        TestDatabase database
    )
    {
        await host.Api.DrainAsync();
        await new IdentityTables(database.ConnectionString).UntilSettledAsync();
        // A gateway remembers for moments who was merged, and a grain may answer what is stored nowhere.
        await host.KillAsync();
        await host.StartAsync();
        await host.Api.DrainAsync();
        await new IdentityTables(database.ConnectionString).UntilSettledAsync();
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        foreach (
            string id in await database.RowsAsync(
                @"select id from cdp.snapshot where id like 'ind\_%'"
            )
        )
        {
            foreach (string path in (string[])["individuals", "context"])
            {
                // Whoever went on as another one answers as that one, and may have been nobody elsewhere.
                byte[]? body = await host.Api.BytesAsync(
                    $"/v1/{path}/individual/{id}?explain=true"
                );
                if (body is not null && (string)JsonNode.Parse(body)!["id"]! == id)
                {
                    all[$"{path} {id}"] = WithoutReceipts(body);
                }
            }
        }

        foreach (string row in await database.RowsAsync(Places))
        {
            all[row[..row.IndexOf('|', StringComparison.Ordinal)]] = row;
        }

        foreach (string row in await database.RowsAsync(Matches))
        {
            all["match " + row[..row.IndexOf('|', StringComparison.Ordinal)]] = row;
        }

        return all;
    }

    /// <summary>An answer without when its events were received: those of two databases were at two times.</summary>
    private static string WithoutReceipts(byte[] answer)
    {
        JsonNode json = JsonNode.Parse(answer)!;
        Remove(json);
        return json.ToJsonString();

        static void Remove(JsonNode? node)
        {
            if (node is JsonObject item)
            {
                item.Remove("lastReceivedAt");
                item.Remove("receivedAt");
                item.Remove("asOf");
            }

            IEnumerable<JsonNode?> inner =
                node is JsonObject o ? o.Select(one => one.Value)
                : node is JsonArray list ? list
                : [];
            foreach (JsonNode? one in inner)
            {
                Remove(one);
            }
        }
    }

    /// <summary>Where the links of each claim are.</summary>
    private const string Places = """
        select c.claim, case when b.live then coalesce(b.placed_at, b.id) else coalesce(b.root, c.owner) end
        from cdp.claim c left join cdp.base_individual b on b.id = c.owner
        """;

    /// <summary>Whom every record belongs to, and with whom it is in a group; groups have numbers of their own.</summary>
    private const string Matches = """
        select m.subject, s.ruleset, m.owner, m.individual,
            (select string_agg(g.subject, ',' order by g.subject) from cdp.match_record g
            where g.space = m.space and g.group_id = m.group_id)
        from cdp.match_record m join cdp.match_space s on s.space = m.space
        """;

    private static int Setting(string name, int otherwise) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(name),
            CultureInfo.InvariantCulture,
            out int set
        )
            ? set
            : otherwise;

    private static Task InsistAsync(RunningHost host, string stream, string body) =>
        Eventually.BeAsync(
            async () =>
            {
                var (status, json) = await host.Api.PostAsync(
                    $"/v1/streams/{stream}",
                    body,
                    "application/json"
                );
                if (status == HttpStatusCode.Accepted)
                {
                    json!["quarantined"]!.AsArray().ShouldBeEmpty();
                }

                return status == HttpStatusCode.Accepted;
            },
            "a batch is acknowledged",
            () => host.Output
        );
}

/// <summary>A steward who merges anybody with anybody and takes merges back, as long as the program answers.</summary>
/// <param name="api">Reaches it.</param>
/// <param name="output">What it printed.</param>
/// <param name="database">Its database.</param>
/// <param name="random">Chance.</param>
/// <param name="spared">Whom it leaves alone; null for nobody.</param>
internal sealed class RandomSteward(
    Func<Api> api,
    Func<string> output,
    TestDatabase database,
    Random random,
    IReadOnlyCollection<string>? spared = null
)
{
    private int tries;

    /// <summary>How often two were merged.</summary>
    public int Merged { get; private set; }

    /// <summary>Decides until it is enough.</summary>
    public async Task DecideAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await DecideOnceAsync();
        }
    }

    /// <summary>Merges or takes back once.</summary>
    public async Task DecideOnceAsync()
    {
        await (random.Next(5) < 3 ? MergeAsync() : TakeBackAsync());
        Interlocked.Increment(ref tries);
    }

    /// <summary>Waits until so many more decisions were tried.</summary>
    public Task UntilMoreAsync(int more)
    {
        int target = Volatile.Read(ref tries) + more;
        return Eventually.BeAsync(
            () => Task.FromResult(Volatile.Read(ref tries) >= target),
            "the steward decides",
            output
        );
    }

    /// <summary>Takes back whatever is not taken back yet.</summary>
    public Task TakeEverythingBackAsync() =>
        Eventually.BeAsync(
            async () =>
            {
                await TakeBackAsync();
                return (await DecisionsAsync()).Length == 0;
            },
            "every merge is taken back",
            output
        );

    /// <summary>Merges two, if they can be.</summary>
    public async Task MergeAsync()
    {
        string[] all =
        [
            .. (
                await database.RowsAsync(
                    @"select id from cdp.snapshot where id like 'ind\_%' or id like 'rec\_%' order by id"
                )
            ).Except(spared ?? []),
        ];
        if (all.Length < 2)
        {
            return;
        }

        JsonObject body = new()
        {
            ["survivor"] = all[random.Next(all.Length)],
            ["other"] = all[random.Next(all.Length)],
        };
        Merged += await PostAsync("merge", body) == HttpStatusCode.OK ? 1 : 0;
    }

    private async Task TakeBackAsync()
    {
        string[] decisions = await DecisionsAsync();
        if (decisions.Length > 0)
        {
            string one = decisions[random.Next(decisions.Length)];
            JsonObject body = new()
            {
                ["decision"] = long.Parse(one, CultureInfo.InvariantCulture),
            };
            await PostAsync("unmerge", body);
        }
    }

    private Task<string[]> DecisionsAsync() =>
        database.RowsAsync(
            "select id from cdp.steward_decision where withdrawn_at is null order by id"
        );

    /// <summary>Sends a decision; null when the program died of it, and whether it was made is not known.</summary>
    private async Task<HttpStatusCode?> PostAsync(string what, JsonObject body)
    {
        body["reason"] = "by chance";
        try
        {
            var (status, json) = await api()
                .PostAsync($"/v1/identity/{what}", body.ToJsonString(), "application/json");
            (
                status
                is HttpStatusCode.OK
                    or HttpStatusCode.NotFound
                    or HttpStatusCode.Conflict
                    or HttpStatusCode.ServiceUnavailable
            ).ShouldBeTrue($"{what} {body.ToJsonString()}: {status} {json?.ToJsonString()}");
            return status;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null;
        }
    }
}
