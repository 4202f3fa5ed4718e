using System.Collections.Immutable;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>Says what is wrong with a definition, beside those that are active.</summary>
/// <param name="state">All definitions.</param>
internal sealed class DefinitionCheck(DefinitionsState state)
{
    private readonly ImmutableArray<DefinitionVersion> active = [.. state.AllActive()];

    /// <summary>Of segments, and of what they ask for.</summary>
    public SegmentCheck Segments { get; } = new(state);

    private IEnumerable<DefinitionVersion> Insights =>
        active.Where(IsOf(DefinitionKinds.Insight)).Concat(state.Former());

    /// <summary>What is wrong with a text; empty when it may become active, or of a segment be reviewed.</summary>
    public ImmutableArray<DefinitionError> Check(string kind, string name, string text)
    {
        if (!DefinitionKinds.All.Contains(kind))
        {
            string known = string.Join(", ", DefinitionKinds.All);
            return [Error($"Unknown kind; known are: {known}.")];
        }

        if (text.Length > Limits.DefinitionMax)
        {
            return [Error($"Longer than {Limits.DefinitionMax} characters.")];
        }

        DefinitionVersion[] others = [.. active.Where(v => v.Kind != kind || v.Name != name)];
        if (
            kind != DefinitionKinds.Segment
            && others.Count(IsWritten) >= IDefinitionsGrain.DefinitionsMax
        )
        {
            return [Error($"There are {IDefinitionsGrain.DefinitionsMax} definitions already.")];
        }

        if (others.Sum(v => (long)v.Text.Length) + text.Length > IDefinitionsGrain.ActiveTextMax)
        {
            int max = IDefinitionsGrain.ActiveTextMax;
            return [Error($"All definitions would have more than {max} characters.")];
        }

        string[] rulesets = [.. active.Where(IsOf(DefinitionKinds.Ruleset)).Select(v => v.Name)];
        return kind switch
        {
            DefinitionKinds.Stream => CheckStream(name, text, rulesets),
            DefinitionKinds.Insight when InsightDefinition.IsDerived(name) =>
            [
                Error(
                    $"Names that begin with `{InsightDefinition.DerivedPrefix}` are those of insights that segments make."
                ),
            ],
            DefinitionKinds.Insight => CheckInsight(name, text),
            DefinitionKinds.Segment => Segments.CheckDraft(name, text),
            DefinitionKinds.Model => PredictionModel.Compile(name, text).Errors,
            _ => CheckRuleset(name, text, [name, .. rulesets]),
        };
    }

    /// <summary>
    /// Whether a version knows everything from the start: an insight that is computed of its subject's records alone, which are kept.
    /// </summary>
    public bool KnowsAll(DefinitionVersion version) =>
        version.Kind == DefinitionKinds.Insight
        && InsightDefinition.Compile(version.Name, version.Text, Declared()).Insight
            is { IsOverRecords: true, HasPeople: false };

    /// <summary>How people know an insight: one that segments make by those.</summary>
    private string NameOf(DefinitionVersion insight)
    {
        string[] users =
        [
            .. state
                .Segments.Where(version => version.Derived.Contains(insight.Name))
                .Select(version => version.Name)
                .Distinct(),
        ];
        return users.Length == 0
            ? $"The insight `{insight.Name}`"
            : $"What the segment `{string.Join("`, `", users)}` measures";
    }

    /// <summary>Whether somebody put it: no segment, which is drafted, and no insight of one.</summary>
    private static bool IsWritten(DefinitionVersion version) =>
        version.Kind != DefinitionKinds.Segment && !version.IsDerived;

    private static DefinitionError Error(string message) => new("", message, 0, 0);

    private static Func<DefinitionVersion, bool> IsOf(string kind) =>
        version => version.Kind == kind;

    /// <summary>What the active streams declare, one of them perhaps with another text.</summary>
    private DeclaredField[] Declared(string? name = null, string text = "") =>
        SegmentCheck.DeclaredBy(
            active
                .Where(IsOf(DefinitionKinds.Stream))
                .Where(version => version.Name != name)
                .Select(version => (version.Name, version.Text))
                .Concat(name is null ? [] : [(name, text)])
        );

    /// <summary>A field of the CRM has one owner, and of one owner one insight that writes it.</summary>
    private ImmutableArray<DefinitionError> CheckInsight(string name, string text)
    {
        DeclaredField[] declared = Declared();
        (InsightDefinition? insight, ImmutableArray<DefinitionError> errors) =
            InsightDefinition.Compile(name, text, declared);
        if (insight is null)
        {
            return errors;
        }

        errors = Segments.CheckWithInsight(insight);
        return insight.Writes is not { } field || !errors.IsEmpty
            ? errors
            :
            [
                .. from other in Insights
                where
                    other.Name != name
                    && InsightDefinition.Compile(other.Name, other.Text, declared).Insight?.Writes
                        == field
                select new DefinitionError(
                    "writes",
                    $"{field.Object}.{field.Field} is written by the insight `{other.Name}`.",
                    0,
                    0
                ),
            ];
    }

    /// <summary>What a stream no longer declares, or otherwise, no insight may name.</summary>
    private ImmutableArray<DefinitionError> CheckStream(string name, string text, string[] rulesets)
    {
        ImmutableArray<DefinitionError> errors = DataStream.Compile(name, text, rulesets).Errors;
        if (!errors.IsEmpty)
        {
            return errors;
        }

        DeclaredField[] before = Declared();
        DeclaredField[] after = Declared(name, text);
        return
        [
            .. from insight in Insights
            where ErrorsOf(insight, before).IsEmpty
            from error in ErrorsOf(insight, after)
            select Error($"{NameOf(insight)} needs what this would change: {error.Message}"),
            .. Segments.CheckWithFields(after),
        ];
    }

    private static ImmutableArray<DefinitionError> ErrorsOf(
        DefinitionVersion insight,
        DeclaredField[] declared
    ) => InsightDefinition.Compile(insight.Name, insight.Text, declared).Errors;

    private static ImmutableArray<DefinitionError> CheckRuleset(
        string name,
        string text,
        string[] known
    )
    {
        (Ruleset? ruleset, ImmutableArray<DefinitionError> errors) = Ruleset.Compile(name, text);
        return ruleset is null
            ? errors
            :
            [
                .. ruleset
                    .FindableBy.Except(known)
                    .Select(other => new DefinitionError(
                        "findableBy",
                        $"There is no ruleset `{other}`.",
                        0,
                        0
                    )),
            ];
    }
}
