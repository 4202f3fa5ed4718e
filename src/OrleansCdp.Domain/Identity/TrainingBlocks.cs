using System.Runtime.InteropServices;

namespace OrleansCdp.Identity;

/// <summary>Where training looks for pairs of one person: among records that are equal in one respect.</summary>
internal static class TrainingBlocks
{
    /// <summary>
    /// Pairs that share a key which are kept: about 150 MB. Of more, a share is kept that their places alone choose.
    /// </summary>
    public const int CandidatesMax = 2_000_000;

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

    /// <summary>Pairs of records that share a key.</summary>
    /// <param name="rules">What keys are made of.</param>
    /// <param name="records">The records.</param>
    /// <param name="max">Most pairs kept.</param>
    public static Candidates CandidatesOf(
        FuzzyRules rules,
        IReadOnlyList<MatchValues> records,
        int max = CandidatesMax
    )
    {
        HashSet<(int A, int B)> pairs = [];
        int halvings = 0;
        Dictionary<long, List<int>> index = [];
        for (int at = 0; at < records.Count; at++)
        {
            foreach (long key in rules.KeysOf(records[at]))
            {
                ref List<int>? bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    index,
                    key,
                    out _
                );
                (bucket ??= []).Add(at);
            }
        }

        foreach (List<int> bucket in index.Values.Where(b => b.Count <= rules.Limits.BucketMax))
        {
            for (int i = 0; i < bucket.Count; i++)
            {
                for (int j = i + 1; j < bucket.Count; j++)
                {
                    if (IsKept((bucket[i], bucket[j]), halvings))
                    {
                        pairs.Add((bucket[i], bucket[j]));
                    }

                    // Whichever pairs came first, those are left that so many halvings keep.
                    while (pairs.Count > max)
                    {
                        halvings++;
                        pairs.RemoveWhere(pair => !IsKept(pair, halvings));
                    }
                }
            }
        }

        return new Candidates([.. pairs.Order()], double.Exp2(-halvings));
    }

    /// <summary>Whether chance, which knows a pair by its places alone, keeps it through so many halvings.</summary>
    private static bool IsKept((int A, int B) pair, int halvings)
    {
        ulong mixed = ((ulong)(uint)pair.A << 32) | (uint)pair.B;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return ulong.LeadingZeroCount(mixed ^ (mixed >> 31)) >= (ulong)halvings;
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

/// <summary>Pairs of records that share a key, or of very many of them a share.</summary>
/// <param name="Pairs">The pairs, in order.</param>
/// <param name="Share">Which share of all such pairs they are about: 1 for all, else a half, a quarter and so on.</param>
internal readonly record struct Candidates((int A, int B)[] Pairs, double Share);
