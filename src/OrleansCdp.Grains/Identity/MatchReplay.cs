using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>
/// Makes another version of a ruleset live. It decides about all stored records in a successor of the space while the live
/// version goes on; when it knows them all it takes over in one transaction. So a decision never mixes two versions, and
/// until the last moment nothing has changed. What a crash interrupts goes on where it was.
/// </summary>
internal sealed partial class MatchReplay(
    IMatchStore matches,
    IReplayStore replays,
    MatchSpaces spaces,
    MatchMoves moves,
    GuardReview guards,
    ILogger<MatchReplay> logger
)
{
    /// <summary>
    /// Passes over what was said meanwhile. Where more is said than a pass takes in, what is left after so many is taken
    /// in while nobody decides.
    /// </summary>
    public const int PassesMax = 10;

    /// <summary>Replays to the end.</summary>
    /// <param name="ruleset">The ruleset's name.</param>
    /// <param name="wanted">The version.</param>
    /// <param name="rules">Its fuzzy part.</param>
    /// <param name="cancel">Stops it.</param>
    public async IAsyncEnumerable<ReplayReport> RunAsync(
        string ruleset,
        RulesetText wanted,
        FuzzyRules rules,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        MatchSpace live =
            await matches.FindAsync(ruleset, cancel)
            ?? await matches.OpenAsync(ruleset, wanted.Version, wanted.Text, cancel);
        ReplayReport report = new() { Links = await replays.CountAsync(live.Id, cancel) };
        if (live.Text != wanted.Text)
        {
            if (RefusalOf(ruleset, live, rules) is { } refusal)
            {
                yield return report with
                {
                    Refusal = refusal,
                    Ended = true,
                };
                yield break;
            }

            MatchSpace next = await replays.SucceedAsync(live, wanted.Version, wanted.Text, cancel);
            // Pass after pass, each about what was said during the one before, until little is left.
            for (int pass = 1; pass <= PassesMax; pass++)
            {
                long before = report.Replayed;
                long last = await replays.LastAsync(live.Id, cancel);
                await foreach (int taken in TakeAsync(live, next, rules, last, cancel))
                {
                    report = report with { Replayed = report.Replayed + taken };
                    yield return report;
                }

                await ReviewAsync(next, rules, cancel);
                if (report.Replayed - before <= Matcher.StatementsMax)
                {
                    break;
                }
            }

            ReplayChanges? changes = await HandOverAsync(live, next, rules, cancel);
            if (changes is not { } made)
            {
                yield return report with
                {
                    Refusal = Overtaken,
                    Ended = true,
                };
                yield break;
            }

            LogLive(ruleset, wanted.Version, made.Regrouped, made.Moving);
            report = report with { Regrouped = made.Regrouped, Moving = made.Moving };
            spaces.Forget(await spaces.OpenAsync(ruleset, cancel));
            live = next;
        }

        await foreach (ReplayReport one in FinishAsync(live.Id, report, cancel))
        {
            yield return one;
        }
    }

    private static RulesetRefusal Overtaken { get; } =
        new(
            RulesetRefusals.Overtaken,
            "Another version took over meanwhile; this one is not live.",
            []
        );

    private static RulesetRefusal? RefusalOf(string ruleset, MatchSpace live, FuzzyRules rules)
    {
        (Ruleset? compiled, _) = Ruleset.Compile(ruleset, live.Text);
        ImmutableArray<string> missing = compiled?.Fuzzy is { } stored
            ? StoredValues.Missing(stored, rules)
            : [.. rules.Fields.Select(field => field.Name)];
        return missing.IsEmpty
            ? null
            : new RulesetRefusal(
                RulesetRefusals.ValuesNotStored,
                $"Version {live.Version}, which is live, does not read {string.Join(", ", missing)} from events, or reads it "
                    + "otherwise, so nothing is stored to compare. Put these rules under a new name, let the streams name "
                    + "that, and import the records again.",
                []
            );
    }

    /// <summary>Lets the successor decide about what it does not know yet, up to the last record given.</summary>
    /// <returns>After each turn, about how many links.</returns>
    private async IAsyncEnumerable<int> TakeAsync(
        MatchSpace live,
        MatchSpace next,
        FuzzyRules rules,
        long last,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        long after = 0;
        while (true)
        {
            var links = await replays.ReadAheadAsync(
                live.Id,
                next.Id,
                after,
                last,
                Matcher.StatementsMax,
                cancel
            );
            if (links.IsEmpty)
            {
                yield break;
            }

            after = links[^1].Id;
            MatchStatement[] said =
            [
                .. links.Select(link => new MatchStatement(
                    link.Subject,
                    link.Owner,
                    StoredValues.Kept(rules, MatchValues.Decode(link.Said)),
                    link.EventId
                )),
            ];
            // A link of somebody's of which nothing is compared any more has no record, and is not waited for.
            said = [.. said.Where(one => one.Owner is null || !one.Values.IsEmpty)];
            if (said.Length > 0)
            {
                await DecideAsync(next, rules, said, cancel);
                await replays.NoteTakenAsync(next.Id, links, cancel);
                yield return said.Length;
            }
        }
    }

    private async Task DecideAsync(
        MatchSpace next,
        FuzzyRules rules,
        MatchStatement[] said,
        CancellationToken cancel
    )
    {
        await using IMatchTurn turn = await matches.BeginAsync(
            next.Id,
            MatchStatements.SubjectsOf(said, []),
            cancel
        );
        if (turn.Version != next.Version)
        {
            throw new InvalidOperationException($"Version {next.Version} was given up.");
        }

        await new MatchRound(rules, turn).RunAsync(said, [], cancel);
    }

    /// <summary>Decides again about whoever has an identifier that too many have by now.</summary>
    private async Task ReviewAsync(MatchSpace next, FuzzyRules rules, CancellationToken cancel)
    {
        while (await guards.RoundAsync(next.Id, AgainAsync, cancel))
        {
            // As long as it takes.
        }

        Task AgainAsync(int _, IReadOnlyCollection<string> subjects) =>
            DecideAsync(next, rules, [.. subjects.Select(MatchStatement.Again)], cancel);
    }

    /// <summary>Nobody decides while the last links are taken; then the successor is live.</summary>
    /// <returns>Null when another version took over meanwhile.</returns>
    private async Task<ReplayChanges?> HandOverAsync(
        MatchSpace live,
        MatchSpace next,
        FuzzyRules rules,
        CancellationToken cancel
    )
    {
        await using IHandover handover = await replays.HoldAsync(live.Id, next.Id, cancel);
        if (!handover.IsDue)
        {
            return null;
        }

        await foreach (int _ in TakeAsync(live, next, rules, long.MaxValue, cancel))
        {
            // What was said during the last pass.
        }

        await ReviewAsync(next, rules, cancel);
        return await handover.CommitAsync(cancel);
    }

    /// <summary>What follows once the version is live; a crash leaves it to the sweep.</summary>
    private async IAsyncEnumerable<ReplayReport> FinishAsync(
        int space,
        ReplayReport report,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        report = report with { Live = true };
        yield return report;
        await foreach (int moved in MoveAsync(space, cancel))
        {
            report = report with { Moved = report.Moved + moved };
            yield return report;
        }

        await moves.TellAsync(cancel);
        while (await matches.ClearAsync(cancel))
        {
            // There is more to be removed.
        }

        yield return report with
        {
            Ended = true,
        };
    }

    private async IAsyncEnumerable<int> MoveAsync(
        int space,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        string after = "";
        while (true)
        {
            var links = await replays.ReadMovingAsync(space, after, MatchMoves.RoundMax, cancel);
            if (links.IsEmpty)
            {
                yield break;
            }

            after = links[^1];
            yield return (await moves.MakeAsync(space, links, cancel)).Count;
        }
    }

    [LoggerMessage(
        LogEvents.MatchVersionLive,
        LogLevel.Information,
        "{Ruleset} v{Version} is live: {Regrouped} links have another group or individual, {Moving} move"
    )]
    private partial void LogLive(string ruleset, int version, int regrouped, int moving);
}
