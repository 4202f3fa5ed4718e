using System.Collections.Frozen;
using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>A version of a segment that is evaluated.</summary>
/// <param name="Definition">What it says.</param>
/// <param name="Version">Its version, from 1.</param>
/// <param name="Activation">
/// Grows with every activation of any segment, also of a version that was active before: who was evaluated up to a lower number
/// has not been by this one.
/// </param>
public sealed record ActiveSegment(SegmentDefinition Definition, int Version, long Activation);

/// <summary>
/// The segments that are evaluated, each after those it asks for, with what each of them asks. Immutable; safe for any number of
/// threads.
/// </summary>
public sealed class SegmentSet
{
    private readonly FrozenDictionary<string, int> places;
    private readonly FrozenDictionary<string, ImmutableArray<int>> byTrait;
    private readonly FrozenDictionary<string, ImmutableArray<int>> byAccountKey;
    private readonly FrozenDictionary<string, ImmutableArray<int>> byInsight;
    private readonly FrozenDictionary<string, ImmutableArray<int>> bySegment;
    private readonly ImmutableArray<bool> askOfAccounts;
    private volatile Ready? readiness;

    /// <summary>A set.</summary>
    /// <param name="segments">The segments; none asks for itself, also not by others.</param>
    /// <param name="newest">The highest number of an activation when these were read.</param>
    /// <exception cref="ArgumentException">Some ask for each other in a circle, or too many one after the other.</exception>
    public SegmentSet(ImmutableArray<ActiveSegment> segments, long newest)
    {
        var (order, wrong) = SegmentOrder.Of(segments.Select(segment => segment.Definition));
        if (wrong is not null)
        {
            throw new ArgumentException(wrong.Message, nameof(segments));
        }

        Newest = newest;
        Dictionary<string, ActiveSegment> byName = segments.ToDictionary(segment =>
            segment.Definition.Name
        );
        All = [.. order.Select(definition => byName[definition.Name])];
        places = All.Index().ToFrozenDictionary(one => one.Item.Definition.Name, one => one.Index);
        Inputs = [.. All.SelectMany(segment => segment.Definition.Inputs).Distinct()];
        Dictionary<SegmentInput, int> inputs = Inputs
            .Index()
            .ToDictionary(one => one.Item, one => one.Index);
        OfAccounts =
        [
            .. Inputs
                .Where(input => input.IsOfAccount)
                .OrderBy(input => input.Key, StringComparer.Ordinal),
        ];
        Places =
        [
            .. All.Select(segment =>
                segment.Definition.Inputs.Select(input => inputs[input]).ToImmutableArray()
            ),
        ];
        ILookup<int, InputUser> users = Places
            .Index()
            .SelectMany(
                one => one.Item.Index(),
                (one, asked) => (asked.Item, User: new InputUser(one.Index, asked.Index))
            )
            .ToLookup(one => one.Item, one => one.User);
        Users = [.. Enumerable.Range(0, Inputs.Length).Select(i => users[i].ToImmutableArray())];
        askOfAccounts =
        [
            .. All.Select(segment => segment.Definition.Inputs.Any(input => input.IsOfAccount)),
        ];
        byTrait = By(input => input.Kind == SegmentInputKind.Trait ? [input.Name] : []);
        byAccountKey = By(input => input.IsOfAccount ? [input.Key] : []);
        byInsight = By(input => input.IsOfAccount ? [] : InsightsOf(input));
        bySegment = By(input =>
            input.Kind == SegmentInputKind.Segment ? [SegmentOrder.SegmentOf(input.Name)] : []
        );
    }

    /// <summary>No segments.</summary>
    public static SegmentSet None { get; } = new([], newest: 0);

    /// <summary>All, each after those it asks for.</summary>
    public ImmutableArray<ActiveSegment> All { get; }

    /// <summary>The highest number of an activation there was.</summary>
    public long Newest { get; }

    /// <summary>Segments there are that cannot be read here: who is in one of them stays.</summary>
    public ImmutableArray<string> Unread { get; init; } = [];

    /// <summary>Everything that any of them asks, each once.</summary>
    public ImmutableArray<SegmentInput> Inputs { get; }

    /// <summary>What any of them asks of accounts, sorted by how it is written.</summary>
    public ImmutableArray<SegmentInput> OfAccounts { get; }

    /// <summary>Of each segment where its inputs are among all.</summary>
    internal ImmutableArray<ImmutableArray<int>> Places { get; }

    /// <summary>Of each input the segments that ask it.</summary>
    internal ImmutableArray<ImmutableArray<InputUser>> Users { get; }

