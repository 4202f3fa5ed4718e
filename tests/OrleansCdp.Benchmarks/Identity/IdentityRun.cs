using System.Diagnostics;
using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>
/// Who is who in public sets: trained without labels, one threshold for all, records one at a time in this process;
/// then what a comparison and a decision cost.
/// </summary>
internal static class IdentityRun
{
    private const ulong Seed = 1;
    private const int Shuffles = 3;
    private const int Fifth = 5;

    /// <summary>Prints the tables.</summary>
    public static void Run()
    {
        string folder =
            Environment.GetEnvironmentVariable("CDP_DATA")
            ?? Path.Combine(Directory.GetParent(Machine.Checkout())!.FullName, "shared", "data");
        Line($"| set | T | precision | recall | F1 | largest |");
        Line($"|---|---|---|---|---|---|");
        List<string> rest = [];
        foreach (IdentitySet set in IdentitySet.All)
        {
            rest.AddRange(Measure(set, folder));
        }

        Line($"");
        Line($"| set | figure | value |");
        Line($"|---|---|---|");
        rest.ForEach(Console.WriteLine);
        Line($"");
        MeasureCost(folder);
    }

    private static IEnumerable<string> Measure(IdentitySet set, string folder)
    {
        Ruleset ruleset = set.Compile();
        IdentityRecords records = set.Read(folder, ruleset);
        TrainedRules trained = MatchTrainer.Train(records.Values, ruleset.Fuzzy!, Seed);
        MatchThresholds thresholds = trained.Rules.Thresholds;
        for (int step = -1; step <= 1; step++)
        {
            double link = thresholds.LinkMin + step;
            FuzzyRules rules = trained.Rules.WithThresholds(thresholds with { LinkMin = link });
            IdentityScore at = records.Score(records.Run(rules));
            Line(
                $"| {set.Name} | {link} | {at.Precision:0.0000} | {at.Recall:0.0000} | {at.F1:0.0000} | {at.Largest} |"
            );
        }

        MatchSimulation run = records.Run(trained.Rules);
        IdentityScore score = records.Score(run);
        TrainingReport report = trained.Report;
        string rejected = string.Join(
            "; ",
            report
                .Passes.Where(pass => pass.Rejected is not null)
                .Select(pass => string.Join("+", pass.Block))
        );
        yield return Row("matches estimated / true", $"{report.Matches:0} / {records.TruePairs}");
        yield return Row(
            "passes accepted, rejected",
            $"{report.Passes.Count(p => p.Rejected is null)}, {(rejected.Length == 0 ? "none" : rejected)}"
        );
        yield return Row(
            "candidates a record, mean and most",
            $"{(double)run.Candidates / run.Records:0.0}, {run.CandidatesMost}"
        );
        yield return Row(
            "extra scores a record; largest component; keys closed",
            $"{(double)run.ExtraScores / run.Records:0.00}; {run.ComponentMost}; {run.KeysClosed}"
        );
        IdentityScore[] shuffled =
        [
            .. Enumerable.Range(1, Shuffles).Select(seed => Shuffled(records, trained, seed)),
        ];
        yield return Row(
            "shuffled: F1 apart, links that differ, at most",
            $"{shuffled.Max(s => Math.Abs(s.F1 - score.F1)):0.0000}, {shuffled.Max(s => s.DifferenceFrom(score)):0.00%}"
        );
        for (int seed = 0; seed < Shuffles; seed++)
        {
            IdentityRecords arrived = seed == 0 ? records : records.Shuffled(seed);
            TrainedRules early = MatchTrainer.Train(
                [.. arrived.Values.Take(arrived.Records.Count / Fifth)],
                ruleset.Fuzzy!,
                Seed
            );
            IdentityScore late = records.Score(records.Run(early.Rules));
            yield return Row(
                seed == 0 ? "F1 trained on the first fifth" : "... of the records shuffled",
                $"{late.F1:0.0000} ({late.F1 - score.F1:+0.0000;-0.0000}), {early.Report.Matches:0} matches in it"
            );
        }

        string Row(string name, FormattableString value) =>
            $"| {set.Name} | {name} | {value.ToString(CultureInfo.InvariantCulture)} |";
    }

    private static IdentityScore Shuffled(IdentityRecords records, TrainedRules trained, int seed)
    {
        IdentityRecords shuffled = records.Shuffled(seed);
        return shuffled.Score(shuffled.Run(trained.Rules));
    }

    private static void MeasureCost(string folder)
    {
        const int rounds = 200;
        const int candidates = 50;
        Ruleset ruleset = IdentitySet.Febrl3.Compile();
        IReadOnlyList<MatchValues> values = IdentitySet.Febrl3.Read(folder, ruleset).Values;
        FuzzyRules rules = MatchTrainer.Train(values, ruleset.Fuzzy!, Seed).Rules;
        byte[][] stored = [.. values.Take(candidates).Select(record => record.Encode())];
        double best = double.MaxValue;
        double bestDecision = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            MatchValues record = values[candidates + round];
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < candidates; i++)
            {
                rules.Score(record, values[i]);
            }

            TimeSpan scored = Stopwatch.GetElapsedTime(start);
            best = Math.Min(best, scored.TotalMicroseconds / candidates);
            start = Stopwatch.GetTimestamp();
            MatchValues fresh = MatchValues.Decode(record.Encode());
            rules.KeysOf(fresh);
            foreach (byte[] bytes in stored)
            {
                rules.Score(fresh, MatchValues.Decode(bytes));
            }

            bestDecision = Math.Min(
                bestDecision,
                Stopwatch.GetElapsedTime(start).TotalMicroseconds
            );
        }

        Line($"One comparison of {rules.Fields.Length} fields: {best:0.00} us.");
        Line(
            $"A record's keys and {candidates} candidates, decoded and compared: {bestDecision:0} us."
        );
        Line($"Stored values of a record: {stored.Average(bytes => bytes.Length):0} bytes.");
        Line($"Keys of a record: {values.Average(record => rules.KeysOf(record).Length):0.0}.");
    }

    private static void Line(FormattableString line) =>
        Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
