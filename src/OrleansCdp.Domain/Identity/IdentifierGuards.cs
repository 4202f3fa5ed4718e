using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace OrleansCdp.Identity;

/// <summary>How many identifiers of a type one individual may have.</summary>
/// <param name="Type">e.g. <c>email</c>.</param>
/// <param name="Max">So many, the last stated ones.</param>
public readonly record struct IdentifierLimit(string Type, int Max);

/// <summary>What keeps identifiers from naming people that they do not name.</summary>
public sealed class IdentifierGuards
{
    /// <summary>Under this type stand values that are blocked whatever their type.</summary>
    public const string AnyType = "any";

    /// <summary>Blocked values and patterns of one ruleset.</summary>
    public const int BlockedMax = 1_000;

    /// <summary>Individuals that one identifier may name, where the ruleset does not say.</summary>
    public const int IndividualsPerIdentifierDefault = 5;

    private readonly FrozenDictionary<string, BlockedValues> blocked;

    /// <summary>Guards of their parts.</summary>
    internal IdentifierGuards(
        FrozenDictionary<string, BlockedValues> blocked,
        ImmutableArray<IdentifierLimit> identifiersMax,
        int individualsPerIdentifierMax
    )
    {
        this.blocked = blocked;
        IdentifiersMax = identifiersMax;
        IndividualsPerIdentifierMax = individualsPerIdentifierMax;
    }

    /// <summary>Nothing blocked, and the limits of the product.</summary>
    public static IdentifierGuards None { get; } =
        new(FrozenDictionary<string, BlockedValues>.Empty, [], IndividualsPerIdentifierDefault);

    /// <summary>Identifiers of an individual by type, the type that matters most first. Others are not limited.</summary>
    public ImmutableArray<IdentifierLimit> IdentifiersMax { get; }

    /// <summary>Individuals an identifier may name; beyond it, it identifies nobody. Default: 5.</summary>
    public int IndividualsPerIdentifierMax { get; }

    /// <summary>Blocked values and patterns as they were written, by identifier type.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Blocked =>
        blocked.ToImmutableSortedDictionary(
            type => type.Key,
            type => type.Value.Texts,
            StringComparer.Ordinal
        );

    /// <summary>Whether an identifier names nobody: <c>none</c>, <c>null@example.com</c>, <c>+10000000000</c>.</summary>
    /// <param name="type">The identifier's type.</param>
    /// <param name="value">Its value, normalised or as sent; capitals and blanks around it make no difference.</param>
    public bool Blocks(string type, string value)
    {
        string folded = value.Trim().ToLowerInvariant();
        return BlocksOf(AnyType, folded) || (type != AnyType && BlocksOf(type, folded));
    }

    private bool BlocksOf(string type, string value) =>
        blocked.TryGetValue(type, out BlockedValues? values) && values.Contain(value);
}

/// <summary>Blocked values of one type. Every identifier of every event is looked up here.</summary>
/// <param name="texts">Values and patterns as they were written.</param>
/// <param name="values">In small letters.</param>
/// <param name="beginnings">Of <c>null@*</c> what comes before the star.</param>
/// <param name="endings">Of <c>*@nowhere.example</c> what comes behind it.</param>
/// <param name="patterns">All others as one; null for none.</param>
internal sealed class BlockedValues(
    ImmutableArray<string> texts,
    FrozenSet<string> values,
    string[] beginnings,
    string[] endings,
    Regex? patterns
)
{
    /// <summary>Values and patterns as they were written.</summary>
    public ImmutableArray<string> Texts => texts;

    /// <summary>Whether a value, in small letters, is one of them.</summary>
    public bool Contain(string value)
    {
        if (values.Contains(value))
        {
            return true;
        }

        foreach (string beginning in beginnings)
        {
            if (value.StartsWith(beginning, StringComparison.Ordinal))
            {
                return true;
            }
        }

        foreach (string ending in endings)
        {
            if (value.EndsWith(ending, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return patterns?.IsMatch(value) == true;
    }
}
