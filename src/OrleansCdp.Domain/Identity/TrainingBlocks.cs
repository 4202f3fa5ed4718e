using System.Runtime.InteropServices;

namespace OrleansCdp.Identity;

/// <summary>Where training looks for pairs of one person: among records that are equal in one respect.</summary>
internal static class TrainingBlocks
{
    // Of a value that more records hold, pairs are mostly of strangers.
    private const int BucketMax = 50;

    /// <summary>The fields, by place, in which the pairs of each pass are equal.</summary>
    public static IEnumerable<int[]> Of(FuzzyRules rules)
    {
        int given = PlaceOf(rules, MatchType.GivenName);
        int family = PlaceOf(rules, MatchType.FamilyName);
        if (given >= 0 && family >= 0)
        {
            yield return [given, family];
        }

        for (int at = 0; at < rules.Fields.Length; at++)
        {
            if (
                rules.Fields[at]
                is {
                        Type: MatchType.Email
                            or MatchType.Phone
                            or MatchType.Date
                            or MatchType.Document
                            or MatchType.Address
                            or MatchType.Organisation
                    }
                    or { Type: MatchType.Text, Shared: false }
            )
            {
                yield return [at];
            }
        }
    }

    /// <summary>Pairs of records that are equal in all fields of a block.</summary>
    public static (int A, int B)[] PairsOf(
        FuzzyRules rules,
        int[] block,
        IReadOnlyList<MatchValues> records,
        int max
    )
    {
        Dictionary<string, List<int>> buckets = new(StringComparer.Ordinal);
        for (int at = 0; at < records.Count; at++)
        {
            foreach (string value in ValuesOf(rules, block, records[at]))
            {
                ref List<int>? bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    buckets,
                    value,
                    out _
                );
                (bucket ??= []).Add(at);
            }
        }

        HashSet<(int, int)> pairs = [];
        foreach (List<int> bucket in buckets.Values.Where(bucket => bucket.Count <= BucketMax))
        {
            for (int i = 0; i < bucket.Count && pairs.Count < max; i++)
            {
                for (int j = i + 1; j < bucket.Count && pairs.Count < max; j++)
                {
                    pairs.Add((bucket[i], bucket[j]));
                }
            }
        }

        return [.. pairs.Order()];
    }

    private static IEnumerable<string> ValuesOf(FuzzyRules rules, int[] block, MatchValues record)
    {
        IEnumerable<string> values = [""];
        foreach (MatchField field in block.Select(at => rules.Fields[at]))
        {
            string[] own =
            [
                .. record.Of(field.Id).Select(value => value.FormOf(field.Type).Text).Distinct(),
            ];
            values = values.SelectMany(before => own.Select(value => $"{before}\u001f{value}"));
        }

        return values;
    }

    private static int PlaceOf(FuzzyRules rules, MatchType type)
    {
        for (int at = 0; at < rules.Fields.Length; at++)
        {
            if (rules.Fields[at].Type == type)
            {
                return at;
            }
        }

        return -1;
    }
}
