using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace OrleansCdp.Identity;

/// <summary>
/// How stable identity is. Gauges show what was counted last, by any silo of the cluster, so every silo shows the same and a
/// scrape asks the database nothing.
/// </summary>
internal sealed class IdentityInstruments : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> surplus;
    private ImmutableArray<IdentityFigure> figures = [];

    public IdentityInstruments(IMeterFactory meters)
    {
        meter = meters.Create("OrleansCdp");
        surplus = meter.CreateCounter<long>(
            "cdp.identity.surplus_lookups",
            "{lookup}",
            "Lookups by an identifier that names nobody because its bearer has too many."
        );
        Observe(Figures.Conflicts, "reason", "Individuals that links say are one and stay apart.");
        Observe(
            Figures.OpenDecisions,
            "reason",
            "Links about which an event says something that could not be carried out yet."
        );
        Observe(Figures.SoftLinks, "ruleset", "Records of nobody that may be an individual's.");
        Observe(Figures.Unresolved, "ruleset", "Records of nobody, soft links included.");
        Observe(
            Figures.SharedIdentifiers,
            "ruleset",
            "Identifiers that name nobody because too many individuals have them."
        );
        Observe(
            Figures.ClosedKeys,
            "ruleset",
            "Keys that find nobody because too many records share them."
        );
        Observe(
            Figures.Growing,
            "ruleset",
            "Individuals that matching gave more links today than is usual."
        );
        Observe(
            Figures.OverIdentifiers,
            null,
            "Individuals that were seen with more identifiers than identify them."
        );
        Observe(
            Figures.IdChanges,
            null,
            "Anchors that name another individual than a day ago without a merge or its end: 0 by law."
        );
    }

    /// <summary>Shows what was counted.</summary>
    public void Show(ImmutableArray<IdentityFigure> counted) => figures = counted;

    /// <summary>Notes that a lookup found nobody because of a limit.</summary>
    public void NoteSurplus() => surplus.Add(1);

    public void Dispose() => meter.Dispose();

    private void Observe(string figure, string? tag, string description) =>
        meter.CreateObservableGauge(
            $"cdp.identity.{figure}",
            () =>
                figures
                    .Where(one => one.Name == figure)
                    .Select(one =>
                        tag is null
                            ? new Measurement<long>(one.Value)
                            : new Measurement<long>(
                                one.Value,
                                new KeyValuePair<string, object?>(tag, one.Label)
                            )
                    ),
            "{count}",
            description
        );
}
