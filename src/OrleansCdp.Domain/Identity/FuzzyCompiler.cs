using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Compiles the fuzzy part of a ruleset.</summary>
internal sealed class FuzzyCompiler(DefinitionReader reader, IdentifierGuards guards)
{
    /// <summary>The most that a threshold may be, either way.</summary>
    internal const double ThresholdMax = 100;

    /// <summary>The most that candidates, edges or records under one key may be.</summary>
    internal const int WorkMax = 1_000;

    /// <summary>Shares of pairs go up to here; training keeps to it too.</summary>
    internal const double RateMax = 0.5;

    private const double RateMin = 1e-15;
    private const string Path = "fuzzy";

    /// <summary>Compiles the part; null when something is wrong with it.</summary>
    public FuzzyRules? Compile(YamlNode node)
    {
        Section section = reader.Open(
            node,
            Path,
            "thresholds",
            "limits",
            "matchRate",
            "household",
            "fields"
        );
        double matchRate = Amounts.Real(
            reader,
            section["matchRate"],
            section.PathOf("matchRate"),
            RateMin,
            RateMax,
            MatchDefaults.MatchRate
        );
        double household = Amounts.Real(
            reader,
            section["household"],
            section.PathOf("household"),
            0,
            RateMax,
            matchRate
        );
        MatchThresholds thresholds = ThresholdsOf(section);
        MatchLimits limits = LimitsOf(section);
        ImmutableArray<MatchField> fields = FieldsOf(section);
        return reader.HasErrors
            ? null
            : new FuzzyRules(fields, matchRate, household, thresholds, limits, guards);
    }

    private MatchThresholds ThresholdsOf(Section fuzzy)
    {
        MatchThresholds known = MatchThresholds.Default;
        if (fuzzy["thresholds"] is not { } node)
        {
            return known;
        }

        Section section = reader.Open(node, fuzzy.PathOf("thresholds"), "link", "mean", "soft");
        MatchThresholds thresholds = new(
            Bits("link", known.LinkMin),
            Bits("mean", known.MeanMin),
            Bits("soft", known.SoftMin)
        );
        if (thresholds.SoftMin > thresholds.LinkMin)
        {
            reader.Add(
                section.PathOf("soft"),
                "A possible match needs less than a link: `soft` is at most `link`.",
                node
            );
        }

        return thresholds;

        double Bits(string key, double otherwise) =>
            Amounts.Real(
                reader,
                section[key],
                section.PathOf(key),
                -ThresholdMax,
                ThresholdMax,
                otherwise
            );
    }

    private MatchLimits LimitsOf(Section fuzzy)
    {
        MatchLimits known = MatchLimits.Default;
        if (fuzzy["limits"] is not { } node)
        {
            return known;
        }

        Section section = reader.Open(
            node,
            fuzzy.PathOf("limits"),
            "candidates",
            "bucket",
            "edges",
            "component"
        );
        return new MatchLimits(
            Count("candidates", known.CandidatesMax),
            Count("bucket", known.BucketMax),
            Count("edges", known.EdgesMax),
            Count("component", known.ComponentMax)
        );

        int Count(string key, int otherwise) =>
            Amounts.Whole(reader, section[key], section.PathOf(key), 1, WorkMax, otherwise);
    }

    private ImmutableArray<MatchField> FieldsOf(Section fuzzy)
    {
        string path = fuzzy.PathOf("fields");
        if (fuzzy["fields"] is not { } node)
        {
            reader.Add(path, "`fields` is required: what is compared.", fuzzy.Node);
            return [];
        }

        ImmutableArray<YamlEntry> entries = reader.Entries(node, path);
        if (entries.Length is 0 or > FuzzyRules.FieldsMax)
        {
            reader.Add(path, $"Between 1 and {FuzzyRules.FieldsMax} fields stand here.", node);
        }

        FieldRulesCompiler fields = new(reader);
        Dictionary<ushort, string> ids = [];
        var compiled = ImmutableArray.CreateBuilder<MatchField>();
        foreach (YamlEntry entry in entries)
        {
            MatchField? field = fields.Compile(entry, path);
            if (field is null)
            {
                continue;
            }

            if (!ids.TryAdd(field.Id, field.Name))
            {
                reader.Add(
                    DefinitionReader.Join(path, field.Name),
                    $"Stored values cannot tell `{field.Name}` from `{ids[field.Id]}`: rename it.",
                    entry.Key
                );
            }

            compiled.Add(field);
        }

        return compiled.ToImmutable();
    }
}
