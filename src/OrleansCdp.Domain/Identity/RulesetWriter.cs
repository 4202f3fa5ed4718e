using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Writes trained rules as a definition that a person can review, and that compiles to the same rules.</summary>
public sealed class RulesetWriter
{
    private const int ColumnsMax = 110;
    private const int LeastListed = 10;

    private readonly StringBuilder text = new();
    private readonly int listedMax;

    private RulesetWriter(int listedMax)
    {
        this.listedMax = listedMax;
    }

    /// <summary>Writes a draft: what was learnt as comments at its head, then the ruleset.</summary>
    /// <param name="ruleset">Where its name, description, guards and spaces come from.</param>
    /// <param name="trained">Its fuzzy part.</param>
    /// <returns>
    /// YAML of at most <see cref="Limits.DefinitionMax"/> characters. Where the tables of frequencies would not fit, the
    /// rarer values are left out.
    /// </returns>
    public static string Draft(Ruleset ruleset, TrainedRules trained)
    {
        int listed = Frequencies.ListedMax;
        string draft = new RulesetWriter(listed).Write(ruleset, trained);
        while (draft.Length > Limits.DefinitionMax && listed > LeastListed)
        {
            listed /= 2;
            draft = new RulesetWriter(listed).Write(ruleset, trained);
        }

        return draft;
    }

    private string Write(Ruleset ruleset, TrainedRules trained)
    {
        WriteReport(ruleset.Name, trained.Report);
        if (ruleset.Description is { } description)
        {
            Line($"description: {YamlText.Quoted(description)}");
        }

        if (!ruleset.FindableBy.IsEmpty)
        {
            Line($"findableBy: [{string.Join(", ", ruleset.FindableBy)}]");
        }

        WriteGuards(ruleset.Guards);
        FuzzyRules rules = trained.Rules;
        Line($"fuzzy:");
        Line(
            $"  thresholds: {{ link: {Number(rules.Thresholds.LinkMin)}, mean: {Number(rules.Thresholds.MeanMin)}, ",
            $"soft: {Number(rules.Thresholds.SoftMin)} }}"
        );
        Line(
            $"  limits: {{ candidates: {rules.Limits.CandidatesMax}, bucket: {rules.Limits.BucketMax}, ",
            $"edges: {rules.Limits.EdgesMax}, component: {rules.Limits.ComponentMax} }}"
        );
        Line($"  matchRate: {Number(rules.MatchRate)}");
        WriteHousehold(rules, trained.Report);
        Line($"  fields:");
        foreach (MatchField field in rules.Fields)
        {
            WriteField(field);
        }

        return text.ToString();
    }

    private void WriteHousehold(FuzzyRules rules, TrainingReport report)
    {
        string[] shared =
        [
            .. rules.Fields.Where(field => field.Shared).Select(field => field.Name),
        ];
        if (rules.Household == 0 && shared.Length > 0)
        {
            Line(
                $"  # WARNING: 0 knows no households, so {string.Join(", ", shared)} count like any other field and may"
            );
            Line(
                $"  # make one of two people who share them. Training found too few households to tell: a share of "
            );
            Line(
                $"  # {Number(report.HouseholdRate)}, less than a twentieth of the matches. If families or colleagues are among the"
            );
            Line($"  # records, leave the line out: there are as many households as matches then.");
        }

        Line($"  household: {Number(rules.Household)}");
    }

    private void WriteReport(string name, TrainingReport report)
    {
        Line(
            $"# A draft of `{name}`, trained without labels. It decides nothing until somebody puts it in force."
        );
        Line(
            $"# {report.Records} records; {report.CandidatePairs} pairs share a key; of all pairs about"
        );
        Line(
            $"# {Number(report.Matches)} are taken to be one person's (a share of {Number(report.MatchRate)}), a share of ",
            $"{Number(report.HouseholdRate)} one household's."
        );
        Line(
            $"# Clustered with these rules they make {report.Groups} groups of more than one record."
        );
        foreach (TrainingPass pass in report.Passes)
        {
            Line(
                $"# Pass on equal {string.Join(" and ", pass.Block)}: {pass.Pairs} pairs, {Number(pass.Matches)} matches, ",
                $"{Number(pass.Households)} of households: {(pass.Rejected is null ? "accepted." : "REJECTED.")}"
            );
            if (pass.Rejected is { } why)
            {
                Line($"#   {why}");
            }
        }

        foreach ((string field, int count) in report.Guarded)
        {
            Line($"# {count} values of {field} are held by too many to identify anybody.");
        }
    }

