using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Compiles who a record is about, and whom else it names.</summary>
internal sealed class SubjectCompiler(DefinitionReader reader, FieldUses uses, string source)
{
    /// <summary>Compiles who a record may be about; the first with an id is meant.</summary>
    public ImmutableArray<SubjectPlan> SubjectsOf(Section section)
    {
        string path = section.PathOf("subject");
        if (section["subject"] is not { } node)
        {
            reader.Add(path, "`subject` is required: who the record is about.", section.Node);
            return [];
        }

        var subjects = ImmutableArray.CreateBuilder<SubjectPlan>();
        foreach (YamlNode item in DefinitionReader.OneOrMany(node))
        {
            string at = $"{path}[{subjects.Count}]";
            Section subject = reader.Open(item, at, "object", "id", "of", "followsAnchor");
            string? name = ReferenceOf(subject);
            KeyPlan? id = uses.KeyOf(subject["id"], subject.PathOf("id"));
            string of =
                reader.Word(subject["of"], subject.PathOf("of"), "individual", "account")
                ?? "individual";
            if (name is null || id is null)
            {
                reader.Add(at, "A subject needs `object` and `id`.", item);
                continue;
            }

            subjects.Add(
                new SubjectPlan(
                    name,
                    id,
                    of == "account" ? SubjectKind.Account : SubjectKind.Individual,
                    reader.Flag(subject["followsAnchor"], subject.PathOf("followsAnchor"))
                )
            );
        }

        return subjects.ToImmutable();
    }

    /// <summary>Compiles what a record says about who that is.</summary>
    public ImmutableArray<IdentifierPlan> IdentifiersOf(Section section)
    {
        if (section["identifiers"] is not { } node)
        {
            return [];
        }

        string path = section.PathOf("identifiers");
        ImmutableArray<YamlNode> items = reader.Many(node, path);
        if (items.Length > Limits.EventIdentifiersMax)
        {
            reader.Add(path, $"At most {Limits.EventIdentifiersMax} identifiers.", node);
        }

        var identifiers = ImmutableArray.CreateBuilder<IdentifierPlan>();
        for (int i = 0; i < items.Length; i++)
        {
            if (IdentifierOf(items[i], $"{path}[{i}]") is { } identifier)
            {
                identifiers.Add(identifier);
            }
        }

        return identifiers.ToImmutable();
    }

    /// <summary>Compiles another link that a record names; null when it names none.</summary>
    /// <param name="section">The record's description.</param>
    /// <param name="key">Where in it.</param>
    /// <param name="keys">What may stand there; with <c>source</c>, the link may be of another one.</param>
    public LinkPlan? LinkOf(Section section, string key, params ReadOnlySpan<string> keys)
    {
        if (section[key] is not { } node)
        {
            return null;
        }

        string path = section.PathOf(key);
        Section link = reader.Open(node, path, keys);
        string? name = ReferenceOf(link);
        KeyPlan? id = uses.KeyOf(link["id"], link.PathOf("id"));
        if (name is null || id is null)
        {
            reader.Add(path, $"`{key}` needs `object` and `id`.", node);
            return null;
        }

        string? other = StreamCompiler.SourceOf(reader, link["source"], link.PathOf("source"));
        return new LinkPlan(other ?? source, name, id);
    }

    /// <summary>Compiles whose the link is that a record says to be the same person.</summary>
    public AnonymousStrategy AnonymousOf(Section section)
    {
        if (section["sameAs"] is not YamlMap map)
        {
            return AnonymousStrategy.Conversion;
        }

        Section link = new(section.PathOf("sameAs"), map, map.Entries);
        string? word = reader.Word(
            link["anonymous"],
            link.PathOf("anonymous"),
            "conversion",
            "link",
            "bestMatch",
            "isolation"
        );
        return word switch
        {
            "link" => AnonymousStrategy.Link,
            "bestMatch" => AnonymousStrategy.BestMatch,
            "isolation" => AnonymousStrategy.Isolation,
            _ => AnonymousStrategy.Conversion,
        };
    }

    private IdentifierPlan? IdentifierOf(YamlNode node, string path)
    {
        Section section = reader.Open(node, path, "type", "field", "verified", "region");
        string? type = reader.Text(section["type"], section.PathOf("type"));
        ImmutableArray<int> slots = uses.SlotsOf(section["field"], section.PathOf("field"));
        if (type is null || !RecordCompiler.IsName(type) || slots.IsEmpty)
        {
            reader.Add(path, "An identifier needs a `type`, such as `email`, and a `field`.", node);
            return null;
        }

        bool conditional = section["verified"] is YamlMap;
        return new IdentifierPlan(
            type,
            slots,
            !conditional && reader.Flag(section["verified"], section.PathOf("verified")),
            conditional ? uses.ConditionOf(section, "verified") : null,
            RegionOf(section)
        );
    }

    private string? RegionOf(Section section)
    {
        string? region = reader.Text(section["region"], section.PathOf("region"));
        if (region is not null && !Normalisation.IsRegion(region))
        {
            reader.Add(
                section.PathOf("region"),
                $"`{region}` is no region; write two capitals, such as `US`.",
                section["region"]
            );
        }

        return region;
    }

    // The middle of a link's key: no slash in it, or the key could not be read back.
    private string? ReferenceOf(Section section)
    {
        string? name = reader.Text(section["object"], section.PathOf("object"));
        if (name is not null && !RecordCompiler.IsName(name))
        {
            reader.Add(
                section.PathOf("object"),
                "An object's name is letters, digits, `_` and `-`.",
                section["object"]
            );
        }

        return name;
    }
}
