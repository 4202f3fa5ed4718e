using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What a comparison has found so far. Counts everything, lists up to a bound.</summary>
internal sealed class VerifyFindings
{
    private readonly Queue<VerifyDifference> unsaid = new();
    private int listed;

    public long Events { get; set; }

    public long Links { get; set; }

    public long States { get; set; }

    public long NotCompared { get; set; }

    public long Differences { get; private set; }

    /// <summary>Notes a difference.</summary>
    public void Add(VerifyDifference difference)
    {
        Differences++;
        if (listed < IVerifierGrain.DifferencesMax)
        {
            listed++;
            unsaid.Enqueue(difference);
        }
    }

    /// <summary>Notes a difference of a link.</summary>
    public void Add(string kind, string? id, HeldLink link, string expected, string served) =>
        Add(
            new VerifyDifference
            {
                Kind = kind,
                Id = id,
                Link = link.Key,
                Expected = expected,
                Served = served,
            }
        );

    /// <summary>One report per difference that was not said yet, or one without any.</summary>
    public IEnumerable<VerifyReport> Reports(string cursor)
    {
        VerifyReport report = new()
        {
            Cursor = cursor,
            Events = Events,
            Links = Links,
            States = States,
            NotCompared = NotCompared,
            Differences = Differences,
        };
        if (unsaid.Count == 0)
        {
            yield return report;
        }

        while (unsaid.TryDequeue(out VerifyDifference? difference))
        {
            yield return report with
            {
                Difference = difference,
            };
        }
    }
}