    private void WriteGuards(IdentifierGuards guards)
    {
        Line($"guards:");
        if (!guards.Blocked.IsEmpty)
        {
            Line($"  blocked:");
            foreach ((string type, ImmutableArray<string> values) in guards.Blocked)
            {
                Line($"    {YamlText.Quoted(type)}:");
                Wrapped("      ", '[', values.Select(YamlText.Quoted), ']');
            }
        }

        if (!guards.IdentifiersMax.IsEmpty)
        {
            IEnumerable<string> limits = guards.IdentifiersMax.Select(limit =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{YamlText.Quoted(limit.Type)}: {limit.Max}"
                )
            );
            Line($"  identifiersMax: {{ {string.Join(", ", limits)} }}");
        }

        Line($"  individualsPerIdentifierMax: {guards.IndividualsPerIdentifierMax}");
    }

    private void WriteField(MatchField field)
    {
        Line($"    {field.Name}:");
        Line($"      type: {FieldRulesCompiler.NameOf(field.Type)}");
        Line($"      class: {(field.Shared ? "shared" : "personal")}");
        WriteSources("from", field.From);
        WriteSources("parts", field.Parts);
        WriteSources("fullName", field.FullName);
        if (field.Region is { } region)
        {
            Line($"      region: {YamlText.Quoted(region)}");
        }

        if (field.DayFirst)
        {
            Line($"      dayFirst: true");
        }

        if (!field.Folding.IsEmpty)
        {
            IEnumerable<string> providers = field.Folding.Select(folding =>
                $"{folding.Key}: [{string.Join(", ", FoldingCompiler.WordsOf(folding.Value))}]"
            );
            Line($"      folding: {{ {string.Join(", ", providers)} }}");
        }

        Line($"      m: [{string.Join(", ", field.Matches.Select(Number))}]");
        Line($"      u: [{string.Join(", ", field.Randoms.Select(Number))}]");
        string bits = string.Join(
            ", ",
            FieldScorer
                .WeightsOf(field)
                .Select(weight => weight.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture))
        );
        Line($"      # bits: {bits}");
        WriteFrequencies("frequencies", field.Frequencies);
        WriteFrequencies("words", field.Words);
        if (MatchDefaults.Identifies(field.Type) || field.GuardedAbove is not null)
        {
            Line(
                $"      guardedAbove: {field.GuardedAbove?.ToString(CultureInfo.InvariantCulture) ?? "never"}"
            );
        }

        if (field.Guarded.Count > 0)
        {
            Line($"      guarded:");
            Wrapped(
                "        ",
                '[',
                field
                    .Guarded.Order()
                    .Select(value => YamlText.Quoted(Frequencies.HashedName(value))),
                ']'
            );
        }
    }

    private void WriteSources(string key, ImmutableArray<ValueSource> sources)
    {
        if (!sources.IsEmpty)
        {
            string list = string.Join(
                ", ",
                sources.Select(source => YamlText.Quoted(source.ToString()))
            );
            Line($"      {key}: [{list}]");
        }
    }

    // What is left out of a table is as common as those left out are on average.
    private void WriteFrequencies(string key, Frequencies? table)
    {
        if (table is null)
        {
            return;
        }

        KeyValuePair<string, int>[] listed = [.. table.Listed.Take(listedMax)];
        double others =
            listed.Length == table.Listed.Length
                ? table.Others
                : Math.Max(
                    table.Others,
                    table.Listed.Skip(listed.Length).Average(entry => (double)entry.Value)
                );
        Line($"      {key}:");
        Line($"        entities: {Number(table.Entities)}");
        Line($"        others: {Number(others)}");
        if (listed.Length > 0)
        {
            Line($"        values:");
            Wrapped(
                "          ",
                '{',
                listed.Select(entry =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{YamlText.Quoted(entry.Key)}: {entry.Value}"
                    )
                ),
                '}'
            );
        }
    }

    private void Wrapped(string indent, char open, IEnumerable<string> items, char close)
    {
        StringBuilder line = new(indent);
        string separator = $"{open} ";
        foreach (string item in items)
        {
            line.Append(separator);
            if (line.Length + item.Length > ColumnsMax)
            {
                text.Append(line.ToString().TrimEnd()).Append('\n');
                line.Clear().Append(indent).Append("  ");
            }

            line.Append(item);
            separator = ", ";
        }

        text.Append(line).Append(' ').Append(close).Append('\n');
    }

    private void Line(FormattableString line, FormattableString? rest = null) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture))
            .Append(rest?.ToString(CultureInfo.InvariantCulture))
            .Append('\n');

    private static string Number(double number) =>
        number.ToString("G6", CultureInfo.InvariantCulture);
}
