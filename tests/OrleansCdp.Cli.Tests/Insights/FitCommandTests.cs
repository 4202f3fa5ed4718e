using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary><c>cdp insights fit</c>: what is asked for, and what becomes of the answer.</summary>
public sealed class FitCommandTests : IDisposable
{
    private const string Fitted = """
        {"fitted":true,"model":"shop","text":"unit: week\n","individuals":9,"damaged":1,"customers":7,
         "isSample":true,"repeatBuyers":4,"incomplete":2,"logLikelihood":-12.5,
         "values":{"fitted":true,"currency":"USD","inOtherCurrencies":3,"logLikelihood":-7.25}}
        """;

    private const string NotFitted = """
        {"fitted":false,"obstacle":"no_repeat_purchases","explanation":"Nobody bought twice.",
         "individuals":9,"damaged":0,"customers":7,"isSample":false,"repeatBuyers":0,"incomplete":0,
         "values":{"fitted":false,"inOtherCurrencies":0}}
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("cdp-fit-").FullName;

    [Fact]
    public async Task A_draft_goes_to_the_file_and_what_was_said_goes_to_the_gateway()
    {
        string file = Path.Combine(folder, "shop.model.yaml");

        (int exit, JsonNode body) = await RunAsync(
            (200, Fitted),
            [
                "fit",
                "--model=shop",
                "--insight=bought",
                "--until=1997-09-30T23:59:59Z",
                "--unit=week",
                "--period=day",
                "--currency=USD",
                "--first-from=1997-01-01",
                "--first-before=1997-04-01",
                "--customers-max=7",
                "-o",
                file,
            ]
        );

        exit.ShouldBe(0);
        (await File.ReadAllTextAsync(file)).ShouldBe("unit: week\n");
        JsonNode
            .DeepEquals(
                body,
                JsonNode.Parse(
                    """
                    {"model":"shop","insight":"bought","until":"1997-09-30T23:59:59Z","unit":"week",
                     "period":"day","currency":"USD","customersMax":7,
                     "cohort":{"firstPurchaseFrom":"1997-01-01","firstPurchaseBefore":"1997-04-01"}}
                    """
                )
            )
            .ShouldBeTrue(body.ToJsonString());
    }

    [Fact]
    public async Task Without_a_draft_the_command_fails_and_no_file_is_written()
    {
        string file = Path.Combine(folder, "shop.model.yaml");

        (int exit, _) = await RunAsync((200, NotFitted), ["fit", "--out", file]);

        exit.ShouldBe(1);
        File.Exists(file).ShouldBeFalse();
    }

    [Fact]
    public async Task A_refusal_is_a_failure()
    {
        (int exit, _) = await RunAsync(
            (409, """{"code":"under_way","detail":"A fit is under way."}"""),
            ["fit"]
        );

        exit.ShouldBe(1);
    }

    [Fact]
    public async Task A_file_that_exists_is_overwritten_only_by_force()
    {
        string file = Path.Combine(folder, "shop.model.yaml");
        await File.WriteAllTextAsync(file, "mine");

        int refused = await InsightsCommand
            .Create()
            .Parse(["fit", "-o", file, "--key=k"])
            .InvokeAsync();
        string kept = await File.ReadAllTextAsync(file);
        (int exit, _) = await RunAsync((200, Fitted), ["fit", "-o", file, "--force"]);

        (refused, kept, exit).ShouldBe((1, "mine", 0));
        (await File.ReadAllTextAsync(file)).ShouldBe("unit: week\n");
    }

    [Fact]
    public void The_report_says_who_was_counted_what_was_fitted_and_what_is_missing()
    {
        Lines(Fitted)
            .ShouldBe([
                "7 customers, a sample by their ids, 4 of whom bought again; 9 individuals were asked.",
                "1 individuals are damaged and did not answer.",
                "Of 2 customers purchases are missing, folded away before the insight was defined.",
                "Purchases fitted: log-likelihood -12.5.",
                "Values fitted in USD: log-likelihood -7.25.",
                "3 who bought again in other currencies count without their values.",
            ]);
        Lines(NotFitted)
            .ShouldBe([
                "7 customers, 0 of whom bought again; 9 individuals were asked.",
                "Not fitted (no_repeat_purchases): Nobody bought twice.",
            ]);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string[] Lines(string answer) =>
        FitReport
            .Of(JsonNode.Parse(answer)!.AsObject())
            .Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private static async Task<(int Exit, JsonNode Body)> RunAsync(
        (int Status, string Body) answer,
        string[] arguments
    )
    {
        using HttpListener gateway = new();
        string address = $"http://127.0.0.1:{FreePort()}/";
        gateway.Prefixes.Add(address);
        gateway.Start();
        Task<int> run = InsightsCommand
            .Create()
            .Parse([.. arguments, $"--url={address}", "--key=k"])
            .InvokeAsync();
        HttpListenerContext context = await gateway.GetContextAsync();
        context.Request.RawUrl.ShouldBe("/v1/insights/fit");
        JsonNode body = (await JsonNode.ParseAsync(context.Request.InputStream))!;
        using (HttpListenerResponse response = context.Response)
        {
            response.StatusCode = answer.Status;
            response.ContentType = "application/json";
            await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer.Body));
        }

        return (await run, body);
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
