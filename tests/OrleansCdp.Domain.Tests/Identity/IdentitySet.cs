using System.Globalization;
using OrleansCdp.Events;
using Sylvan.Data.Csv;

namespace OrleansCdp.Identity;

/// <summary>A public set of records with the truth about who is who.</summary>
/// <remarks>The benchmarks compile this file too, so that both score alike.</remarks>
internal sealed class IdentitySet
{
    public static readonly IdentitySet Fake = new("fake_1000", "fake", "unique_id", "fake_1000");
    public static readonly IdentitySet Febrl1 = new("febrl1", "febrl", "rec_id", "febrl1");
    public static readonly IdentitySet Febrl3 = new("febrl3", "febrl", "rec_id", "febrl3");
    public static readonly IdentitySet Febrl4 = new(
        "febrl4",
        "febrl",
        "rec_id",
        "febrl4a",
        "febrl4b"
    );
    public static readonly IdentitySet Senzing = new(
        "senzing",
        "senzing",
        "record_id",
        "senzing_all_records"
    );
    public static readonly IdentitySet Restaurants = new(
        "restaurants",
        "restaurants",
        "record_id",
        "restaurants"
    );

    private readonly string definition;
    private readonly string idColumn;
    private readonly string[] files;

    private IdentitySet(string name, string definition, string idColumn, params string[] files)
    {
        Name = name;
        this.definition = definition;
        this.idColumn = idColumn;
        this.files = files;
    }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<IdentitySet> All { get; } =
    [Fake, Febrl1, Febrl3, Febrl4, Senzing, Restaurants];

    public string Name { get; }

    /// <summary>Its files, below the folder of the development data.</summary>
    public IEnumerable<string> Files =>
        files.Append($"{Name}_truth").Select(f => $"identity/{f}.csv");

    /// <summary>What a user would write of its columns.</summary>
    public Ruleset Compile()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Rulesets", definition + ".yaml");
        (Ruleset? ruleset, var errors) = Ruleset.Compile(definition, File.ReadAllText(path));
        return ruleset ?? throw new FormatException(string.Join('\n', errors));
    }

    /// <summary>Reads the records in the order of the files, and the truth.</summary>
    public IdentityRecords Read(string folder, Ruleset ruleset)
    {
        List<(string Link, MatchValues Values)> records = [];
        foreach (string file in files)
        {
            foreach (Dictionary<string, string> row in Rows(folder, file))
            {
                string id = row[idColumn];
                records.Add((id, ruleset.ValuesOf(EventOf(id, row)) ?? MatchValues.Empty));
            }
        }

        return new IdentityRecords(
            records,
            Rows(folder, $"{Name}_truth").ToDictionary(row => row["record_id"], r => r["entity_id"])
        );
    }

    private static LinkEvent EventOf(string id, Dictionary<string, string> row) =>
        new()
        {
            Link = new LinkKey("set", "record", id),
            Stream = "set",
            EventId = id,
            OccurredAt = DateTimeOffset.UnixEpoch,
            ReceivedAt = DateTimeOffset.UnixEpoch,
            Kind = EventKind.Updated,
            Object = "Individual",
            Traits =
            [
                .. row.Where(cell => cell.Value.Length > 0)
                    .Select(cell => new Field(cell.Key, FieldValue.Of(cell.Value))),
            ],
        };

    private static IEnumerable<Dictionary<string, string>> Rows(string folder, string file)
    {
        string path = Path.Combine(folder, "identity", file + ".csv");
        using CsvDataReader reader = CsvDataReader.Create(path);
        while (reader.Read())
        {
            yield return Enumerable
                .Range(0, reader.FieldCount)
                .ToDictionary(reader.GetName, reader.GetString, StringComparer.Ordinal);
        }
    }
}

/// <summary>Records of a set, and who is who.</summary>
internal sealed record IdentityRecords(
    IReadOnlyList<(string Link, MatchValues Values)> Records,
    IReadOnlyDictionary<string, string> Truth
)
{
    public IReadOnlyList<MatchValues> Values => [.. Records.Select(record => record.Values)];

    /// <summary>Pairs of records that are of one person.</summary>
    public long TruePairs =>
        Truth
            .Values.GroupBy(entity => entity, StringComparer.Ordinal)
            .Sum(entity => Pairs(entity.Count()));

    /// <summary>The same records as they might also have arrived.</summary>
    public IdentityRecords Shuffled(int seed)
    {
        (string, MatchValues)[] shuffled = [.. Records];
        new Random(seed).Shuffle(shuffled);
        return this with { Records = shuffled };
    }

    /// <summary>Adds all, one at a time.</summary>
    public MatchSimulation Run(FuzzyRules rules)
    {
        MatchSimulation simulation = new(rules);
        foreach ((string link, MatchValues values) in Records)
        {
            simulation.Add(link, values);
        }

        return simulation;
    }

    /// <summary>Scores clusters pair by pair.</summary>
    public IdentityScore Score(MatchSimulation simulation)
    {
        HashSet<(string, string)> linked = [];
        int largest = 0;
        foreach (var group in simulation.Groups())
        {
            largest = Math.Max(largest, group.Length);
            for (int i = 0; i < group.Length; i++)
            {
                for (int j = i + 1; j < group.Length; j++)
                {
                    linked.Add((group[i], group[j]));
                }
            }
        }

        int right = linked.Count(pair => Truth[pair.Item1] == Truth[pair.Item2]);
        return new IdentityScore(
            linked.Count == 0 ? 1 : (double)right / linked.Count,
            (double)right / TruePairs,
            largest,
            linked
        );
    }

    private static long Pairs(long count) => count * (count - 1) / 2;
}

/// <summary>How right clusters are.</summary>
internal sealed record IdentityScore(
    double Precision,
    double Recall,
    int Largest,
    HashSet<(string, string)> Linked
)
{
    public double F1 => Precision + Recall == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);

    /// <summary>Pairs linked in one of two and not in the other, as a share of those linked here.</summary>
    public double DifferenceFrom(IdentityScore other)
    {
        int common = Linked.Count(other.Linked.Contains);
        return (double)(Linked.Count + other.Linked.Count - (2 * common)) / Linked.Count;
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"precision {Precision:0.0000}, recall {Recall:0.0000}, F1 {F1:0.0000}, largest {Largest}"
        );
}
