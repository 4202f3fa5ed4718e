using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>How many records one request may bring, and how many refusals one answer lists.</summary>
[Collection(GatewayCollection.Name)]
public sealed class RecordLimitTests(GatewayHost host)
{
    private const string Ndjson = "application/x-ndjson";
    private const string Tries = "/v1/streams/web?dryRun=true";

    [Theory]
    [InlineData(Ndjson, "", "1\n\n", "")]
    [InlineData("application/json", "[1", ",1", "]")]
    [InlineData("text/csv", "type,event\n1\n", "1\n\"\"\n\n", "")]
    public async Task A_body_has_a_limit_of_records_and_of_one_with_more_nothing_is_taken(
        string mediaType,
        string head,
        string record,
        string end
    )
    {
        string stream = "records-" + mediaType.Split('/')[1];
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        // JSON and CSV begin with a record of their own.
        int most = Limits.StreamRecordsMax - (head.Length > 0 ? 1 : 0);
        string allowed = head + Repeat(record, most) + end;
        string tooMuch = head + Repeat(record, most + 1) + end;

        Answer tried = await host.PostAsync(Tries, allowed, mediaType: mediaType);
        Answer refusedTry = await host.PostAsync(Tries, tooMuch, mediaType: mediaType);
        Answer refused = await host.PostAsync(
            $"/v1/streams/{stream}",
            tooMuch,
            mediaType: mediaType
        );

        tried.Status.ShouldBe(202, tried.Text);
        ((int)tried.Json["refused"]!).ShouldBe(Limits.StreamRecordsMax);
        refusedTry.ShouldBeProblem(413, "too_many_items");
        refused.ShouldBeProblem(413, "too_many_items");
        ((string)refused.Json["detail"]!).ShouldContain($"{Limits.StreamRecordsMax}");
        (await host.QuarantineAsync(stream)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(Limits.RefusalsListedMax, true)]
    [InlineData(Limits.RefusalsListedMax + 1, true)]
    [InlineData(Limits.RefusalsListedMax, false)]
    [InlineData(Limits.RefusalsListedMax + 1, false)]
    public async Task An_answer_lists_so_many_refusals_and_counts_and_keeps_all(
        int refused,
        bool dryRun
    )
    {
        string stream = $"refusals-{refused}";
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        string path = $"/v1/streams/{stream}" + (dryRun ? "?dryRun=true" : "");

        Answer answer = await host.PostAsync(path, Repeat("1\n", refused), mediaType: Ndjson);

        ((int)answer.Json["refused"]!).ShouldBe(refused);
        answer.Json["quarantined"]!
            .AsArray()
            .Select(refusal => (int)refusal!["index"]!)
            .ShouldBe(Enumerable.Range(0, Limits.RefusalsListedMax));
        if (!dryRun)
        {
            long kept = await host.Database.NumberAsync(
                $"select count(*) from cdp.quarantine where stream = '{stream}'"
            );
            kept.ShouldBe(refused);
        }
    }

    [Theory]
    [InlineData(Limits.BatchContextsBytesMax / Limits.EventBytesMax, 200)]
    [InlineData((Limits.BatchContextsBytesMax / Limits.EventBytesMax) + 1, 413)]
    public async Task The_context_of_a_batch_times_its_messages_has_a_limit(
        int messages,
        int status
    )
    {
        string context = Sent.Filled("""{"pad":"#"}""", Limits.EventBytesMax);
        string batch = string.Join(
            ',',
            Enumerable
                .Range(0, messages)
                .Select(i =>
                    $$"""{"type":"track","event":"e","userId":"contexts","messageId":"contexts-{{i}}"}"""
                )
        );

        Answer answer = await host.PostAsync(
            "/v1/batch",
            $$"""{"context":{{context}},"batch":[{{batch}}]}"""
        );

        answer.Status.ShouldBe(status, answer.Text);
        if (status == 413)
        {
            answer.ShouldBeProblem(413, "context_too_large");
        }
        else
        {
            answer.Json["rejected"].ShouldBeNull();
        }
    }

    private static string Repeat(string text, int times) =>
        new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}
