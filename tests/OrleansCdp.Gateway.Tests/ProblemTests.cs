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
