using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Counts values by those who hold them: people, not records, or somebody with many records would make a rare name common.
/// </summary>
internal static class FrequencyCount
{
    private const int ListedMin = 2;
    private const double OthersMin = 0.25;

    // Of identifiers a small sample says too little: so many more are taken to have others.
    private const double PriorHolders = 100;

    /// <summary>Rules with the frequencies of groups of records, each counting once.</summary>
    /// <param name="rules">The rules whose frequencies are replaced.</param>
    /// <param name="entities">The records of each person.</param>
    /// <param name="guard">Whether values that too many hold are guarded.</param>
    public static FuzzyRules Recounted(
        FuzzyRules rules,
        IReadOnlyList<IReadOnlyList<MatchValues>> entities,
        bool guard
    ) => rules.With([.. rules.Fields.Select(field => Recounted(field, entities, guard))]);

    private static MatchField Recounted(
        MatchField field,
        IReadOnlyList<IReadOnlyList<MatchValues>> entities,
        bool guard
    )
    {
        Tally values = new();
        Tally words = new();
        foreach (IReadOnlyList<MatchValues> entity in entities)
        {
            ValueForm[] forms =
            [
                .. entity
                    .SelectMany(record => record.Of(field.Id))
                    .Select(value => value.FormOf(field.Type)),
            ];
            values.Add(forms.Select(form => form.Text));
            words.Add(forms.SelectMany(WordsOf));
        }

        double prior = MatchDefaults.Identifies(field.Type) ? PriorHolders : 0;
        bool hashed = MatchField.IsConfidential(field.Type);
        return field with
        {
            Frequencies =
                field.Type == MatchType.Category ? null : values.ToFrequencies(prior, hashed),
            Words = field.Type is MatchType.Address or MatchType.Organisation or MatchType.Text
                ? words.ToFrequencies(prior: 0, hashed: false)
                : null,
            Guarded =
                guard && field.GuardedAbove is { } max
                    ? values.Above(max).ToFrozenSet()
                    : FrozenSet<ulong>.Empty,
        };
    }

    private static IEnumerable<string> WordsOf(ValueForm form) =>
        form switch
        {
            WordsForm words => words.Words.Select(word => word.Text),
            AddressForm address => address.Words.Select(word => word.Text),
            _ => [],
        };

    private sealed class Tally
    {
        private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);
        private int holders;

        public void Add(IEnumerable<string> values)
        {
            HashSet<string> own = [.. values];
            holders += own.Count > 0 ? 1 : 0;
            foreach (string value in own)
            {
                counts[value] = counts.GetValueOrDefault(value) + 1;
            }
        }

        public IEnumerable<ulong> Above(int max) =>
            counts.Where(entry => entry.Value > max).Select(entry => MatchField.HashOf(entry.Key));

        public Frequencies? ToFrequencies(double prior, bool hashed)
        {
            if (holders == 0)
            {
                return null;
            }

            KeyValuePair<string, int>[] common =
            [
                .. counts
                    .Where(entry => entry.Value >= ListedMin)
                    .OrderByDescending(entry => entry.Value)
                    .ThenBy(entry => entry.Key, StringComparer.Ordinal)
                    .Take(Frequencies.ListedMax),
            ];
            double unlisted = counts.Count - common.Length;
            double sum = counts.Values.Sum() - common.Sum(entry => (double)entry.Value);
            double mean = unlisted == 0 ? 1 : sum / unlisted;
            // Good and Turing: of values held once, so many others would hold one.
            double twice = counts.Values.Count(count => count == 2);
            double once = counts.Values.Count(count => count == 1);
            double expected = once == 0 ? 1 : 2 * twice / once;
            mean = mean > 1 ? mean : Math.Clamp(expected, OthersMin, 1);
            return new Frequencies(
                holders + prior,
                mean,
                hashed
                    ?
                    [
                        .. common.Select(entry =>
                            KeyValuePair.Create(
                                Frequencies.HashedName(MatchField.HashOf(entry.Key)),
                                entry.Value
                            )
                        ),
                    ]
                    : [.. common]
            );
        }
    }
}