    /// <summary>These with another version of one of them, or one more.</summary>
    /// <exception cref="ArgumentException">Some would ask for each other in a circle, or too many one after the other.</exception>
    public SegmentSet With(ActiveSegment segment) =>
        new([.. All.Where(one => one.Definition.Name != segment.Definition.Name), segment], Newest);

    /// <summary>Those that can be evaluated: all insights that they ask for know of the past.</summary>
    public ImmutableArray<ActiveSegment> ReadyWith(InsightSet insights) =>
        [.. All.Where((_, place) => IsReady(place, insights))];

    /// <summary>The insights that any of them asks for and that are shown.</summary>
    public ImmutableArray<ActiveInsight> AskedOf(InsightSet insights) =>
        [
            .. Inputs
                .SelectMany(InsightsOf)
                .Distinct()
                .Order(StringComparer.Ordinal)
                .Select(insights.Shown)
                .OfType<ActiveInsight>(),
        ];

    /// <summary>Names of insights that a segment asks for and that are not there, or do not know of the past yet.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="insights">The insights.</param>
    internal IEnumerable<string> UnreadyOf(int place, InsightSet insights) =>
        Places[place]
            .SelectMany(input => InsightsOf(Inputs[input]))
            .Where(name => insights.Shown(name) is not { IsComplete: true })
            .Distinct();

    /// <summary>Whether any of them asks for an insight of an account over its people.</summary>
    public bool AsksOfPeople(InsightSet insights) =>
        OfAccounts.Any(input =>
            input.Kind != SegmentInputKind.AccountTrait
            && insights.Shown(input.Name) is { Definition.HasPeople: true }
        );

    /// <summary>The place of a segment; -1 when it is not among these.</summary>
    internal int IndexOf(string name) => places.GetValueOrDefault(name, -1);

    /// <summary>Whether all insights that a segment asks for are shown, and know of the past.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="insights">The insights.</param>
    internal bool IsReady(int place, InsightSet insights) => Readiness(insights)[place];

    /// <summary>Whether what a segment asks of an account is known, or that there is no account.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="account">What is known.</param>
    internal bool IsAnswered(int place, AccountFacts account) =>
        !askOfAccounts[place]
        || All[place]
            .Definition.Inputs.All(input => !input.IsOfAccount || account.Answers(input.Key));

    /// <summary>Inputs that a field of the profile is.</summary>
    internal ImmutableArray<int> OfTrait(string name) => byTrait.GetValueOrDefault(name, []);

    /// <summary>Inputs of the account, by how they are written.</summary>
    internal ImmutableArray<int> OfAccount(string key) => byAccountKey.GetValueOrDefault(key, []);

    /// <summary>Inputs that an insight decides.</summary>
    internal ImmutableArray<int> OfInsight(string name) => byInsight.GetValueOrDefault(name, []);

    /// <summary>Inputs that ask for a segment, or a tier of it.</summary>
    internal ImmutableArray<int> OfSegment(string name) => bySegment.GetValueOrDefault(name, []);

    /// <summary>
    /// Of each, by its place, whether it can be evaluated. Kept for the insights that are asked last: they change seldom.
    /// </summary>
    internal bool[] Readiness(InsightSet insights)
    {
        if (readiness is { } known && known.Insights == insights)
        {
            return known.AreReady;
        }

        bool[] ready = [.. Places.Select((_, place) => !UnreadyOf(place, insights).Any())];
        readiness = new Ready(insights, ready);
        return ready;
    }

    /// <summary>A segment that asks an input.</summary>
    /// <param name="Segment">Its place among all.</param>
    /// <param name="Slot">Where the input is among its own.</param>
    internal readonly record struct InputUser(int Segment, int Slot);

    private sealed record Ready(InsightSet Insights, bool[] AreReady);

    private static IEnumerable<string> InsightsOf(SegmentInput input) =>
        input.Kind switch
        {
            SegmentInputKind.Insight
            or SegmentInputKind.TopPart
            or SegmentInputKind.AccountInsight
            or SegmentInputKind.AccountTopPart => [input.Name],
            SegmentInputKind.Measured or SegmentInputKind.Sequence => input
                .Derived.Select(derived => derived.Name)
                .Distinct(),
            _ => [],
        };

    private FrozenDictionary<string, ImmutableArray<int>> By(
        Func<SegmentInput, IEnumerable<string>> keysOf
    ) =>
        Inputs
            .SelectMany((input, i) => keysOf(input).Select(key => (key, i)))
            .GroupBy(one => one.key, one => one.i, StringComparer.Ordinal)
            .ToFrozenDictionary(
                group => group.Key,
                group => group.ToImmutableArray(),
                StringComparer.Ordinal
            );
}
