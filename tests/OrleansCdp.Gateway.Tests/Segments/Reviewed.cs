using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Segments that one person wrote and another one approved, and contacts who may be in them.</summary>
internal sealed class Reviewed(GatewayHost host)
{
    /// <summary>Writes a segment and has it reviewed until it decides.</summary>
    public async Task ActivateAsync(string name, string yaml)
    {
        string author = await KeyAsync($"author of {name}", "author");
        string approver = await KeyAsync($"approver of {name}", "approve");
        Answer put = await host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/segment/{name}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml"),
            author
        );
        put.Status.ShouldBe(200, put.Text);
        int version = (int)put.Json["version"]!;
        foreach (
            (string step, string key) in new[]
            {
                ("submit", author),
                ("approve", approver),
                ("activate", approver),
            }
        )
        {
            Answer taken = await host.PostAsync(
                $"/v1/definitions/segment/{name}/versions/{version}/{step}",
                "{}",
                key
            );
            taken.Status.ShouldBe(200, taken.Text);
        }
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

    private async Task<string> KeyAsync(string name, string scope)
    {
        Answer made = await host.PostAsync(
            "/v1/keys",
            $$"""{"name":"{{name}}","scopes":["{{scope}}"]}"""
        );
        made.Status.ShouldBe(201, made.Text);
        return (string)made.Json["key"]!;
    }
}
