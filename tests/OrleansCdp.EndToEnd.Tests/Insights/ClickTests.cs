using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>70,278 clicks of anonymous visitors.</summary>
public sealed class ClickTests(RunningHost host) : IClassFixture<RunningHost>
{
    [SkippableFact]
    public async Task Every_session_has_the_file_s_own_number_of_clicks()
    {
        var (header, rows) = RealData.Lines("events/yoochoose_clicks.csv");
        await host.Api.DefineAsync("yoochoose-clicks");

        Taken taken = await host.Api.ImportAsync("yoochoose-clicks", header, rows);
        await host.Api.DrainAsync();

        (taken.Accepted + taken.Duplicates).ShouldBe(rows.Length);
        var sessions = rows.Distinct().GroupBy(row => row.Split(',')[0]).ToArray();
        taken.Accepted.ShouldBe(sessions.Sum(session => session.Count()));
        List<string> wrong = [];
        await Parallel.ForEachAsync(
            sessions.Where((_, i) => i % 10 == 0),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (session, _) =>
            {
                JsonNode? profile = await host.Api.ProfileAsync("anonymousId", session.Key);
                long count = (long?)profile?["insights"]!["engagementCount"] ?? -1;
                if (count != session.Count())
                {
                    lock (wrong)
                    {
                        wrong.Add($"{session.Key}: {count}, expected {session.Count()}");
                    }
                }
            }
        );
        wrong.ShouldBeEmpty();
    }
}
