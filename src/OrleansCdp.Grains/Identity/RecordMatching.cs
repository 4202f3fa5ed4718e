using System.IO.Hashing;
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

/// <summary>
/// Matching as one reader of the log uses it: which events say something that is compared, in which spaces, and what
/// follows for their links.
/// </summary>
internal sealed class RecordMatching(
    IRulesets rulesets,
    MatchSpaces spaces,
    Matcher matcher,
    MatchMoves moves,
    MatchReview review,
    GuardReview guards
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

            if (!uses.TryGetValue(name, out Use? use) || use.Ruleset != ruleset)
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

    /// <summary>A hash of what an event says that is compared somewhere; 0 for nothing.</summary>
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

        return any ? Math.Max(1, hash.GetCurrentHashAsUInt64()) : 0;
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
    /// <returns>Where links are now that were moved.</returns>
    public async Task<IReadOnlyDictionary<LinkKey, string>> MatchAsync(
        IReadOnlyList<Said> said,
        IReadOnlyList<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        Dictionary<LinkKey, string> moved = [];
        HashSet<string> names =
        [
            .. said.SelectMany(one => UseOf(one.Event).Spaces)
                .Concat(absorptions.Count == 0 ? [] : uses.Values.SelectMany(use => use.Spaces))
                .Select(space => space.Space.Ruleset),
        ];
        foreach (string name in names)
        {
            var outcomes = await matcher.DecideAsync(
                name,
                rules => StatementsOf(name, rules, said),
                absorptions,
                cancel
            );
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

        return moved;
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
            if (isUsed && (values is not null || owner is not null))
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

    /// <summary>A ruleset, and the spaces in which its records are.</summary>
    private sealed record Use(Ruleset? Ruleset, List<LiveSpace> Spaces);
}
