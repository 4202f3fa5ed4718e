using System.IO.Hashing;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>An event that says something of a link that may have to be compared.</summary>
/// <param name="Event">The event.</param>
/// <param name="Individual">Where the link's events go; a record's id for nobody.</param>
/// <param name="IsAnchored">Whether anchors say so; null where that was not asked.</param>
internal readonly record struct Said(LinkEvent Event, string Individual, bool? IsAnchored)
{
    /// <summary>The individual that the link is anchored to; null for none.</summary>
    public string? Owner => IsAnchored == true ? Individual : null;
}

/// <summary>What comparing came to.</summary>
/// <param name="Places">Where links are now that were moved.</param>
/// <param name="Failed">Events that say something which cannot be compared.</param>
internal sealed record Matched(
    IReadOnlyDictionary<LinkKey, string> Places,
    IReadOnlySet<LinkEvent> Failed
);

/// <summary>
/// Matching as one reader of the log uses it: which events say something that is compared, in which spaces, and what
/// follows for their links.
/// </summary>
internal sealed partial class RecordMatching(
    IRulesets rulesets,
    MatchSpaces spaces,
    Matcher matcher,
    MatchMoves moves,
    MatchReview review,
    GuardReview guards,
    ILogger<RecordMatching> logger
)
{
    private readonly Dictionary<string, Use> uses = new(StringComparer.Ordinal);
    private readonly XxHash3 hash = new();

    /// <summary>Learns of the rulesets that a chunk's events name.</summary>
    /// <exception cref="InvalidOperationException">There is no such ruleset: the chunk is to be delivered again.</exception>
    public async ValueTask PrepareAsync(EventChunk chunk, CancellationToken cancel)
    {
        string? last = null;
        foreach (LinkEvent e in chunk.Events)
        {
            string name = e.Ruleset ?? Ruleset.Default;
            if (name == last || e.Subject != SubjectKind.Individual)
            {
                continue;
            }

            last = name;
            Ruleset? ruleset = await rulesets.FindAsync(name);
            if (ruleset is null && e.Ruleset is not null)
            {
                throw new InvalidOperationException($"There is no ruleset {name}.");
            }

            if (
                !uses.TryGetValue(name, out Use? use)
                || use.Ruleset != ruleset
                || use.Spaces.Exists(space => !spaces.IsCurrent(space))
            )
            {
                uses[name] = await UseOfAsync(name, ruleset, cancel);
            }
        }
    }

    /// <summary>Whether an event's link waits as a record of its own while no anchor names it.</summary>
    public bool IsPooled(LinkEvent e) => UseOf(e).Ruleset?.Fuzzy is not null;

    /// <summary>Whether it matters there whom anchors give the event's link to, also when it says nothing else.</summary>
    public bool ComparesOwners(LinkEvent e) =>
        UseOf(e).Spaces.Count > 0 && (e.FollowsAnchor || IsPooled(e));

    /// <summary>
    /// A hash of what an event says that is compared somewhere; for nothing <see cref="KnownLink.NothingToCompare"/> where
    /// its link would wait for more, and 0 elsewhere.
    /// </summary>
    public ulong PrintOf(LinkEvent e)
    {
        Use use = UseOf(e);
        if (use.Spaces.Count == 0)
        {
            return 0;
        }

        bool any = false;
        hash.Reset();
        foreach (LiveSpace space in use.Spaces)
        {
            any |= space.AddTo(hash, e);
        }

        return any ? Math.Clamp(hash.GetCurrentHashAsUInt64(), 1, KnownLink.NothingToCompare - 1)
            : IsPooled(e) ? KnownLink.NothingToCompare
            : 0;
    }

    /// <summary>Looks again at whoever is one person with others than before.</summary>
    public Task ReviewAsync(IEnumerable<RootChange> changed, CancellationToken cancel) =>
        review.ReviewAsync(
            [.. changed.SelectMany(one => one.Individuals).Distinct(StringComparer.Ordinal)],
            cancel
        );

    /// <summary>Compares what was said, and moves the links that this gives to others.</summary>
    /// <param name="said">Events that say something new.</param>
    /// <param name="absorptions">Individuals whose links all went to others.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<Matched> MatchAsync(
        IReadOnlyList<Said> said,
        IReadOnlyList<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        Dictionary<LinkKey, string> moved = [];
        HashSet<LinkEvent> failed = new(ReferenceEqualityComparer.Instance);
        HashSet<string> names =
        [
            .. said.SelectMany(one => UseOf(one.Event).Spaces)
                .Concat(absorptions.Count == 0 ? [] : uses.Values.SelectMany(use => use.Spaces))
                .Select(space => space.Space.Ruleset),
        ];
        foreach (string name in names)
        {
            var outcomes = await DecideAsync(name, said, absorptions, failed, cancel);
            LiveSpace space = await spaces.OpenAsync(name, cancel);
            var own = said.Where(one => IsOf(one.Event, name));
            var places = await moves.FinishAsync(
                space.Space.Id,
                outcomes,
                own.Select(one => one.Event.Link.ToString()),
                cancel
            );
            foreach (var (link, owner) in places)
            {
                moved[link] = owner;
            }

            if (outcomes.Any(outcome => outcome.Guards.Count > 0))
            {
                await guards.SweepAsync(cancel); // One round; the sweep goes on.
            }
        }

        return new Matched(moved, failed);
    }

    /// <summary>Decides about all that can be compared; what cannot is found by halves.</summary>
    private async Task<List<MatchOutcome>> DecideAsync(
        string space,
        IReadOnlyList<Said> said,
        IReadOnlyList<Absorption> absorptions,
        HashSet<LinkEvent> failed,
        CancellationToken cancel
    )
    {
        if (said.Count + absorptions.Count == 0)
        {
            return [];
        }

        try
        {
            return await matcher.DecideAsync(
                space,
                rules => StatementsOf(space, rules, said),
                absorptions,
                cancel
            );
        }
        catch (MatchFailedException e) when (said.Count + absorptions.Count == 1)
        {
            if (said.Count == 0)
            {
                LogAbsorptionFailed(absorptions[0].From, absorptions[0].To, space, e);
                return [];
            }

            LinkEvent poison = said[0].Event;
            failed.Add(poison);
            LogFailed(poison.Link.Source, poison.EventId, space, e);
            return [];
        }
        catch (MatchFailedException)
        {
            // The turns before the one that failed are committed; what they noted is done below, or by the sweep.
        }

        int some = said.Count / 2;
        int few = said.Count > 0 ? absorptions.Count : absorptions.Count / 2;
        return
        [
            .. await DecideAsync(space, [], [.. absorptions.Take(few)], failed, cancel),
            .. await DecideAsync(space, [], [.. absorptions.Skip(few)], failed, cancel),
            .. await DecideAsync(space, [.. said.Take(some)], [], failed, cancel),
            .. await DecideAsync(space, [.. said.Skip(some)], [], failed, cancel),
        ];
    }

    private List<MatchStatement> StatementsOf(
        string space,
        FuzzyRules rules,
        IReadOnlyList<Said> said
    )
    {
        List<MatchStatement> statements = [];
        foreach (Said one in said)
        {
            bool isOwn = IsOf(one.Event, space);
            string? owner =
                isOwn ? one.Owner
                : SubjectIds.IsRecord(one.Individual) || IsPooled(one.Event) ? one.Owner
                : one.Individual;
            bool isUsed =
                (isOwn || owner is not null)
                && UseOf(one.Event).Spaces.Any(use => use.Space.Ruleset == space);
            MatchValues? values = isUsed ? rules.ValuesOf(one.Event) : null;
            // A record that says nothing waits, too, and is listed.
            bool waits = isOwn && one.IsAnchored == false;
            if (isUsed && (values is not null || owner is not null || waits))
            {
                statements.Add(
                    new MatchStatement(
                        one.Event.Link.ToString(),
                        owner,
                        values ?? MatchValues.Empty,
                        one.Event.EventId
                    )
                );
            }
        }

        return statements;
    }

    private bool IsOf(LinkEvent e, string space) => IsPooled(e) && e.Ruleset == space;

    private Use UseOf(LinkEvent e) => uses[e.Ruleset ?? Ruleset.Default];

    private async Task<Use> UseOfAsync(string name, Ruleset? ruleset, CancellationToken cancel)
    {
        List<LiveSpace> used = [];
        if (ruleset?.Fuzzy is not null)
        {
            used.Add(await spaces.OpenAsync(name, cancel));
        }

        foreach (string finder in ruleset?.FindableBy ?? [])
        {
            if (finder != name && (await rulesets.FindAsync(finder))?.Fuzzy is not null)
            {
                used.Add(await spaces.OpenAsync(finder, cancel));
            }
        }

        return new Use(ruleset, used);
    }

    [LoggerMessage(
        LogEvents.MatchFailed,
        LogLevel.Error,
        "Event {Source}/{EventId} cannot be compared by {Ruleset}; it goes to quarantine"
    )]
    private partial void LogFailed(
        string source,
        string eventId,
        string ruleset,
        Exception exception
    );

    [LoggerMessage(
        LogEvents.AbsorptionNotCompared,
        LogLevel.Error,
        "That {From} was absorbed by {To} cannot be taken in by {Ruleset}; what moves there next tries it again"
    )]
    private partial void LogAbsorptionFailed(
        string from,
        string to,
        string ruleset,
        Exception exception
    );

    /// <summary>A ruleset, and the spaces in which its records are.</summary>
    private sealed record Use(Ruleset? Ruleset, List<LiveSpace> Spaces);
}
