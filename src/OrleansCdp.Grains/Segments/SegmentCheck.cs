using System.Collections.Immutable;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Says what is wrong with a segment, or with what segments ask for, beside the definitions that are active.</summary>
/// <param name="state">All definitions.</param>
internal sealed class SegmentCheck(DefinitionsState state)
{
    private readonly ImmutableArray<DefinitionVersion> active = [.. state.AllActive()];
    private SegmentTexts? known;

    /// <summary>What streams declare.</summary>
    /// <param name="streams">Their names and texts.</param>
    public static DeclaredField[] DeclaredBy(IEnumerable<(string Name, string Text)> streams) =>
        [
            .. streams
                .SelectMany(stream =>
                    DataStream.Compile(stream.Name, stream.Text).Stream?.DeclaredFields ?? []
                )
                .Distinct(),
        ];

    /// <summary>What is wrong with a text; empty when it may become active, also for those that ask for it.</summary>
    public ImmutableArray<DefinitionError> Check(string name, string text)
    {
        SegmentTexts texts = Texts();
        SegmentTexts next = texts.With(name, text);
        var (segment, errors) = next.Compile(name);
        return segment is null ? errors : Others(texts, next, segment);
    }

    /// <summary>
    /// What is wrong with a text that is written or reviewed; empty when it may be. It may ask for segments that are not active yet:
    /// those that belong together are written together, and activated one after the other.
    /// </summary>
    public ImmutableArray<DefinitionError> CheckDraft(string name, string text)
    {
        SegmentTexts texts = Texts();
        SegmentTexts all = WithDrafts(texts).With(name, text);
        var (segment, errors) = all.Compile(name);
        if (segment is null)
        {
            return errors;
        }

        errors = Others(texts, texts.With(name, text), segment);
        // Among the active ones there is none that is not found by that.
        bool asksForDrafts = segment.Segments.Any(asked =>
            !texts.All.ContainsKey(SegmentOrder.SegmentOf(asked))
        );
        return errors.IsEmpty && asksForDrafts && CircleAmong(all) is { } circle
            ? [circle.ErrorIn(segment)]
            : errors;
    }

    private static WrongOrder? CircleAmong(SegmentTexts all) =>
        SegmentOrder
            .Of(all.All.Keys.Select(one => all.Compile(one).Segment).OfType<SegmentDefinition>())
            .Wrong;

    /// <summary>What would be wrong with active segments without one of them; empty when it may go.</summary>
    public ImmutableArray<DefinitionError> CheckWithout(string name)
    {
        SegmentTexts texts = Texts();
        return Others(texts, texts.Without(name));
    }

    /// <summary>What would be wrong with active segments beside another text of an insight.</summary>
    public ImmutableArray<DefinitionError> CheckWithInsight(InsightDefinition insight)
    {
        SegmentTexts texts = Texts();
        return Others(texts, texts.With(insight));
    }

    /// <summary>What would be wrong with active segments if streams declared other fields.</summary>
    public ImmutableArray<DefinitionError> CheckWithFields(DeclaredField[] declared)
    {
        SegmentTexts texts = Texts();
        return Others(texts, texts.With(declared));
    }

    /// <summary>Compiles a text beside the active segments, and those that are not active yet.</summary>
    public SegmentDefinition? Compile(string name, string text) =>
        WithDrafts(Texts()).With(name, text).Compile(name).Segment;

    /// <summary>The active segments, and the newest versions of those that are written or reviewed and have no active one.</summary>
    private SegmentTexts WithDrafts(SegmentTexts texts)
    {
        Dictionary<string, string> drafts = new(StringComparer.Ordinal);
        foreach (SegmentVersion version in state.Segments)
        {
            if (version.IsOpen && !texts.All.ContainsKey(version.Name))
            {
                drafts[version.Name] = version.Text;
            }
        }

        return texts.With(drafts);
    }

    /// <summary>The active segments, and what they may speak of.</summary>
    private SegmentTexts Texts() => known ??= Read();

    private SegmentTexts Read()
    {
        DeclaredField[] declared = DeclaredBy(
            Of(DefinitionKinds.Stream).Select(version => (version.Name, version.Text))
        );
        return new SegmentTexts(
            declared,
            [
                .. Of(DefinitionKinds.Insight)
                    .Where(version => !version.IsDerived)
                    .Select(version =>
                        InsightDefinition.Compile(version.Name, version.Text, declared).Insight
                    )
                    .OfType<InsightDefinition>(),
            ],
            Of(DefinitionKinds.Segment)
                .ToImmutableSortedDictionary(
                    version => version.Name,
                    version => version.Text,
                    StringComparer.Ordinal
                )
        );
    }

    private IEnumerable<DefinitionVersion> Of(string kind) =>
        active.Where(version => version.Kind == kind);

    /// <summary>What is wrong after a change and was not before it, with segments that the change is not about.</summary>
    private static ImmutableArray<DefinitionError> Others(
        SegmentTexts before,
        SegmentTexts after,
        SegmentDefinition? changed = null
    )
    {
        var errors = ImmutableArray.CreateBuilder<DefinitionError>();
        List<SegmentDefinition> compiled = [];
        foreach ((string name, string text) in after.All)
        {
            var (segment, wrong) = after.Compile(name);
            if (segment is not null)
            {
                compiled.Add(segment);
            }
            else if (
                before.All.GetValueOrDefault(name) == text
                && before.Compile(name).Segment is not null
            )
            {
                errors.AddRange(
                    wrong.Select(error =>
                        Error($"The segment `{name}` needs what this would change: {error.Message}")
                    )
                );
            }
        }

        if (SegmentOrder.Of(compiled).Wrong is { } circle)
        {
            errors.Add(circle.ErrorIn(changed));
        }

        return errors.ToImmutable();
    }

    private static DefinitionError Error(string message) => new("", message, 0, 0);
}
