namespace OrleansCdp.Governance;

/// <summary><c>cdp apply</c>, as a user runs it.</summary>
public sealed class ApplyTests(RunningHost host) : IClassFixture<RunningHost>, IDisposable
{
    private const string Good = """
        source: shop
        fields: { id: { type: text, required: true } }
        object: Individual
        subject: { object: customer, id: id, of: individual }
        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cdp-apply-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Good_definitions_become_active_and_errors_have_their_place()
    {
        Write("a-good.yaml", Good);
        Write("b-bad.yaml", Good.Replace("id: id", "id: nowhere", StringComparison.Ordinal));
        Write("notes.txt", "no definition");

        var (exitCode, output) = await ApplyAsync(folder.FullName);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("stream a-good: version ");
        output.ShouldContain(", active");
        output.ShouldContain("  b-bad.yaml(4,");
        output.ShouldNotContain("notes");
        var (status, _) = await host.Api.PostAsync(
            "/v1/streams/a-good",
            """{"id":"1"}""",
            "application/json"
        );
        status.ShouldBe(System.Net.HttpStatusCode.Accepted);

        (exitCode, output) = await ApplyAsync(Path.Combine(folder.FullName, "a-good.yaml"));

        exitCode.ShouldBe(0, output);
        output.ShouldContain(", unchanged");
    }

    [Fact]
    public async Task Rulesets_go_before_the_streams_and_the_rulesets_that_name_them()
    {
        Write("a-stream.yaml", Good + "\nruleset: z-desk\n");
        Write("b-found.ruleset.yaml", "findableBy: z-desk");
        Write("z-desk.ruleset.yaml", "description: The desk");
        Write("c-lost.yaml", Good + "\nruleset: nobody\n");

        var (exitCode, output) = await ApplyAsync(folder.FullName);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("ruleset z-desk: version 1, active");
        output.ShouldContain("ruleset b-found: version 1, active");
        output.ShouldContain("stream a-stream: version 1, active");
        output.ShouldContain("c-lost.yaml(");
        output.ShouldContain("There is no ruleset `nobody`.");
        output.ShouldNotContain("b-found.ruleset.yaml(");
    }

    [Fact]
    public async Task A_segment_is_submitted_for_review_and_waits_for_another_person()
    {
        Write("frequent.segment.yaml", "criteria: count(SalesOrder) > 3");
        Write("wrong.segment.yaml", "criteria: count(SalesOrders) > 3");

        var (exitCode, output) = await ApplyAsync(folder.FullName);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("segment frequent: version 1, submitted");
        output.ShouldContain("  wrong.segment.yaml(1,17)");
        output.ShouldContain("Did you mean `SalesOrder`?");
        File.Delete(Path.Combine(folder.FullName, "wrong.segment.yaml"));
        (exitCode, output) = await ApplyAsync(folder.FullName);
        exitCode.ShouldBe(0, output);
        output.ShouldContain("segment frequent: version 1, submitted");
        string path = "/v1/definitions/segment/frequent/versions/1";
        var (own, refused) = await host.Api.PostAsync($"{path}/approve", "{}", "application/json");
        own.ShouldBe(System.Net.HttpStatusCode.Conflict);
        ((string)refused!["code"]!).ShouldBe("own_work");
        Api reviewer = await host.Api.AnotherAsync("reviewer");
        (await reviewer.PostAsync($"{path}/approve", "{}", "application/json")).Status.ShouldBe(
            System.Net.HttpStatusCode.OK
        );
        await Eventually.BeAsync(
            async () =>
                (string?)(await reviewer.TryGetAsync($"{path}/preview"))?["state"] == "done",
            "it is previewed"
        );
        (await reviewer.PostAsync($"{path}/activate", "{}", "application/json")).Status.ShouldBe(
            System.Net.HttpStatusCode.OK
        );
        (_, output) = await ApplyAsync(folder.FullName);
        output.ShouldContain("segment frequent: version 1, active");
    }

    [Fact]
    public async Task Segments_that_ask_for_each_other_are_submitted_together()
    {
        Write("a_asks.segment.yaml", "criteria: in segment b_asked");
        Write("b_asked.segment.yaml", "criteria: title is null");

        var (exitCode, output) = await ApplyAsync(folder.FullName);

        exitCode.ShouldBe(0, output);
        output.ShouldContain("segment a_asks: version 1, submitted");
        output.ShouldContain("segment b_asked: version 1, submitted");
    }

    [Fact]
    public async Task A_folder_without_definitions_is_said_so()
    {
        var (exitCode, output) = await ApplyAsync(folder.FullName);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("has no .yaml, .yml or .json file");
    }

    private void Write(string name, string text) =>
        File.WriteAllText(Path.Combine(folder.FullName, name), text);

    private Task<(int ExitCode, string Output)> ApplyAsync(string from) =>
        CommandLine.RunAsync(host.Address, "apply", "-f", from);
}
