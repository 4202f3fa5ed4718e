using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What a type's levels are worth before anything is trained, and what is trained around.</summary>
/// <param name="Matches">The share of each level among pairs of one person, the lowest first.</param>
/// <param name="Randoms">The share of each level among pairs of two people, likewise.</param>
/// <param name="LowestMax">The most that training may give the lowest level among pairs of one person.</param>
internal sealed record MatchDefaults(
    ImmutableArray<double> Matches,
    ImmutableArray<double> Randoms,
    double LowestMax
)
{
    /// <summary>Records that may hold an identifier before it identifies nobody.</summary>
    public const int GuardedAbove = 5;

    /// <summary>The odds that any two records are one, where the ruleset does not say: 1 to a million.</summary>
    public const double MatchRate = 1e-6;

    private static readonly MatchDefaults GivenName = new(
        [.06, .03, .04, .12, .75],
        [.955, .025, .008, .006, .006],
        .2
    );

    private static readonly MatchDefaults FamilyName = GivenName with
    {
        Randoms = [.977, .01, .006, .004, .003],
    };

    private static readonly MatchDefaults Date = new(
        [.02, .03, .10, .15, .70],
        [.9649, .02, .0145, .0005, .0001],
        .35
    );

    private static readonly MatchDefaults Email = new(
        [.12, .05, .05, .13, .65],
        [.8965, .1, .003, .000499, .000001],
        .3
    );

    private static readonly MatchDefaults Phone = new(
        [.25, .07, .08, .60],
        [.99992, .00005, .000028, .000002],
        .5
    );

    private static readonly MatchDefaults Address = new(
        [.12, .08, .08, .22, .50],
        [.977, .02, .0025, .0004, .0001],
        .35
    );

    private static readonly MatchDefaults Text = new(
        [.08, .10, .12, .15, .55],
        [.95, .04, .0085, .001, .0005],
        .35
    );

    private static readonly MatchDefaults Code = new([.12, .13, .75], [.99, .008, .002], .3);

    private static readonly MatchDefaults Document = Code with
    {
        Randoms = [.99989, .000109, .000001],
    };

    private static readonly MatchDefaults City = new(
        [.10, .05, .10, .75],
        [.9, .05, .01, .04],
        .25
    );

    private static readonly MatchDefaults Category = new([.15, .85], [.6, .4], .3);

    /// <summary>The defaults of a type.</summary>
    public static MatchDefaults Of(MatchType type) =>
        type switch
        {
            MatchType.GivenName => GivenName,
            MatchType.FamilyName => FamilyName,
            MatchType.Date => Date,
            MatchType.Email => Email,
            MatchType.Phone => Phone,
            MatchType.Address => Address,
            MatchType.Organisation or MatchType.Text => Text,
            MatchType.Code => Code,
            MatchType.Document => Document,
            MatchType.City => City,
            MatchType.Category => Category,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type."),
        };

    /// <summary>Whether a household shares fields of a type, where the ruleset does not say.</summary>
    public static bool IsShared(MatchType type) =>
        type
            is MatchType.FamilyName
                or MatchType.Email
                or MatchType.Phone
                or MatchType.Address
                or MatchType.Code
                or MatchType.City
                or MatchType.Text;

    /// <summary>Whether values of a type identify, and so are guarded.</summary>
    public static bool Identifies(MatchType type) =>
        type is MatchType.Email or MatchType.Phone or MatchType.Document;

    /// <summary>
    /// The most that the lowest level of a type may hold of a training pass's matches; 1 for types that tell nothing of
    /// households.
    /// </summary>
    public static double LowestAcceptedMax(MatchType type) =>
        type switch
        {
            MatchType.GivenName
            or MatchType.FamilyName
            or MatchType.Organisation
            or MatchType.Email => 0.35,
            MatchType.Date => 0.4,
            _ => 1,
        };
}
