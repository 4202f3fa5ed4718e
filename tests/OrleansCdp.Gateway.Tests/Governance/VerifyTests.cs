using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace OrleansCdp.Governance;

/// <summary>The address behind <c>cdp verify</c>.</summary>
[Collection(GatewayCollection.Name)]
public sealed class VerifyTests(GatewayHost host)
{
    private static readonly string[] Last = ["\"ended\":true"];

    [Fact]
    public async Task It_answers_line_by_line_until_the_last_one_says_so()
    {
        await host.PostAsync("/v1/identify", """{"userId":"verified","traits":{"plan":"pro"}}""");
        await host.Api.DrainAsync();

        Answer answer = await host.SendAsync(HttpMethod.Post, "/v1/verify");

        answer.Status.ShouldBe(200, answer.Text);
        answer.MediaType.ShouldBe("application/x-ndjson");
        string[] lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Where(line => Last.Any(line.Contains)).ShouldBe([lines[^1]]);
        lines[^1].ShouldContain("\"differences\":0");
    }

    [Theory]
    [InlineData("sample=1", 200, null)]
    [InlineData("sample=1000", 200, null)]
    [InlineData("sample=0", 400, "bad_limit")]
    [InlineData("sample=1001", 400, "bad_limit")]
    [InlineData("cursor=4-0-ind_", 200, null)]
    [InlineData("cursor=5-0-", 400, "bad_cursor")]
    [InlineData("cursor=anything", 400, "bad_cursor")]
    public async Task A_sample_and_a_cursor_have_bounds(string query, int status, string? code)
    {
        Answer answer = await host.SendAsync(HttpMethod.Post, $"/v1/verify?{query}");

        if (code is null)
        {
            answer.Status.ShouldBe(status, answer.Text);
        }
        else
        {
            answer.ShouldBeProblem(status, code);
        }
    }

    [Fact]
    public async Task Two_at_once_are_one_too_many()
    {
        IVerifierGrain verifier = host
            .Services.GetRequiredService<IGrainFactory>()
            .GetGrain<IVerifierGrain>(0);
        await using (
            var first = verifier
                .VerifyAsync(new VerifyRequest())
                .WithBatchSize(1)
                .GetAsyncEnumerator()
        )
        {
            (await first.MoveNextAsync()).ShouldBeTrue();
            (await host.SendAsync(HttpMethod.Post, "/v1/verify")).ShouldBeProblem(
                409,
                "verification_running"
            );
        }

        (await host.SendAsync(HttpMethod.Post, "/v1/verify")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Only_operators_may_ask()
    {
        (string _, string secret) = await host.MakeKeyAsync(Scopes.Read);

        (await host.SendAsync(HttpMethod.Post, "/v1/verify", key: secret)).Status.ShouldBe(403);
    }
}
