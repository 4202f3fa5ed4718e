using System.Collections.Immutable;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>The segments of a catalogue, and what they were compiled from.</summary>
/// <param name="Set">The segments.</param>
/// <param name="Texts">Their texts, and what else they may speak of.</param>
/// <param name="Sources">Versions, insights and declared fields: while these are the same, so is the set.</param>
internal sealed record CompiledSegments(
    SegmentSet Set,
    SegmentTexts Texts,
    ImmutableHashSet<string> Sources
)
{
    /// <summary>None.</summary>
    public static CompiledSegments None { get; } = new(SegmentSet.None, SegmentTexts.None, []);

    /// <summary>
    /// The segments of the next catalogue. Where nothing about them changed it is this one, so that nobody is evaluated anew.
    /// </summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <param name="streams">Its data streams.</param>
    /// <param name="insights">Its insights.</param>
    /// <param name="refused">Called with what does not compile here, and why.</param>
    public CompiledSegments Next(
        Catalogue catalogue,
        IEnumerable<DataStream> streams,
        InsightSet insights,
        Action<DefinitionVersion, DefinitionError> refused
    )
    {
        DefinitionVersion[] versions =
        [
            .. catalogue.Definitions.Where(version => version.Kind == DefinitionKinds.Segment),
        ];
        DeclaredField[] declared =
        [
            .. streams.SelectMany(stream => stream.DeclaredFields).Distinct(),
        ];
        InsightDefinition[] written =
        [
            .. insights
                .Serving.Select(insight => insight.Definition)
                .Where(insight => !InsightDefinition.IsDerived(insight.Name)),
        ];
        ImmutableHashSet<string> sources =
        [
            .. declared.Select(field => field.ToString()),
            .. written.Select(insight =>
                $"{insight.Name} {insight.Of} {insight.Type} {insight.IsDivided}"
            ),
            .. versions.Select(version => $"{version.Name} {version.Revision}"),
            $"{catalogue.Activations}",
        ];
        if (Sources.SetEquals(sources))
        {
            return this;
        }

        SegmentTexts texts = new(
            declared,
            written,
            versions.ToImmutableSortedDictionary(
                version => version.Name,
                version => version.Text,
                StringComparer.Ordinal
            )
        );
        var (segments, unread) = Compile(versions, texts, refused);
        return new(
            new SegmentSet(segments, catalogue.Activations) { Unread = unread },
            texts,
            sources
        );
    }

    private static (ImmutableArray<ActiveSegment> Segments, ImmutableArray<string> Unread) Compile(
        DefinitionVersion[] versions,
        SegmentTexts texts,
        Action<DefinitionVersion, DefinitionError> refused
    )
    {
        var segments = ImmutableArray.CreateBuilder<ActiveSegment>();
        var unread = ImmutableArray.CreateBuilder<string>();
        foreach (DefinitionVersion version in versions)
        {
            var (segment, errors) = texts.Compile(version.Name);
            if (segment is null)
            {
                unread.Add(version.Name);
                refused(version, errors[0]);
            }
            else
            {
                segments.Add(new ActiveSegment(segment, version.Version, version.Revision));
            }
        }

        if (SegmentOrder.Of(segments.Select(one => one.Definition)).Wrong is { } circle)
        {
            // Only another program can have taken them: nobody enters or leaves until that is mended.
            refused(versions[0], circle.ErrorIn(null));
            unread.AddRange(segments.Select(one => one.Definition.Name));
            segments.Clear();
        }

        return (segments.ToImmutable(), unread.ToImmutable());
    }
}
