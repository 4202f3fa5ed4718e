using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Orleans.Concurrency;

namespace OrleansCdp.Identity;

/// <summary>Trains, tries and makes live the rules of one match space. The work itself is done outside of its turns.</summary>
[GrainType("cdp.ruleset")]
[KeepAlive] // Between two reports of a replay it is no call.
[Reentrant]
internal sealed class RulesetGrain(
    IRulesets rulesets,
    IMatchStore matches,
    IReplayStore replays,
    MatchReplay replay
) : Grain, IRulesetGrain
{
    private const int PageMax = 5_000;
    private bool working;
    private bool replaying;

    public async Task<TrainingDraft> TrainAsync(int sampleMax, ulong seed)
    {
        if (sampleMax is < 2 or > IRulesetGrain.SampleMax)
        {
            throw new ArgumentOutOfRangeException(nameof(sampleMax));
        }

        var (ruleset, refusal) = Compiled(await rulesets.TextOfAsync(Name));
        if (ruleset is null || refusal is not null)
        {
            return new TrainingDraft { Refusal = refusal };
        }

        if (working)
        {
            return new TrainingDraft { Refusal = UnderWay("training or trial") };
        }

        working = true;
        try
        {
            ImmutableArray<byte[]> said = await matches.FindAsync(Name, default) is { } space
                ? await replays.SampleAsync(space.Id, sampleMax, seed, default)
                : [];
            return said.Length < 2
                ? new TrainingDraft { Refusal = TooFew }
                : await Task.Run(() => Train(ruleset, said, seed));
        }
        finally
        {
            working = false;
        }
    }

    public async Task<TrialAnswer> TryAsync(string? text, int movesMax)
    {
        if (movesMax is < 0 or > IRulesetGrain.TrialMovesMax)
        {
            throw new ArgumentOutOfRangeException(nameof(movesMax));
        }

        RulesetText? active = await rulesets.TextOfAsync(Name);
        var (ruleset, refusal) = Compiled(
            active is null || text is null ? active : active with { Text = text }
        );
        if (ruleset?.Fuzzy is not { } rules || refusal is not null)
        {
            return new TrialAnswer { Refusal = refusal };
        }

        if (working)
        {
            return new TrialAnswer { Refusal = UnderWay("training or trial") };
        }

        working = true;
        try
        {
            if (await matches.FindAsync(Name, default) is not { } space)
            {
                return new TrialAnswer { Refusal = TooFew };
            }

            var records = await ReadAsync(space.Id);
            if (records.Length > IRulesetGrain.TrialMax)
            {
                return new TrialAnswer { Refusal = TooMany };
            }

            var verdicts = await replays.ReadVerdictsAsync(
                space.Id,
                IRulesetGrain.TrialMax,
                default
            );
            long soft = await replays.CountSoftAsync(space.Id, default);
            return await Task.Run(() => Try(space, rules, records, verdicts, (int)soft, movesMax));
        }
        finally
        {
            working = false;
        }
    }

    public async IAsyncEnumerable<ReplayReport> ActivateAsync(
        int version,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        RulesetText? wanted = await rulesets.TextOfAsync(Name, version);
        RulesetRefusal? refusal =
            wanted is null && await rulesets.TextOfAsync(Name) is not null
                ? new(
                    RulesetRefusals.UnknownVersion,
                    $"Version {version} of `{Name}` is not kept.",
                    []
                )
                : null;
        (Ruleset? ruleset, RulesetRefusal? other) = Compiled(wanted);
        refusal ??= other ?? (replaying ? UnderWay("replay") : null);
        if (refusal is not null || wanted is null || ruleset?.Fuzzy is not { } rules)
        {
            yield return new ReplayReport { Refusal = refusal, Ended = true };
            yield break;
        }

        replaying = true;
        try
        {
            await foreach (ReplayReport one in replay.RunAsync(Name, wanted, rules, cancel))
            {
                yield return one;
            }
        }
        finally
        {
            replaying = false;
        }
    }

    private string Name => this.GetPrimaryKeyString();

    private static RulesetRefusal TooFew { get; } =
        new(
            RulesetRefusals.TooFewRecords,
            "Fewer than two records are stored: there is nothing to compare.",
            []
        );

    private static RulesetRefusal TooMany { get; } =
        new(
            RulesetRefusals.TooManyRecords,
            $"Rules are tried on at most {IRulesetGrain.TrialMax} records.",
            []
        );

    private static RulesetRefusal UnderWay(string what) =>
        new(
            RulesetRefusals.UnderWay,
            $"A {what} of this ruleset is under way. Wait for its end.",
            []
        );

    private (Ruleset? Ruleset, RulesetRefusal? Refusal) Compiled(RulesetText? version)
    {
        if (version is null)
        {
            return (
                null,
                new(RulesetRefusals.UnknownRuleset, $"There is no ruleset `{Name}`.", [])
            );
        }

        (Ruleset? ruleset, var errors) = Ruleset.Compile(Name, version.Text);
        return ruleset switch
        {
            null => (
                null,
                new(RulesetRefusals.DoesNotCompile, "The definition does not compile.", errors)
            ),
            { Fuzzy: null } => (
                ruleset,
                new(
                    RulesetRefusals.AnchorsOnly,
                    $"`{Name}` has no fuzzy part: anchors alone decide.",
                    []
                )
            ),
            _ => (ruleset, null),
        };
    }

    private static TrainingDraft Train(Ruleset ruleset, ImmutableArray<byte[]> said, ulong seed)
    {
        TrainedRules trained = MatchTrainer.Train(
            [.. said.Select(bytes => StoredValues.Kept(ruleset.Fuzzy!, MatchValues.Decode(bytes)))],
            ruleset.Fuzzy!,
            seed
        );
        TrainingReport report = trained.Report;
        return new TrainingDraft
        {
            Text = RulesetWriter.Draft(ruleset, trained),
            Records = report.Records,
            RandomPairs = report.RandomPairs,
            CandidatePairs = report.CandidatePairs,
            Passes =
            [
                .. report.Passes.Select(pass => new DraftPass(
                    pass.Block,
                    pass.Pairs,
                    pass.Matches,
                    pass.Households,
                    pass.Rejected
                )),
            ],
            MatchRate = report.MatchRate,
            Matches = report.Matches,
            HouseholdRate = report.HouseholdRate,
            Groups = report.Groups,
            Guarded = [.. report.Guarded.Select(one => new GuardedField(one.Key, one.Value))],
        };
    }

    private async Task<ImmutableArray<TrialRecord>> ReadAsync(int space)
    {
        var records = ImmutableArray.CreateBuilder<TrialRecord>();
        long after = 0;
        while (records.Count <= IRulesetGrain.TrialMax)
        {
            var rows = await replays.ReadComparedAsync(space, after, PageMax, default);
            records.AddRange(
                rows.Select(row => new TrialRecord(
                    row.Subject,
                    row.IsIndividual,
                    row.Group,
                    row.Individual,
                    row.Score,
                    MatchValues.Decode(row.Said)
                ))
            );
            if (rows.Length < PageMax)
            {
                break;
            }

            after = rows[^1].Id;
        }

        return records.ToImmutable();
    }

    private static TrialAnswer Try(
        MatchSpace live,
        FuzzyRules rules,
        ImmutableArray<TrialRecord> records,
        ImmutableArray<StewardVerdict> verdicts,
        int softBefore,
        int movesMax
    )
    {
        RulesetTrial trial = new(
            rules,
            records,
            verdicts.Select(verdict => (verdict.A, verdict.B, verdict.Together, verdict.Companion))
        );
        (int linked, int linkedAfter) = (trial.LinkedBefore, trial.LinkedAfter);
        (var before, var after) = (trial.GroupsBefore, trial.GroupsAfter);
        int soft = trial.SoftAfter;
        return new TrialAnswer
        {
            Records = records.Length,
            Before = new(
                linked,
                softBefore,
                trial.Compared - linked - softBefore,
                before.Length,
                before.DefaultIfEmpty(0).Max()
            ),
            After = new(
                linkedAfter,
                soft,
                trial.Compared - linkedAfter - soft,
                after.Length,
                after.DefaultIfEmpty(0).Max()
            ),
            Moving = trial.Moving.Length,
            Moves =
            [
                .. trial
                    .Moving.Take(movesMax)
                    .Select(record => new TrialMove(
                        record.Subject,
                        record.Individual,
                        trial.After(record),
                        record.Score,
                        trial.ScoreAfter(record)
                    )),
            ],
            NotStored = Ruleset.Compile(live.Ruleset, live.Text).Ruleset?.Fuzzy is { } stored
                ? StoredValues.Missing(stored, rules)
                : [],
        };
    }
}
