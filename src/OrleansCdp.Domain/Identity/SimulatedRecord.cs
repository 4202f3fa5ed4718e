using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>A record as a simulation knows it.</summary>
internal sealed class SimulatedRecord(string link)
{
    public string Link => link;

    // By the link and not by arrival, so that equal scores are decided alike in every order.
    public long Id { get; } = (long)MatchField.HashOf(link);

    public MatchValues Values { get; set; } = MatchValues.Empty;

    // All but the identifiers that identify nobody.
    public MatchValues Compared { get; set; } = MatchValues.Empty;

    public ImmutableArray<long> Keys { get; set; } = [];

    public string? Individual { get; set; }

    public long Group { get; set; }

    public Dictionary<SimulatedRecord, double> Edges { get; } = [];

    public long Print { get; set; }

    // Whether a steward has spoken of it.
    public bool IsAlone { get; set; }

    // Compared in its place, as it says the very same.
    public SimulatedRecord? First { get; set; }

    public List<SimulatedRecord> Followers { get; } = [];

    public SimulatedRecord Compares => First ?? this;
}
