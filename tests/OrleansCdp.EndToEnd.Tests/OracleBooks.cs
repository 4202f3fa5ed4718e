using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Compares the counts with what the log and the quarantine hold.</summary>
internal static class OracleBooks
{
    /// <summary>What does not add up, stream by stream.</summary>
    public static IEnumerable<string> Compare(OracleTables tables, OracleFold fold)
    {
        Dictionary<(string Stream, CountKind Kind, string Reason), long> expected = [];
        foreach (EventCount fate in fold.Fates)
        {
            expected[KeyOf(fate.Stream, fate.Kind, fate.Reason)] =
                expected.GetValueOrDefault(KeyOf(fate.Stream, fate.Kind, fate.Reason)) + fate.Count;
        }

        foreach (QuarantinedEvent waiting in Waiting(tables))
        {
            Add((waiting.Stream, CountKind.Quarantined, waiting.Code), 1);
        }

        // What never came to the log, or to an end there, is known from the counts alone.
        foreach (((string stream, CountKind kind, string _), long n) in tables.Counts)
        {
            if (kind is CountKind.Duplicate or CountKind.Filtered)
            {
                Add((stream, CountKind.Received, ""), n);
            }
        }

        foreach (string stream in tables.Events.Select(one => one.Event.Stream))
        {
            Add((stream, CountKind.Received, ""), 1);
        }

        foreach (QuarantinedEvent refused in tables.RefusedAtEdge.Where(r => !r.IsReplayed))
        {
            Add((refused.Stream, CountKind.Received, ""), 1);
        }

        foreach (QuarantinedEvent replayed in tables.Quarantined.Values.Where(r => r.IsReplayed))
        {
            Add((replayed.Stream, CountKind.Received, ""), -1); // Its second entry was counted too.
        }

        Dictionary<(string, CountKind, string), long> counted = tables
            .Counts.Where(count =>
                count.Key.Kind
                    is <= CountKind.Quarantined
                        and not (CountKind.Duplicate or CountKind.Filtered)
            )
            .GroupBy(count => KeyOf(count.Key.Stream, count.Key.Kind, count.Key.Reason))
            .ToDictionary(same => same.Key, same => same.Sum(count => count.Value));
        return expected
            .Keys.Union(counted.Keys)
            .Where(key => expected.GetValueOrDefault(key) != counted.GetValueOrDefault(key))
            .Select(key =>
                $"{key}: {counted.GetValueOrDefault(key)} counted, "
                + $"{expected.GetValueOrDefault(key)} in the log"
            );

        void Add((string, CountKind, string) key, long n) =>
            expected[key] = expected.GetValueOrDefault(key) + n;

        // Where it is chance which of two events said something new, only the sum of both fates is certain.
        (string Stream, CountKind Kind, string Reason) KeyOf(
            string stream,
            CountKind kind,
            string reason
        ) =>
            kind is CountKind.Applied or CountKind.Suppressed && fold.ChancyStreams.Contains(stream)
                ? (stream, CountKind.Applied, "or suppressed")
                : (stream, kind, reason);
    }

    private static IEnumerable<QuarantinedEvent> Waiting(OracleTables tables) =>
        tables.Quarantined.Values.Concat(tables.RefusedAtEdge).Where(one => !one.IsReplayed);
}
