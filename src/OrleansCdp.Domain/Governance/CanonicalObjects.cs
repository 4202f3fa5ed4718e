using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>The objects the product knows and the names of their fields.</summary>
internal static class CanonicalObjects
{
    public const string Individual = "Individual";
    public const string Account = "Account";
    public const string Case = "Case";
    public const string SalesOrder = "SalesOrder";
    public const string EngagementName = "name";

    private static readonly FrozenSet<string> Engagements = new[]
    {
        "Engagement",
        "ProductUsage",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Objects a definition may name besides its own.</summary>
    public static ImmutableArray<string> Known { get; } =
    [
        Individual,
        Account,
        Case,
        "Opportunity",
        SalesOrder,
        "Entitlement",
        "Engagement",
        "ProductUsage",
    ];

    /// <summary>Whether the object is something that happened.</summary>
    public static bool IsEngagement(string name) => Engagements.Contains(name);

    /// <summary>Whether events of the object describe the subject itself.</summary>
    public static bool IsSubject(string name) => name is Individual or Account;
}
