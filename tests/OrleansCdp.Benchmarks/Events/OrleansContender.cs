using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OrleansCdp.Insights;

namespace OrleansCdp.Events;

/// <summary>
/// Contender O: the product as shipped, in a process of its own. Events come through Orleans (O), as records over
/// HTTP (OH), or, those of the site, as tracking batches over HTTP (OS).
/// </summary>
internal sealed class OrleansContender : IContender
{
    private const string Lag = """
        select coalesce(sum(h.next_seq - 1 - k.seq), 0)::bigint
        from cdp.ingest_head h join cdp.ingest_checkpoint k using (lane, partition)
        """;

    private static readonly TimeSpan DrainPause = TimeSpan.FromMilliseconds(20);
    private readonly HostProcess host;

    private OrleansContender(string name, BenchmarkDatabase database, HostProcess host)
    {
        Name = name;
        Database = database;
        this.host = host;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public BenchmarkDatabase Database { get; }

    /// <inheritdoc/>
    public int? HostProcessId => host.Id;

    /// <summary>Its process beside the database.</summary>
    public HostProcess Host => host;

    /// <summary>Where the gateway listens.</summary>
    public Uri Address => host.Address;

    /// <inheritdoc/>
    public IReadOnlyList<string> ProducerArguments =>
        [
            "--target",
            Name,
            "--connection",
            Database.ConnectionString,
            "--address",
            host.Address.ToString(),
        ];

    /// <summary>Starts it.</summary>
    /// <param name="name">O, OH or OS.</param>
    /// <param name="database">Its database.</param>
    /// <param name="profile">Whether it can be profiled with perf.</param>
    /// <param name="followed">Where somebody who follows memberships notes what it is told; null for nobody.</param>
    public static async Task<OrleansContender> StartAsync(
        string name,
        BenchmarkDatabase database,
        bool profile,
        string? followed = null
    ) =>
        new(
            name,
            database,
            await HostProcess.StartAsync(database.ConnectionString, profile, followed: followed)
        );

    /// <inheritdoc/>
    public async Task DrainAsync()
    {
        while (await Database.ReadAsync<long>(Lag) > 0)
        {
            await Task.Delay(DrainPause);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PersonAnswer?>> AnswersAsync(IReadOnlyList<int> people)
    {
        using HttpClient http = new()
        {
            BaseAddress = host.Address,
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
            },
        };
        List<PersonAnswer?> answers = [];
        foreach (int person in people)
        {
            JsonNode? json = await http.GetFromJsonAsync<JsonNode>(
                $"/v1/context/userId/{RecordWriter.UserOf(person)}"
            );
            answers.Add(AnswerOf(json!["insights"]!));
        }

        return answers;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static PersonAnswer AnswerOf(JsonNode insights) =>
        new(
            (int)insights["orderCount"]!,
            PersonAnswer.RevenueOf(
                insights["revenue"]!
                    .AsArray()
                    .Select(money => ((string)money!["currency"]!, (decimal)money["amount"]!))
            ),
            insights["lastEngagementAt"] is { } at
                ? DateTimeOffset.Parse((string)at!, CultureInfo.InvariantCulture)
                : null,
            (int)insights["openCases"]!
        );
}
