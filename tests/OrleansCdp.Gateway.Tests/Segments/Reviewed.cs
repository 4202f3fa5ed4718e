using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Segments that one person wrote and another one approved, and contacts who may be in them.</summary>
internal sealed class Reviewed(GatewayHost host)
{
    private readonly Dictionary<string, string> keys = [];

    /// <summary>Writes a segment and has it reviewed until it decides.</summary>
    public async Task ActivateAsync(string name, string yaml)
    {
        int version = await ApproveAsync(name, yaml);
        JsonNode preview = await PreviewedAsync(name, version);
        Answer active = await ActivateAsync(name, version, (long)preview["moves"]!);
        active.Status.ShouldBe(200, active.Text);
    }

    /// <summary>Writes a segment and has it reviewed, so that it only is to be activated.</summary>
    /// <returns>Its version.</returns>
    public async Task<int> ApproveAsync(string name, string yaml)
    {
        int version = await DraftAsync(name, yaml);
        string path = $"/v1/definitions/segment/{name}/versions/{version}";
        foreach (
            (string step, string key) in new[]
            {
                ("submit", await AuthorAsync(name)),
                ("approve", await ApproverAsync(name)),
            }
        )
        {
            Answer taken = await host.PostAsync($"{path}/{step}", "{}", key);
            taken.Status.ShouldBe(200, taken.Text);
        }

        return version;
    }

    /// <summary>Writes a version of a segment.</summary>
    public async Task<int> DraftAsync(string name, string yaml)
    {
        Answer put = await PutAsync(name, yaml, await AuthorAsync(name));
        put.Status.ShouldBe(200, put.Text);
        return (int)put.Json["version"]!;
    }

    /// <summary>Puts a text.</summary>
    /// <param name="name">The segment's name.</param>
    /// <param name="yaml">The text.</param>
    /// <param name="key">Of whoever does.</param>
    /// <param name="query">What follows the address.</param>
    public Task<Answer> PutAsync(string name, string yaml, string key, string query = "") =>
        host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/segment/{name}{query}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml"),
            key
        );

    /// <summary>Activates a version, perhaps saying how many it moves.</summary>
    public async Task<Answer> ActivateAsync(string name, int version, long? moves = null) =>
        await host.PostAsync(
            $"/v1/definitions/segment/{name}/versions/{version}/activate",
            moves is null ? "{}" : $$"""{"confirmMoves":{{moves}}}""",
            await ApproverAsync(name)
        );

    /// <summary>The preview of a version, once it has ended.</summary>
    public async Task<JsonNode> PreviewedAsync(string name, int version, string query = "")
    {
        Answer? preview = null;
        await Eventually.BeAsync(
            async () =>
            {
                preview = await host.GetAsync(
                    $"/v1/definitions/segment/{name}/versions/{version}/preview{query}"
                );
                return preview.Status == 200;
            },
            $"version {version} of {name} is previewed",
            () => preview?.Text ?? ""
        );
        return preview!.Json;
    }

    /// <summary>Retires a segment: everybody leaves it.</summary>
    public async Task RetireAsync(string name)
    {
        Answer retired = await host.SendAsync(
            HttpMethod.Delete,
            $"/v1/definitions/segment/{name}?reason=over",
            key: await KeyAsync($"retirer of {name}", "approve")
        );
        retired.Status.ShouldBe(200, retired.Text);
    }

    /// <summary>Says the title of a contact, and waits until it is applied.</summary>
    public async Task SayAsync(string contact, string title, int minute = 0)
    {
        string at = $"2026-06-01T09:{minute:D2}:00Z";
        Answer sent = await host.PostAsync(
            "/v1/streams/salesforce-contact",
            $$"""{"Id":"{{contact}}","Title":"{{title}}","SystemModstamp":"{{at}}"}"""
        );
        sent.Status.ShouldBe(202, sent.Text);
        await host.Api.DrainAsync();
    }

    /// <summary>A segment, once it is ready and so many are in it.</summary>
    public async Task<JsonNode> CountedAsync(string name, long count)
    {
        JsonNode? segment = null;
        await Eventually.BeAsync(
            async () =>
            {
                segment = await GetAsync($"/v1/segments/{name}");
                return (bool)segment["ready"]! && (long)segment["count"]! == count;
            },
            $"{count} are in {name}",
            () => segment?.ToJsonString() ?? ""
        );
        return segment!;
    }

    /// <summary>Reads what is there.</summary>
    public async Task<JsonNode> GetAsync(string path)
    {
        Answer answer = await host.GetAsync(path);
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json;
    }

    /// <summary>The id of a contact's individual.</summary>
    public async Task<string> IndividualAsync(string contact) =>
        (string)(await GetAsync($"/v1/individuals/contactId/{contact}"))["id"]!;

    private Task<string> AuthorAsync(string segment) => KeyAsync($"author of {segment}", "author");

    private Task<string> ApproverAsync(string segment) =>
        KeyAsync($"approver of {segment}", "approve");

    /// <summary>A key with some scopes; of one name once.</summary>
    public async Task<string> KeyAsync(string name, params string[] scopes)
    {
        if (keys.TryGetValue(name, out string? known))
        {
            return known;
        }

        string list = string.Join("\",\"", scopes);
        Answer made = await host.PostAsync(
            "/v1/keys",
            $$"""{"name":"{{name}}","scopes":["{{list}}"]}"""
        );
        made.Status.ShouldBe(201, made.Text);
        return keys[name] = (string)made.Json["key"]!;
    }
}
