using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>The insights of a catalogue, and what they were compiled from.</summary>
/// <param name="Set">The insights.</param>
/// <param name="Sources">Versions and declared fields: while these are the same, so is the set.</param>
internal sealed record CompiledInsights(InsightSet Set, ImmutableHashSet<string> Sources)
{
    /// <summary>None.</summary>
    public static CompiledInsights None { get; } = new(InsightSet.None, []);

    /// <summary>
    /// The insights of the next catalogue. Where nothing about them changed it is this one, so that nobody reads records anew.
    /// </summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <param name="streams">Its data streams.</param>
    /// <param name="known">Its models.</param>
    /// <param name="refused">Called with what does not compile here, and why.</param>
    public CompiledInsights Next(
        Catalogue catalogue,
        IEnumerable<DataStream> streams,
        IEnumerable<PredictionModel> known,
        Action<DefinitionVersion, DefinitionError> refused
    )
    {
        (DefinitionVersion Definition, bool IsServing)[] versions =
        [
            .. catalogue.Former.Select(version => (version, true)),
            .. catalogue
                .Definitions.Where(version => version.Kind == DefinitionKinds.Insight)
                .Select(version =>
                    (version, catalogue.Former.All(former => former.Name != version.Name))
                ),
        ];
        Dictionary<string, PredictionModel> models = known.ToDictionary(
            model => model.Name,
            StringComparer.Ordinal
        );
        Dictionary<string, string> hashes = catalogue
            .Definitions.Where(version => version.Kind == DefinitionKinds.Model)
            .ToDictionary(version => version.Name, version => version.Hash, StringComparer.Ordinal);
        DeclaredField[] declared =
        [
            .. streams.SelectMany(stream => stream.DeclaredFields).Distinct(),
        ];
        ImmutableHashSet<string> sources =
        [
            .. declared.Select(field => field.ToString()),
            .. hashes.Select(model => $"{model.Key} {model.Value}"),
            .. versions.Select(version =>
                $"{version.Definition.Revision} {version.IsServing} {version.Definition.IsComplete}"
            ),
        ];
        if (Sources.SetEquals(sources))
        {
            return this;
        }

        ImmutableArray<ActiveInsight>.Builder insights =
            ImmutableArray.CreateBuilder<ActiveInsight>();
        foreach ((DefinitionVersion version, bool isServing) in versions)
        {
            var (compiled, errors) = InsightDefinition.Compile(
                version.Name,
                version.Text,
                declared
            );
            if (compiled is null)
            {
                refused(version, errors[0]);
                continue;
            }

            string? model = compiled.Prediction?.Model;
            insights.Add(
                new(compiled, version.Version, version.Revision, isServing, version.IsComplete)
                {
                    Model = model is null ? null : models.GetValueOrDefault(model),
                    ModelHash = model is null ? null : hashes.GetValueOrDefault(model),
                }
            );
        }

        return new(new InsightSet(insights.ToImmutable(), catalogue.Version), sources);
    }
}
