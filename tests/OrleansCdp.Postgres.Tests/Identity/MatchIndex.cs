using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Matching over a real database, without the individuals.</summary>
internal sealed class MatchIndex : IRulesets
{
    public const string Ruleset = "people";

    /// <summary>The version of the definition when its space is made.</summary>
    public const int Version = 3;

    public const string Text = """
        fuzzy:
          matchRate: 0.001
          household: 0
          fields:
            firstName: { type: givenName, from: firstName }
            lastName: { type: familyName, from: lastName }
            born: { type: date, from: born }
            city: { type: city, from: city }
            email: { type: email, from: email }
        """;

    private readonly StoreHost silo;
    private readonly MatchSpaces spaces;
    private readonly Matcher matcher;
    private readonly string text;
    private int events;

    public MatchIndex(StoreHost silo, string text = Text)
    {
        this.silo = silo;
        this.text = text;
        spaces = new MatchSpaces(Store, this);
        matcher = new Matcher(
            Store,
            spaces,
            new MatchInstruments(
                new ServiceCollection()
                    .AddMetrics()
                    .BuildServiceProvider()
                    .GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()
            ),
            NullLogger<Matcher>.Instance
        );
    }

    public IMatchStore Store => silo.Get<IMatchStore>();

    public Matcher Matcher => matcher;

    private MatchMoves Moves =>
        new(
            Store,
            silo.Get<IIdentityStore>(),
            matcher,
            spaces,
            null!,
            NullLogger<MatchMoves>.Instance
        );

    /// <summary>Looks at what is noted to be looked at. Of nobody known, likewise.</summary>
    public Task ReviewAsync() =>
        new MatchReview(Store, matcher, Moves, NullLogger<MatchReview>.Instance).SweepAsync(
            default
        );

    private GuardReview Guards => new(silo.Get<IGuardStore>(), Store, matcher, Moves);

    /// <summary>
    /// Looks at whoever has identifiers that stopped identifying, or began to again, and moves nobody.
    /// </summary>
    public async Task<int> ReviewGuardsAsync()
    {
        int rounds = 0;
        while (await ReviewGuardsOnceAsync())
        {
            rounds++;
        }

        return rounds;
    }

    /// <summary>One round of it.</summary>
    public Task<bool> ReviewGuardsOnceAsync() =>
        Guards.RoundAsync(
            null,
            async (space, subjects) =>
                await matcher.ReconsiderAsync(
                    (await Store.ReadSpacesAsync(default)).Single(one => one.Id == space),
                    subjects,
                    default
                ),
            default
        );

    /// <summary>Makes another version live. What it decides is of nobody known, so nothing moves.</summary>
    public Task<List<ReplayReport>> ReplayAsync(int version, string other, int reportsMax) =>
        ReplayAsync(version, other, reports => Task.FromResult(reports.Count == reportsMax));

    /// <summary>Makes another version live, and breaks off before anything follows from it.</summary>
    public Task<List<ReplayReport>> TakeOverAsync(int version, string other) =>
        ReplayAsync(version, other, reports => Task.FromResult(reports[^1].Live));

    /// <summary>Makes another version live, until the reports are such that it breaks off.</summary>
    public async Task<List<ReplayReport>> ReplayAsync(
        int version,
        string other,
        Func<List<ReplayReport>, Task<bool>> breaksOff
    )
    {
        MatchReplay replay = new(
            Store,
            silo.Get<IReplayStore>(),
            spaces,
            Moves,
            Guards,
            NullLogger<MatchReplay>.Instance
        );
        FuzzyRules rules = Identity.Ruleset.Compile(Ruleset, other).Ruleset!.Fuzzy!;
        List<ReplayReport> reports = [];
        await foreach (
            ReplayReport one in replay.RunAsync(Ruleset, new(version, other), rules, default)
        )
        {
            reports.Add(one);
            if (await breaksOff(reports))
            {
                break;
            }
        }

        return reports;
    }

    /// <summary>An event of a person's link that says these things: names and values in turn.</summary>
    public LinkEvent Event(string link, params string[] said) =>
        LinkEvents.Of(link, string.Create(CultureInfo.InvariantCulture, $"e{++events}")) with
        {
            Kind = EventKind.Updated,
            Fields = [],
            Traits = [.. said.Chunk(2).Select(one => new Field(one[0], FieldValue.Of(one[1])))],
        };

    public Task<List<MatchOutcome>> SayAsync(params LinkEvent[] said) => SayAsync(null, said);

    /// <summary>Decides about events of links, which an anchor gives to an individual or, with null, to nobody.</summary>
    public Task<List<MatchOutcome>> SayAsync(string? owner, params LinkEvent[] said) =>
        SayAsync([.. said.Select(e => (owner, e))]);

    /// <summary>The same of several individuals' links at once.</summary>
    public Task<List<MatchOutcome>> SayAsync((string? Owner, LinkEvent Event)[] said) =>
        matcher.DecideAsync(
            Ruleset,
            rules =>
                [
                    .. said.Select(one => new MatchStatement(
                        one.Event.Link.ToString(),
                        one.Owner,
                        rules.ValuesOf(one.Event) ?? MatchValues.Empty,
                        one.Event.EventId
                    )),
                ],
            [],
            default
        );

    /// <summary>Says all of it in some order, in batches of any size.</summary>
    public async Task SayShuffledAsync(
        (string? Owner, LinkEvent Event)[] said,
        Random order,
        int batchMax,
        Func<Task>? between = null
    )
    {
        order.Shuffle(said);
        for (int start = 0; start < said.Length; )
        {
            int count = order.Next(1, batchMax + 1);
            await SayAsync(said[start..Math.Min(said.Length, start + count)]);
            start += count;
            await (between?.Invoke() ?? Task.CompletedTask);
        }
    }

    public async Task<int> SpaceAsync() => (await spaces.OpenAsync(Ruleset, default)).Space.Id;

    public async Task<ImmutableArray<MatchedLink>> ListAsync()
    {
        List<MatchedLink> all = [];
        int space = await SpaceAsync();
        while (true)
        {
            string after = all.Count == 0 ? "" : all[^1].Link;
            var page = await Store.ListAsync(new MatchFilter(space, null, after, 1_000), default);
            all.AddRange(page);
            if (page.Length < 1_000)
            {
                return [.. all];
            }
        }
    }

    public async Task<MatchedLink> FindAsync(string link) =>
        (await ListAsync()).Single(one => one.Link == link);

    /// <summary>The links of each individual or group, in one line each.</summary>
    public async Task<string[]> ClustersAsync() =>
        [
            .. (await ListAsync())
                .GroupBy(link => link.Individual ?? $"{link.Group}")
                .Select(cluster =>
                    string.Join(
                        ' ',
                        cluster.Select(link => link.Link).Order(StringComparer.Ordinal)
                    )
                )
                .Order(StringComparer.Ordinal),
        ];

    ValueTask<Ruleset?> IRulesets.FindAsync(string name) =>
        new(name == Ruleset ? Identity.Ruleset.Compile(name, text).Ruleset : null);

    Task<RulesetText?> IRulesets.TextOfAsync(string name) =>
        Task.FromResult(name == Ruleset ? new RulesetText(Version, text) : null);

    Task<RulesetText?> IRulesets.TextOfAsync(string name, int version) =>
        Task.FromResult(
            name == Ruleset && version == Version ? new RulesetText(Version, text) : null
        );
}
