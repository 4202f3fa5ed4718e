using System.Diagnostics.Metrics;

namespace OrleansCdp.Identity;

/// <summary>Measures what matching decides in this silo, and which of its limits it meets.</summary>
internal sealed class MatchInstruments : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> decided;
    private readonly Counter<long> compared;
    private readonly Counter<long> moves;
    private readonly Counter<long> closed;
    private readonly Counter<long> oversized;
    private readonly Counter<long> guarded;

    public MatchInstruments(IMeterFactory meters)
    {
        meter = meters.Create("OrleansCdp");
        decided = meter.CreateCounter<long>(
            "cdp.match.decided",
            "{record}",
            "Records that were compared with others because they said something new."
        );
        compared = meter.CreateCounter<long>(
            "cdp.match.candidates",
            "{record}",
            "Records that those were compared with."
        );
        moves = meter.CreateCounter<long>(
            "cdp.match.moves",
            "{link}",
            "Links that were given to an individual because they match, or taken back."
        );
        closed = meter.CreateCounter<long>(
            "cdp.match.keys_closed",
            "{key}",
            "Keys that stopped finding anybody because too many records share them."
        );
        oversized = meter.CreateCounter<long>(
            "cdp.match.oversized",
            "{component}",
            "Decisions that more records hang together with than are clustered at once."
        );
        guarded = meter.CreateCounter<long>(
            "cdp.match.identifiers_guarded",
            "{identifier}",
            "Identifiers that stopped identifying anybody because too many individuals have them."
        );
    }

    /// <summary>Notes what a turn did.</summary>
    public void Note(string ruleset, MatchOutcome outcome)
    {
        KeyValuePair<string, object?> tag = new("ruleset", ruleset);
        decided.Add(outcome.Decided, tag);
        compared.Add(outcome.Candidates, tag);
        moves.Add(outcome.Moves.Count, tag);
        closed.Add(outcome.KeysClosed, tag);
        oversized.Add(outcome.IsOversized ? 1 : 0, tag);
        guarded.Add(outcome.Guards.Count(guard => guard.IsGuarded), tag);
    }

    public void Dispose() => meter.Dispose();
}
