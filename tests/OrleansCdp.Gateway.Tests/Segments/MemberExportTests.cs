using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Everybody who is in a segment, in one answer.</summary>
[Collection(GatewayCollection.Name)]
public sealed class MemberExportTests(GatewayHost host)
{
    private readonly Reviewed segments = new(host);

    [Fact]
    public async Task Everybody_is_exported_once_however_many_pages_that_are()
    {
        await FillAsync("exported", 2_500);

        Answer lines = await host.GetAsync("/v1/segments/exported/members/export");
        Answer csv = await host.GetAsync("/v1/segments/exported/members/export?format=csv");
        Answer gold = await host.GetAsync("/v1/segments/exported/members/export?tier=gold");

        lines.MediaType.ShouldBe("application/x-ndjson");
        string[] ids =
        [
            .. lines
                .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => (string)JsonNode.Parse(line)!["individual"]!),
        ];
        ids.ShouldBe(Enumerable.Range(1, 2_500).Select(IdOf));
        csv.MediaType.ShouldBe("text/csv");
        string[] rows = csv.Text.Split("\r\n");
        rows[0].ShouldBe("individual,tier,since,version");
        rows[1].ShouldBe($"{IdOf(1)},,2026-01-01T00:00:00Z,3");
        rows[2].ShouldBe($"{IdOf(2)},gold,2026-01-01T00:00:00Z,3");
        rows[^1].ShouldBe("", "the last line ends, too");
        rows.Length.ShouldBe(2_502);
        gold.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1_250);
    }

    [Fact]
    public async Task An_export_of_nobody_is_empty()
    {
        await FillAsync("exports_nobody", 0);

        (await host.GetAsync("/v1/segments/exports_nobody/members/export")).Text.ShouldBe("");
        (
            await host.GetAsync("/v1/segments/exports_nobody/members/export?format=csv")
        ).Text.ShouldBe("individual,tier,since,version\r\n");
    }

    [Theory]
    [InlineData("ndjson")]
    [InlineData("csv")]
    public async Task An_export_that_fails_midway_does_not_look_whole(string format)
    {
        await FillAsync("breaks_" + format, 1_500);
        // No instant of ours: the second page cannot be read.
        await host.Database.ExecuteAsync(
            $"""
            update cdp.members set since = '200000-01-01Z'
            where segment = 'breaks_{format}' and individual = '{IdOf(1_400)}'
            """
        );

        await Should.ThrowAsync<HttpRequestException>(() =>
            host.GetAsync($"/v1/segments/breaks_{format}/members/export?format={format}")
        );

        await host.Database.ExecuteAsync(
            $"""
            update cdp.members set since = '200000-01-01Z'
            where segment = 'breaks_{format}' and individual = '{IdOf(1)}'
            """
        );
        (
            await host.GetAsync($"/v1/segments/breaks_{format}/members/export?format={format}")
        ).ShouldBeProblem(500, "internal");
    }

    private static string IdOf(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"ind_{number:D32}");

    private async Task FillAsync(string segment, int count)
    {
        await segments.ActivateAsync(segment, $"criteria: title = '{segment}'");
        await host.Database.ExecuteAsync(
            $"""
            insert into cdp.members (segment, individual, tier, since, version, sequence)
            select '{segment}', 'ind_' || lpad(i::text, 32, '0'),
                case when i % 2 = 0 then 'gold' end, '2026-01-01Z', 3, 1
            from generate_series(1, {count}) i
            """
        );
    }
}
