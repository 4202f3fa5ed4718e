using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Errors as RFC 9457 has them.</summary>
public sealed class ProblemTests
{
    [Fact]
    public async Task A_problem_says_its_status_its_code_and_only_what_there_is_to_say()
    {
        var (http, json) = await AnswerOfAsync(new Problem(409, "stale", "Somebody was faster."));

        http.Response.StatusCode.ShouldBe(409);
        http.Response.ContentType.ShouldBe("application/problem+json");
        json.ToJsonString()
            .ShouldBe(
                """{"type":"about:blank","title":"Conflict","status":409,"code":"stale","detail":"Somebody was faster."}"""
            );
        http.Response.Headers.RetryAfter.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_problem_points_at_what_is_wrong()
    {
        var (_, json) = await AnswerOfAsync(
            Problem.BadRequest("bad", "Bad.") with
            {
                Errors = [new ProblemError("/a/0", "Wrong.", 3)],
                Candidates = ["x"],
            }
        );

        json["errors"]!
            .ToJsonString()
            .ShouldBe("""[{"pointer":"/a/0","message":"Wrong.","line":3}]""");
        json["candidates"]!.ToJsonString().ShouldBe("""["x"]""");
    }

    [Theory]
    [InlineData(0.1, "1")]
    [InlineData(1.0, "1")]
    [InlineData(2.1, "3")]
    public async Task Events_that_come_too_fast_are_a_429_that_says_when_to_come_back(
        double seconds,
        string header
    )
    {
        DefaultHttpContext http = await RunAsync(_ =>
            throw new LogBehindException(7, 5, TimeSpan.FromSeconds(seconds))
        );

        http.Response.StatusCode.ShouldBe(429);
        http.Response.Headers.RetryAfter.ToString().ShouldBe(header);
        http.Response.Headers["RateLimit-Limit"].ToString().ShouldBe("5");
        http.Response.Headers["RateLimit-Remaining"].ToString().ShouldBe("0");
        http.Response.Headers["RateLimit-Reset"].ToString().ShouldBe(header);
    }

    /// <summary>Trouble that passes by itself.</summary>
    public static TheoryData<Exception> Passing =>
        [
            new LogUnavailableException("away"),
            new TimeoutException(),
            new Orleans.Runtime.OrleansException(),
            new System.Net.Sockets.SocketException(),
            new InvalidOperationException("outer", new IOException("inner")),
            new AggregateException(new TimeoutException(), new IOException()),
        ];

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task Trouble_that_passes_is_a_503_that_says_when_to_come_back(Exception trouble)
    {
        DefaultHttpContext http = await RunAsync(_ => throw trouble);

        http.Response.StatusCode.ShouldBe(503);
        http.Response.Headers.RetryAfter.ToString().ShouldBe("7");
        ((string)JsonOf(http)["code"]!).ShouldBe("unavailable");
    }

    [Fact]
    public async Task A_defect_of_ours_is_a_500_that_gives_nothing_away()
    {
        DefaultHttpContext http = await RunAsync(_ =>
            throw new InvalidOperationException("secret of the house")
        );

        http.Response.StatusCode.ShouldBe(500);
        JsonOf(http).ToJsonString().ShouldNotContain("secret");
        http.Response.Headers.RetryAfter.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData(400, "malformed")]
    [InlineData(404, "not_found")]
    [InlineData(405, "method_not_allowed")]
    [InlineData(406, "not_acceptable")]
    [InlineData(408, "request_timeout")]
    [InlineData(413, "body_too_large")]
    [InlineData(415, "unsupported_media_type")]
    [InlineData(429, "too_many_requests")]
    [InlineData(500, "internal_server_error")]
    [InlineData(599, "refused")]
    public async Task A_refusal_that_says_nothing_is_put_into_words(int status, string code)
    {
        DefaultHttpContext http = await RunAsync(inner =>
        {
            inner.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        http.Response.StatusCode.ShouldBe(status);
        http.Response.ContentType.ShouldBe("application/problem+json");
        ((int)JsonOf(http)["status"]!).ShouldBe(status);
        ((string)JsonOf(http)["code"]!).ShouldBe(code);
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(304, null)]
    [InlineData(399, null)]
    [InlineData(404, "text/html")]
    public async Task An_answer_and_a_refusal_in_other_words_stay_as_they_are(
        int status,
        string? contentType
    )
    {
        DefaultHttpContext http = await RunAsync(inner =>
        {
            inner.Response.StatusCode = status;
            inner.Response.ContentType = contentType;
            return Task.CompletedTask;
        });

        http.Response.ContentType.ShouldBe(contentType);
        BodyOf(http).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(400, "malformed")]
    [InlineData(408, "request_timeout")]
    [InlineData(413, "body_too_large")]
    [InlineData(415, "unsupported_media_type")]
    public async Task What_the_server_refuses_while_a_body_is_read_is_put_into_words(
        int status,
        string code
    )
    {
        DefaultHttpContext http = await RunAsync(_ =>
            throw new BadHttpRequestException("The server's words.", status)
        );

        http.Response.StatusCode.ShouldBe(status);
        ((string)JsonOf(http)["code"]!).ShouldBe(code);
        ((string?)JsonOf(http)["detail"]).ShouldNotBeNullOrEmpty();
    }

    private static async Task<(HttpContext Http, JsonNode Json)> AnswerOfAsync(Problem problem)
    {
        DefaultHttpContext http = ContextOf();
        await problem.ExecuteAsync(http);
        return (http, JsonOf(http));
    }

    private static async Task<DefaultHttpContext> RunAsync(RequestDelegate next)
    {
        DefaultHttpContext http = ContextOf();
        ProblemMiddleware middleware = new(
            next,
            Options.Create(new GatewayOptions { RetryAfterSeconds = 7 }),
            NullLogger<ProblemMiddleware>.Instance
        );
        await middleware.InvokeAsync(http);
        return http;
    }

    private static DefaultHttpContext ContextOf() =>
        new() { Response = { Body = new MemoryStream() } };

    private static string BodyOf(HttpContext http) =>
        System.Text.Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());

    private static JsonNode JsonOf(HttpContext http) => JsonNode.Parse(BodyOf(http))!;
}
