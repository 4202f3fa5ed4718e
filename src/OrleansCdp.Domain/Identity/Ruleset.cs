using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>
/// A compiled ruleset: by which rules the records of a data stream find their individual. Immutable; safe for any
/// number of threads.
/// </summary>
/// <remarks>
/// Anchors come first in every ruleset. One with a fuzzy part is a match space of the same name beside them: records
/// that no anchor names are compared in it. README.md beside this file is the reference; the shortest useful one is:
/// <code>
/// fuzzy:
///   fields:
///     firstName: { type: givenName, from: firstName }
///     lastName: { type: familyName, from: lastName }
///     email: { type: email, from: [email, identifier.email] }
/// </code>
/// </remarks>
public sealed class Ruleset
{
    /// <summary>The ruleset of a data stream that names none: anchors only.</summary>
    public const string Default = ShippedRulesets.Default;

    internal Ruleset() { }

    /// <summary>Its name, by which data streams choose it.</summary>
    public required string Name { get; init; }

    /// <summary>For people; null when it has none.</summary>
    public string? Description { get; init; }

    /// <summary>Match spaces in which its records are found though it does not compare them itself.</summary>
    public ImmutableArray<string> FindableBy { get; init; } = [];

    /// <summary>What keeps identifiers from naming people that they do not name.</summary>
    public IdentifierGuards Guards { get; init; } = IdentifierGuards.None;

    /// <summary>The fuzzy part; null when anchors alone decide.</summary>
    public FuzzyRules? Fuzzy { get; init; }

    /// <summary>Compiles a definition.</summary>
    /// <param name="name">The ruleset's name.</param>
    /// <param name="text">YAML (JSON is YAML).</param>
    /// <returns>The ruleset, or everything that is wrong with the text.</returns>
    public static (Ruleset? Ruleset, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text
    ) => RulesetCompiler.Compile(name, text);

    /// <summary>What an event says that is matched in this ruleset's space.</summary>
    /// <returns>Null when that is nothing, or there is no space.</returns>
    public MatchValues? ValuesOf(LinkEvent linkEvent) => Fuzzy?.ValuesOf(linkEvent);
}
