using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Makes insights and asks about them, over HTTP as an author does.</summary>
internal sealed class InsightRequests(Uri gateway) : IDisposable
{
    private readonly HttpClient http = new()
    {
        BaseAddress = gateway,
        DefaultRequestHeaders =
        {
            Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
        },
    };

    /// <summary>Makes a definition active.</summary>
    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public async Task PutAsync(string name, string yaml)
    {
        using StringContent body = new(yaml, Encoding.UTF8, "application/yaml");
        using HttpResponseMessage answer = await http.PutAsync(
            $"/v1/definitions/insight/{name}",
            body
        );
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
    }

    /// <summary>How far an insight knows the past.</summary>
    public async Task<Telling> TellingAsync(string name)
    {
        JsonNode insight = (await ListAsync())["data"]!
            .AsArray()
            .Single(one => (string)one!["name"]! == name)!;
        JsonNode? making = insight["making"];
        return new Telling(
            (bool)insight["complete"]!,
            (long?)making?["events"] ?? 0,
            (long?)making?["links"] ?? 0,
            (int?)making?["percent"] ?? 0,
            (long?)insight["linksNotTold"] ?? 0
        );
    }

    /// <summary>How many insights do not know the past yet.</summary>
    public async Task<int> IncompleteAsync() =>
        (await ListAsync())["data"]!.AsArray().Count(one => !(bool)one!["complete"]!);

    /// <summary>How far everybody is looked at; null where that never began.</summary>
    public async Task<Walk?> WalkAsync() =>
        (await ListAsync())["walk"] is { } walk
            ? new Walk(
                Time(walk["startedAt"])!.Value,
                Time(walk["endedAt"]),
                (long)walk["individuals"]!,
                (long)walk["accounts"]!,
                (long)walk["putOff"]!
            )
            : null;

    /// <summary>What an insight says of a person of the workload.</summary>
    public async Task<CountOf> CountAsync(int person, string name)
    {
        JsonNode answer = (
            await http.GetFromJsonAsync<JsonNode>(
                $"/v1/individuals/userId/{RecordWriter.UserOf(person)}/insights?name={name}"
            )
        )!;
        JsonNode insight = answer["insights"]![name]!;
        return new CountOf(
            (string)answer["id"]!,
            (long)insight["value"]!,
            (long?)insight["leftOut"] ?? 0
        );
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static DateTimeOffset? Time(JsonNode? at) =>
        at is null ? null : DateTimeOffset.Parse((string)at!, CultureInfo.InvariantCulture);

    private async Task<JsonNode> ListAsync() =>
        (await http.GetFromJsonAsync<JsonNode>("/v1/insights"))!;
}

/// <summary>How far a new version of an insight is told of the past.</summary>
/// <param name="IsComplete">Whether it knows it.</param>
/// <param name="Events">Events read; 0 once it is complete, as the next two.</param>
/// <param name="Links">Links told.</param>
/// <param name="Percent">How much is done, 0 to 100.</param>
/// <param name="NotTold">Links that could not be told, once it is complete.</param>
internal sealed record Telling(bool IsComplete, long Events, long Links, int Percent, long NotTold);

/// <summary>What an insight that counts says of somebody.</summary>
/// <param name="Id">Under which id they are stored.</param>
/// <param name="Value">How many.</param>
/// <param name="LeftOut">How many more there were, which had been folded away before the version was made.</param>
internal sealed record CountOf(string Id, long Value, long LeftOut);

/// <summary>How far everybody is looked at.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it is under way.</param>
/// <param name="Individuals">Individuals looked at.</param>
/// <param name="Accounts">Accounts looked at.</param>
/// <param name="PutOff">Of these, those that could not be.</param>
internal sealed record Walk(
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    long Individuals,
    long Accounts,
    long PutOff
);
