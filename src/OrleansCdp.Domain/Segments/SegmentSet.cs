using System.Collections.Frozen;
using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>A version of a segment that is evaluated.</summary>
/// <param name="Definition">What it says.</param>
/// <param name="Version">Its version, from 1.</param>
/// <param name="Revision">Grows with every version of every definition.</param>
public sealed record ActiveSegment(SegmentDefinition Definition, int Version, long Revision);

/// <summary>
/// The segments that are evaluated, each after those it asks for, with what each of them asks. Immutable; safe for any number of
/// threads.
/// </summary>
public sealed class SegmentSet
{
    private readonly FrozenDictionary<string, ImmutableArray<int>> byTrait;
    private readonly FrozenDictionary<string, ImmutableArray<int>> byAccountTrait;
    private readonly FrozenDictionary<string, ImmutableArray<int>> byInsight;
    private readonly FrozenDictionary<string, ImmutableArray<int>> bySegment;

    /// <summary>A set.</summary>
    /// <param name="segments">The segments; none asks for itself, also not by others.</param>
    /// <param name="newest">The highest revision that anything had when these were read.</param>
    /// <exception cref="ArgumentException">Some ask for each other in a circle.</exception>
    public SegmentSet(ImmutableArray<ActiveSegment> segments, long newest)
    {
        var (order, wrong) = SegmentOrder.Of(segments.Select(segment => segment.Definition));
        if (!wrong.IsEmpty)
        {
            throw new ArgumentException(
                $"Segments ask for each other: {string.Join(", ", wrong)}.",
                nameof(segments)
            );
        }

        Newest = newest;
        All =
        [
            .. order.Select(definition =>
                segments.First(segment => ReferenceEquals(segment.Definition, definition))
            ),
        ];
        Inputs = [.. All.SelectMany(segment => segment.Definition.Inputs).Distinct()];
        Dictionary<SegmentInput, int> places = Inputs
            .Select((input, i) => (input, i))
            .ToDictionary(one => one.input, one => one.i);
        Places =
        [
            .. All.Select(segment =>
                segment.Definition.Inputs.Select(input => places[input]).ToImmutableArray()
            ),
        ];
        Users =
        [
            .. Enumerable
                .Range(0, Inputs.Length)
                .Select(input =>
                    Enumerable
                        .Range(0, All.Length)
                        .Where(segment => Places[segment].Contains(input))
                        .ToImmutableArray()
                ),
        ];
        byTrait = By(input => input.Kind == SegmentInputKind.Trait ? [input.Name] : []);
        byAccountTrait = By(input =>
            input.Kind
                is SegmentInputKind.AccountTrait
                    or SegmentInputKind.AccountInsight
                    or SegmentInputKind.AccountTopPart
                ? [input.Key]
                : []
        );
        byInsight = By(InsightsOf);
        bySegment = By(input =>
            input.Kind == SegmentInputKind.Segment ? [SegmentOrder.SegmentOf(input.Name)] : []
        );
    }

    /// <summary>No segments.</summary>
    public static SegmentSet None { get; } = new([], newest: 0);

    /// <summary>All, each after those it asks for.</summary>
    public ImmutableArray<ActiveSegment> All { get; }

    /// <summary>The highest revision there was.</summary>
    public long Newest { get; }

    /// <summary>Everything that any of them asks, each once.</summary>
    public ImmutableArray<SegmentInput> Inputs { get; }

    /// <summary>Of each segment where its inputs are among all.</summary>
    internal ImmutableArray<ImmutableArray<int>> Places { get; }

    /// <summary>Of each input the segments that ask it, by their place.</summary>
    internal ImmutableArray<ImmutableArray<int>> Users { get; }

    /// <summary>The place of a segment; -1 when it is not among these.</summary>
    internal int IndexOf(string name)
    {
        for (int i = 0; i < All.Length; i++)
        {
            if (All[i].Definition.Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Inputs that a field of the profile is.</summary>
    internal ImmutableArray<int> OfTrait(string name) => byTrait.GetValueOrDefault(name, []);

    /// <summary>Inputs of the account, by how they are written.</summary>
    internal ImmutableArray<int> OfAccount(string key) => byAccountTrait.GetValueOrDefault(key, []);

    /// <summary>Inputs that an insight decides.</summary>
    internal ImmutableArray<int> OfInsight(string name) => byInsight.GetValueOrDefault(name, []);

    /// <summary>Inputs that ask for a segment, or a tier of it.</summary>
    internal ImmutableArray<int> OfSegment(string name) => bySegment.GetValueOrDefault(name, []);

    private static IEnumerable<string> InsightsOf(SegmentInput input) =>
        input.Kind switch
        {
            SegmentInputKind.Insight or SegmentInputKind.TopPart => [input.Name],
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
