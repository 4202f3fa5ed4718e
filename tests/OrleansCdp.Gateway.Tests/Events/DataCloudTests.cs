using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>Records and deletions in Data Cloud's shape.</summary>
[Collection(GatewayCollection.Name)]
public sealed class DataCloudTests(GatewayHost host)
{
    private const string Contacts = "/api/v1/ingest/sources/Salesforce/Contact";
    private const string Cases = "/api/v1/ingest/sources/salesforce/case";

    [Fact]
    public async Task Records_are_taken_and_a_bad_one_is_quarantined_alone()
    {
        Answer answer = await host.PostAsync(
            Contacts,
            """{"data":[{"Id":"003dc1","FirstName":"Ada"},7,{"Id":"003dc2","FirstName":"Bob"}]}"""
        );

        answer.Status.ShouldBe(202, answer.Text);
        ((bool)answer.Json["accepted"]!).ShouldBeTrue();
        ((int)answer.Json["refused"]!).ShouldBe(1);
        ((int)answer.Json["quarantined"]!.AsArray().ShouldHaveSingleItem()!["index"]!).ShouldBe(1);
        answer.Header("Cdp-Receipt").ShouldNotBeNullOrEmpty();
        await host.ProfileAsync("contactId", "003dc1");
        await host.ProfileAsync("contactId", "003dc2");
    }

    [Theory]
    [InlineData("data", """{"data":[{"Id":"500data"}]}""")]
    [InlineData("ids", """{"ids":["500ids"]}""")]
    public async Task A_record_is_deleted_by_its_id(string name, string body)
    {
        await host.PostAsync(
            Cases,
            $$$"""{"data":[{"Id":"500{{{name}}}","ContactId":"003dc-{{{name}}}","Status":"New"}]}"""
        );
        await ShouldHaveCasesAsync(name, 1);

        Answer deleted = await DeleteAsync(body);

        deleted.Status.ShouldBe(202, deleted.Text);
        ((bool)deleted.Json["accepted"]!).ShouldBeTrue();
        ((int)deleted.Json["refused"]!).ShouldBe(0, deleted.Text);
        await ShouldHaveCasesAsync(name, 0);
    }

    [Fact]
    public async Task An_id_that_is_none_is_refused_alone()
    {
        Answer deleted = await DeleteAsync("""{"ids":["500none",{"a":1},null]}""");

        deleted.Status.ShouldBe(202, deleted.Text);
        deleted.Json["quarantined"]!
            .AsArray()
            .Select(refusal => ((int)refusal!["index"]!, (string)refusal["code"]!))
            .ShouldBe([(1, "wrong_type"), (2, "no_subject")]);
    }

    [Fact]
    public async Task Ids_alone_do_not_name_records_of_a_stream_that_needs_more()
    {
        await host.DefineAsync(
            "dc-pairs",
            """
            source: dc
            fields: { a: text, b: text }
            object: Individual
            subject: { object: pair, id: [a, b], of: individual }
            kind: updated
            """
        );

        Answer deleted = await DeleteAsync("""{"ids":["1"]}""", "/api/v1/ingest/sources/dc/pairs");

        deleted.ShouldBeProblem(400, "malformed");
        ((string)deleted.Json["detail"]!).ShouldContain("dc-pairs");
    }

    [Theory]
    [InlineData(StreamEndpoints.DeletedIdsMax, 202)]
    [InlineData(StreamEndpoints.DeletedIdsMax + 1, 413)]
    public async Task So_many_records_are_deleted_at_once_and_of_more_none(int records, int status)
    {
        string ids = string.Join(',', Enumerable.Range(0, records).Select(i => $"\"500many{i}\""));
        string data = string.Join(
            ',',
            Enumerable.Range(0, records).Select(i => $$"""{"Id":"500more{{i}}"}""")
        );

        Answer byIds = await DeleteAsync($$"""{"ids":[{{ids}}]}""");
        Answer byData = await DeleteAsync($$"""{"data":[{{data}}]}""");

        byIds.Status.ShouldBe(status, byIds.Text);
        byData.Status.ShouldBe(status, byData.Text);
        if (status == 413)
        {
            byIds.ShouldBeProblem(413, "too_many_items");
            byData.ShouldBeProblem(413, "too_many_items");
        }
    }

    private Task<Answer> DeleteAsync(string body, string path = Cases) =>
        host.SendAsync(
            HttpMethod.Delete,
            path,
            new StringContent(body, Encoding.UTF8, "application/json")
        );

    private async Task ShouldHaveCasesAsync(string name, int count)
    {
        Answer? context = null;
        await Eventually.BeAsync(
            async () =>
                (context = await host.GetAsync($"/v1/context/contactId/003dc-{name}")).Status == 200
                && context.Json["cases"]?["open"] is JsonArray open
                && open.Count == count,
            $"{count} cases are open",
            () => context?.Text ?? ""
        );
    }
}
