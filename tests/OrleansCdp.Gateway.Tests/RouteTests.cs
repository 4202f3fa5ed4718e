using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace OrleansCdp;

/// <summary>What is asked of the wrong address, in the wrong way or in the wrong words.</summary>
[Collection(GatewayCollection.Name)]
public sealed class RouteTests(GatewayHost host)
{
    [Theory]
    [InlineData("/")]
    [InlineData("/v1/nothing/here")]
    [InlineData("/health/other")]
    [InlineData("/openapi/v2.json")]
    [InlineData("/docs/a/b")]
    public async Task An_unknown_address_is_not_found_with_or_without_a_key(string path)
    {
        (await host.GetAsync(path)).ShouldBeProblem(404, "not_found");
        (await host.GetAsync(path, key: null)).ShouldBeProblem(404, "not_found");
    }

    [Theory]
    [InlineData("DELETE", "/v1/status", "GET")]
    [InlineData("GET", "/v1/streams/web", "POST")]
    [InlineData("PUT", "/v1/batch", "POST")]
    public async Task A_wrong_method_is_refused_and_told_the_right_one(
        string method,
        string path,
        string allowed
    )
    {
        StringContent? body = method == "PUT" ? new("{}", Encoding.UTF8, "application/json") : null;
        HttpRequestMessage request = new(new HttpMethod(method), new Uri(host.Address, path))
        {
            Content = body,
            Headers = { Authorization = new("Bearer", GatewayHost.AdminKey) },
        };
        using HttpClient http = new();

        using HttpResponseMessage answer = await http.SendAsync(request);

        ((int)answer.StatusCode).ShouldBe(405);
        answer.Content.Headers.Allow.ShouldBe([allowed]);
        (await host.SendAsync(new HttpMethod(method), path, body)).ShouldBeProblem(
            405,
            "method_not_allowed"
        );
    }

    [Theory]
    [InlineData("/v1/streams/web", "text/plain")]
    [InlineData("/v1/streams/web", "application/xml")]
    [InlineData("/v1/streams/web", null)]
    [InlineData("/v1/track", "application/xml")]
    [InlineData("/v1/cloudevents", "application/json")]
    [InlineData("/v1/keys", "text/plain")]
    [InlineData("/v1/quarantine/replay", "text/plain")]
    public async Task A_wrong_media_type_is_refused(string path, string? mediaType) =>
        (await host.PostAsync(path, "{}"u8.ToArray(), mediaType)).ShouldBeProblem(
            415,
            "unsupported_media_type"
        );

    [Theory]
    [InlineData("DELETE", "/v1/status")]
    [InlineData("GET", "/v1/streams/web")]
    public async Task Without_a_key_nobody_learns_which_methods_there_are(
        string method,
        string path
    ) =>
        (await host.SendAsync(new HttpMethod(method), path, key: null)).ShouldBeProblem(
            401,
            "unauthenticated"
        );

    [Theory]
    [InlineData("/v1/quarantine?limit=many")]
    [InlineData("/v1/quarantine?from=yesterday")]
    [InlineData("/v1/individuals/userId/x?explain=perhaps")]
    public async Task A_parameter_that_cannot_be_read_is_named(string path)
    {
        Answer answer = (await host.GetAsync(path)).ShouldBeProblem(400, "malformed");

        string name = path.Split('?')[1].Split('=')[0];
        ((string)answer.Json["detail"]!).ShouldContain(name);
    }

    [Fact]
    public async Task A_dry_run_that_was_misspelt_stores_nothing() =>
        (await host.PostAsync("/v1/streams/web?dryRun=yes", "[]")).ShouldBeProblem(
            400,
            "malformed"
        );

    [Theory]
    [InlineData("""{"name":1}""", "/name")]
    [InlineData("""{"name":"n","scopes":[1]}""", "/scopes/0")]
    [InlineData("""{"name":"n",""", null)]
    public async Task A_body_of_wrong_types_is_refused_with_a_pointer(string body, string? pointer)
    {
        Answer answer = (await host.PostAsync("/v1/keys", body)).ShouldBeProblem(400, "malformed");

        if (pointer is not null)
        {
            ((string)answer.Json["errors"]![0]!["pointer"]!).ShouldBe(pointer);
        }
    }

    [Theory]
    [InlineData("Content-Length: 30000001\r\n\r\n", 413, "body_too_large")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nno number\r\n", 400, "malformed")]
    public async Task A_body_that_the_server_refuses_is_refused_in_words(
        string rest,
        int status,
        string code
    )
    {
        string[] paths = ["/v1/streams/web", "/v1/batch", "/v1/cloudevents", "/v1/keys"];
        foreach (string path in paths)
        {
            string answer = await RawAsync(
                $"""
                POST {path} HTTP/1.1
                Host: {host.Address.Authority}
                Authorization: Bearer {GatewayHost.AdminKey}
                Content-Type: application/json
                Connection: close

                """.ReplaceLineEndings("\r\n") + rest
            );

            answer.ShouldStartWith($"HTTP/1.1 {status} ");
            answer.ShouldContain("Content-Type: application/problem+json");
            answer.ShouldContain($"\"code\":\"{code}\"");
        }
    }

    [Theory]
    [InlineData("GET /v1/status HTTP/9.9\r\nHost: x\r\n\r\n", 505)]
    [InlineData("GET\r\n\r\n", 400)]
    [InlineData("GET /v1/status HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n", 400)]
    [InlineData("GET /v1/status HTTP/1.1\r\n\r\n", 400)]
    public async Task What_is_no_HTTP_never_reaches_us_and_is_answered_without_words(
        string request,
        int status
    )
    {
        string answer = await RawAsync(request);

        answer.ShouldStartWith($"HTTP/1.1 {status} ");
        answer.ShouldEndWith("\r\n\r\n");
    }

    [Fact]
    public async Task An_encoding_that_is_not_gzip_is_refused()
    {
        ByteArrayContent body = new("[]"u8.ToArray())
        {
            Headers =
            {
                ContentType = MediaTypeHeaderValue.Parse("application/json"),
                ContentEncoding = { "br" },
            },
        };

        (await host.SendAsync(HttpMethod.Post, "/v1/streams/web", body)).ShouldBeProblem(
            415,
            "unsupported_encoding"
        );
    }

    /// <summary>Sends bytes as they are and reads the answer to its end.</summary>
    private async Task<string> RawAsync(string request)
    {
        using TcpClient client = new();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using StreamReader answer = new(stream, Encoding.UTF8);
        return await answer.ReadToEndAsync();
    }
}
