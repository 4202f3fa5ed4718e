using System.Collections.Concurrent;
using System.Globalization;
using Xunit.Abstractions;

namespace OrleansCdp;

/// <summary>Whatever goes wrong on the way, what is left is the fold of the log.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int SeedsDefault = 200;

    [Fact]
    public void Without_trouble_the_books_balance() =>
        Simulation.Run(seed: 1, withFaults: false).ShouldBeRight();

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        Outcome first = Simulation.Run(seed: 7);
        Outcome second = Simulation.Run(seed: 7);

        second.Trace.Hash.ShouldBe(first.Trace.Hash);
        Simulation.Run(seed: 8).Trace.Hash.ShouldNotBe(first.Trace.Hash);
    }

    [Fact]
    public void After_any_trouble_the_states_are_the_fold_of_the_log()
    {
        int from = Number("CDP_SIMULATION_FROM", 1);
        int seeds = Number("CDP_SIMULATION_SEEDS", SeedsDefault);
        ConcurrentBag<Outcome> outcomes = [];
        Parallel.For(
            from,
            from + seeds,
            seed =>
            {
                Outcome outcome = Simulation.Run(seed);
                outcomes.Add(outcome.Findings.Count > 0 ? outcome : outcome.WithoutTrace());
            }
        );

        TimeSpan longest = outcomes.Max(outcome => outcome.Took);
        output.WriteLine($"{seeds} seeds from {from}; the longest was drained after {longest}.");
        outcomes
            .Where(outcome => outcome.Findings.Count > 0)
            .OrderBy(outcome => outcome.Seed)
            .Select(outcome => outcome.Report)
            .ShouldBeEmpty();
    }

    private static int Number(string variable, int usual) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(variable),
            CultureInfo.InvariantCulture,
            out int number
        )
            ? number
            : usual;
}

internal static class OutcomeChecks
{
    public static void ShouldBeRight(this Outcome outcome) =>
        outcome.Findings.Count.ShouldBe(0, outcome.Report);
}
