using System.Text.Json.Nodes;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Whatever does not change a profile is counted under the reason why.</summary>
[Collection(GatewayCollection.Name)]
public sealed class FateCountTests(GatewayHost host)
{
    private const string Cases = "counted-cases";

    [Fact]
    public async Task A_case_s_updates_take_the_low_lane_and_those_that_say_nothing_new_are_counted()
    {
        await host.DefineAsync(Cases, ShippedDefinitions.All["salesforce-case"]);
        await host.Api.DrainAsync();
        long low = await HeadsAsync("low");
        long normal = await HeadsAsync("normal");

        await SendAsync(1, "New", priority: "Low");
        await SendAsync(2, "Working", priority: "Low");
        await SendAsync(3, "Working", priority: "Low");
        await SendAsync(4, "Working", priority: "High");
        await SendAsync(5, "Closed", priority: "High");
        await SendAsync(6, "Closed", priority: "High");

        (await FatesAsync(Cases, received: 6)).ShouldBe([
            "applied  4",
            "received  6",
            $"suppressed {ReasonCodes.ClosedAgain} 1",
            $"suppressed {ReasonCodes.NothingNew} 1",
        ]);
        (await HeadsAsync("low")).ShouldBe(low + 3, "the three updates");
        (await HeadsAsync("normal")).ShouldBe(normal + 3, "the creation and the closures");
        JsonNode shown = (await host.GetAsync("/v1/context/contactId/003Counted")).Json["cases"]![
            "recent"
        ]![0]!;
        ((string)shown["priority"]!).ShouldBe("High");
        ((int)shown["closures"]!).ShouldBe(1);
    }

    [Fact]
    public async Task A_kind_that_is_not_kept_is_counted_as_such()
    {
        const string stream = "kept-cases";
        await host.DefineAsync(
            stream,
            ShippedDefinitions
                .All["salesforce-case"]
                .Replace("updated: low", "updated: suppress", StringComparison.Ordinal)
        );

        Answer answer = await host.PostAsync(
            $"/v1/streams/{stream}",
            """{"Id":"500Kept","Status":"Working","SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );

        ((int)answer.Json["filtered"]!).ShouldBe(1, answer.Text);
        (await FatesAsync(stream, received: 1)).ShouldBe([
            $"filtered {ReasonCodes.KindNotKept} 1",
            "received  1",
        ]);
    }

    private async Task SendAsync(int day, string status, string priority)
    {
        Answer answer = await host.PostAsync(
            $"/v1/streams/{Cases}",
            $$"""
            {"Id":"500Counted","ContactId":"003Counted","Status":"{{status}}","Priority":"{{priority}}",
             "SystemModstamp":"2026-01-0{{day}}T00:00:00Z"}
            """
        );
        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        await host.Api.DrainAsync(); // The lanes run side by side; here each change follows the one before.
    }

    private async Task<IEnumerable<string>> FatesAsync(string stream, long received) =>
        (await host.CountsAsync(stream, received))
            .All.Where(count => count.Stream == stream)
            .Select(count => $"{count.Kind} {count.Reason} {count.N}")
            .Order(StringComparer.Ordinal);

    private async Task<long> HeadsAsync(string lane) =>
        (await host.GetAsync("/v1/status")).Json["partitions"]!
            .AsArray()
            .Where(partition => (string)partition!["lane"]! == lane)
            .Sum(partition => (long)partition!["head"]!);
}
