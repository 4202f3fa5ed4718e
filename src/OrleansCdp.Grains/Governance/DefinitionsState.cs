using System.Collections.Immutable;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>Every version of every definition. Immutable: what is done with it makes the next one.</summary>
[GenerateSerializer, Alias("cdp.definitions-state")]
internal sealed record DefinitionsState
{
    /// <summary>Grows with every change.</summary>
    [Id(0)]
    public long Version { get; init; }

    /// <summary>
    /// All versions; the last of a kind and name is the active one. Of segments only the active ones are here, and of insights also
    /// those that segments make.
    /// </summary>
    [Id(1)]
    public ImmutableArray<DefinitionVersion> Versions { get; init; } = [];

    /// <summary>All versions of segments, whatever became of them.</summary>
    [Id(2)]
    public ImmutableArray<SegmentVersion> Segments { get; init; } = [];

    /// <summary>The <see cref="Version"/> at which segments were last activated or retired; 0 for never.</summary>
    [Id(3)]
    public long Activations { get; init; }

    /// <summary>The last version of each kind and name.</summary>
    public IEnumerable<DefinitionVersion> AllActive() =>
        Versions
            .GroupBy(version => (version.Kind, version.Name))
            .Select(versions => versions.Last());

    /// <summary>The active version of a definition; null when there is none.</summary>
    public DefinitionVersion? Active(string kind, string name) =>
        Versions.LastOrDefault(version => version.Kind == kind && version.Name == name);

    /// <summary>Of each insight whose active version does not know everything yet, the last one that does.</summary>
    public IEnumerable<DefinitionVersion> Former() =>
        AllActive()
            .Where(active => active is { Kind: DefinitionKinds.Insight, IsComplete: false })
            .Select(active =>
                Versions.LastOrDefault(version =>
                    version.Kind == active.Kind && version.Name == active.Name && version.IsComplete
                )
            )
            .OfType<DefinitionVersion>();

    /// <summary>The versions of a segment.</summary>
    public SegmentReview ReviewOf(string segment) =>
        new([.. Segments.Where(version => version.Name == segment)]);

    /// <summary>With a version, which is the active one.</summary>
    public DefinitionsState With(DefinitionVersion next, bool isComplete)
    {
        DefinitionVersion[] same =
        [
            .. Versions.Where(v => v.Kind == next.Kind && v.Name == next.Name),
        ];
        ImmutableArray<DefinitionVersion> kept =
            next.Kind == DefinitionKinds.Segment ? Versions.RemoveRange(same)
            : same.Length < IDefinitionsGrain.VersionsMax ? Versions
            : Versions.Remove(same.First(version => !Former().Contains(version)));
        long revision = Version + 1;
        return this with
        {
            Version = revision,
            Versions = WithinBounds(
                kept.Add(next with { Revision = revision, IsComplete = isComplete })
            ),
        };
    }

    /// <summary>With versions of insights that know the past. One that was replaced meanwhile is counted by nobody any more.</summary>
    public DefinitionsState Completing(ImmutableArray<CompleteVersion> complete)
    {
        Dictionary<long, PastKnown> known = complete
            .DistinctBy(one => one.Revision)
            .ToDictionary(one => one.Revision, one => one.Past);
        DefinitionVersion[] before =
        [
            .. AllActive()
                .Where(active =>
                    active is { Kind: DefinitionKinds.Insight, IsComplete: false }
                    && known.ContainsKey(active.Revision)
                ),
        ];
        return before.Length == 0
            ? this
            : this with
            {
                Version = Version + 1,
                Versions =
                [
                    .. Versions.Select(version =>
                        before.Contains(version)
                            ? version with
                            {
                                IsComplete = true,
                                Past = known[version.Revision],
                            }
                            : version
                    ),
                ],
            };
    }

    /// <summary>With other versions of a segment. Those that are forgotten are so for good.</summary>
    public DefinitionsState With(string segment, SegmentReview review) =>
        this with
        {
            Version = Version + 1,
            Segments = WithinBounds(
                this,
                [.. Segments.Where(version => version.Name != segment), .. review.Versions]
            ),
        };

    /// <summary>Whether a version of a segment may still decide something: it is under review, active, or may be again.</summary>
    public bool IsNeeded(SegmentVersion version) =>
        version.IsOpen
        || version.State == ReviewState.Active
        || ReviewOf(version.Name).Former?.Version == version.Version;

    /// <summary>Without the insights of segments that no version of any needs.</summary>
    public DefinitionsState WithoutUnneeded()
    {
        HashSet<string> needed =
        [
            .. Segments
                .GroupBy(version => version.Name)
                .SelectMany(versions => new SegmentReview([.. versions]).Derived),
        ];
        return this with
        {
            Versions = Versions.RemoveAll(version =>
                version.IsDerived && !needed.Contains(version.Name)
            ),
        };
    }

    /// <summary>Without the active version of a segment.</summary>
    public DefinitionsState WithoutActive(string segment) =>
        this with
        {
            Versions = Versions.RemoveAll(version =>
                version.Kind == DefinitionKinds.Segment && version.Name == segment
            ),
        };

    /// <summary>Without as many of the oldest versions of segments as it takes; those that are needed stay.</summary>
    private static ImmutableArray<SegmentVersion> WithinBounds(
        DefinitionsState before,
        ImmutableArray<SegmentVersion> versions
    )
    {
        long over = versions.Sum(v => (long)v.Text.Length) - IDefinitionsGrain.SegmentTextMax;
        return over <= 0
            ? versions
            : versions.RemoveAll(version =>
            {
                bool forgotten = over > 0 && !before.IsNeeded(version);
                over -= forgotten ? version.Text.Length : 0;
                return forgotten;
            });
    }

    /// <summary>Without as many of the oldest versions as it takes; those that are active or shown stay.</summary>
    private static ImmutableArray<DefinitionVersion> WithinBounds(
        ImmutableArray<DefinitionVersion> versions
    )
    {
        long over = versions.Sum(v => (long)v.Text.Length) - IDefinitionsGrain.KeptTextMax;
        if (over <= 0)
        {
            return versions;
        }

        HashSet<DefinitionVersion> active = new(
            versions
                .GroupBy(v => (v.Kind, v.Name))
                .SelectMany(group =>
                    (DefinitionVersion?[])[group.Last(), group.LastOrDefault(v => v.IsComplete)]
                )
                .OfType<DefinitionVersion>(),
            ReferenceEqualityComparer.Instance
        );
        return versions.RemoveAll(version =>
        {
            bool forgotten = over > 0 && !active.Contains(version);
            over -= forgotten ? version.Text.Length : 0;
            return forgotten;
        });
    }
}
