using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>A part of the way.</summary>
internal enum WalkLeg
{
    /// <summary>Accounts, from the first on; and then, where <see cref="WalkState.Turn"/> is empty, all others.</summary>
    Accounts = 0,

    /// <summary>Whoever comes after <see cref="WalkState.Turn"/>.</summary>
    Onward = 1,

    /// <summary>Individuals from the first on, up to <see cref="WalkState.Turn"/>.</summary>
    Round = 2,
}

/// <summary>
/// How far the walk is. For each reason all accounts are looked at first, for their people may be told what is in them; then
/// individuals, beginning where the walk was when the reason became another, and once round. So no individual has
/// to wait for ever because reasons change more often than everybody can be looked at, as long as all accounts can be.
/// </summary>
[GenerateSerializer, Alias("cdp.walk-state")]
internal sealed record WalkState
{
    /// <summary>The <see cref="WalkReason"/> for which it goes; empty for none.</summary>
    [Id(0)]
    public string Signature { get; init; } = "";

    /// <summary>The last id that was looked at.</summary>
    [Id(1)]
    public string After { get; init; } = "";

    /// <summary>How many that were; null before the first walk.</summary>
    [Id(2)]
    public WalkProgress? Progress { get; init; }

    /// <summary>How often it was told to begin anew.</summary>
    [Id(3)]
    public long Round { get; init; }

    /// <summary>
    /// Those who could not be looked at, because their silo died, say, and are once more after everybody else; at most
    /// <see cref="InsightWalkGrain.AgainMax"/>.
    /// </summary>
    [Id(4)]
    public ImmutableArray<string> Again { get; init; } = [];

    /// <summary>
    /// The individual after which individuals are begun with, and with whom they end; empty where they are looked at in the order
    /// of their ids, as in a state of before there were rings.
    /// </summary>
    [Id(5)]
    public string Turn { get; init; } = "";

    /// <summary>Which part of the way it goes.</summary>
    [Id(6)]
    public WalkLeg Leg { get; init; }

    /// <summary>Whether everybody was looked at.</summary>
    public bool HasEnded => Signature.Length == 0 || Progress is { EndedAt: not null };

    /// <summary>
    /// The individual up to whom the ring is gone; empty before the first. A walk that has ended leaves nobody behind, so the next one
    /// begins with the first.
    /// </summary>
    private string Place =>
        HasEnded ? ""
        : Leg == WalkLeg.Accounts && (Turn.Length > 0 || IsBeforeIndividuals(After)) ? Turn
        : After;

    /// <summary>The same walk for another reason, for which nobody was looked at yet.</summary>
    /// <param name="signature">The reason; empty for none.</param>
    /// <param name="now">The time.</param>
    public WalkState Begin(string signature, DateTimeOffset now) =>
        this with
        {
            Signature = signature,
            After = "",
            Turn = Place,
            Leg = WalkLeg.Accounts,
            Again = [],
            Progress = signature.Length == 0 ? Progress : new WalkProgress { StartedAt = now },
        };

    /// <summary>What of a page is to be looked at, and where it goes on from there.</summary>
    /// <param name="found">The ids after <see cref="After"/>; fewer than <see cref="ILogHistory.IdsMax"/> when there are no more.</param>
    public WalkPage PageOf(ImmutableArray<string> found)
    {
        ImmutableArray<string> ids = Turn.Length == 0 ? found : [.. found.TakeWhile(IsOfLeg)];
        string after = ids.IsEmpty ? After : ids[^1];
        if (ids.Length == ILogHistory.IdsMax)
        {
            return new WalkPage(ids, after, Leg, IsLast: false);
        }

        return Leg switch
        {
            _ when Turn.Length == 0 => new WalkPage(ids, after, Leg, IsLast: true),
            WalkLeg.Accounts => new WalkPage(ids, Turn, WalkLeg.Onward, IsLast: false),
            WalkLeg.Onward => new WalkPage(
                ids,
                SubjectIds.IndividualPrefix,
                WalkLeg.Round,
                IsLast: false
            ),
            _ => new WalkPage(ids, after, Leg, IsLast: true),
        };
    }

    private bool IsOfLeg(string id) =>
        Leg switch
        {
            WalkLeg.Accounts => IsBeforeIndividuals(id),
            WalkLeg.Round => string.CompareOrdinal(id, Turn) <= 0,
            _ => true,
        };

    // No id is the prefix alone.
    private static bool IsBeforeIndividuals(string id) =>
        string.CompareOrdinal(id, SubjectIds.IndividualPrefix) < 0;
}

/// <summary>A page of the walk.</summary>
/// <param name="Ids">Who is looked at.</param>
/// <param name="After">Where the next page begins.</param>
/// <param name="Leg">The part of the way on which that is.</param>
/// <param name="IsLast">Whether there are no more.</param>
internal readonly record struct WalkPage(
    ImmutableArray<string> Ids,
    string After,
    WalkLeg Leg,
    bool IsLast
);
