using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>A compiled ruleset: how the records of a data stream find their individual. Immutable.</summary>
public sealed class Ruleset
{
    /// <summary>The ruleset of a stream that names none: anchors only.</summary>
    public const string Default = "sales";

    /// <summary>The ruleset's name.</summary>
    public required string Name { get; init; }

    /// <summary>For people; empty when nothing is said.</summary>
    public required string Description { get; init; }

    /// <summary>Rulesets whose records find this one's.</summary>
    public required ImmutableArray<string> FindableBy { get; init; }

    /// <summary>What keeps identifiers from naming people that they do not name.</summary>
    public IdentifierGuards Guards { get; init; } = IdentifierGuards.None;

    /// <summary>Compiles a definition.</summary>
    /// <param name="name">The ruleset's name.</param>
    /// <param name="text">YAML (JSON is YAML).</param>
    /// <returns>The ruleset, or everything that is wrong with the text.</returns>
    public static (Ruleset? Ruleset, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text
    )
    {
        List<DefinitionError> errors = [];
        DefinitionReader reader = new(errors);
        if (YamlReader.Read(text, errors) is not { } root)
        {
            return (null, [.. errors]);
        }

        Section section = reader.Open(root, "", "description", "findableBy");
        string description = reader.Text(section["description"], "description") ?? "";
        ImmutableArray<string> findableBy = section["findableBy"] is { } node
            ?
            [
                .. DefinitionReader
                    .OneOrMany(node)
                    .Select(item => reader.Text(item, "findableBy"))
                    .OfType<string>(),
            ]
            : [];
        return errors.Count > 0
            ? (null, [.. errors])
            : (
                new Ruleset
                {
                    Name = name,
                    Description = description,
                    FindableBy = findableBy,
                },
                []
            );
    }
}
