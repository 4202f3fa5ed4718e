using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>A match space with its live rules, compiled.</summary>
internal sealed class LiveSpace
{
    private readonly FrozenSet<string> traits;
    private readonly FrozenSet<string> fields;
    private readonly FrozenSet<string> identifiers;

    public LiveSpace(MatchSpace space, FuzzyRules rules)
    {
        Space = space;
        Rules = rules;
        traits = NamesOf(ValueOrigin.Trait);
        fields = NamesOf(ValueOrigin.Record);
        identifiers = NamesOf(ValueOrigin.Identifier);
    }

    /// <summary>The space, with the version that is live.</summary>
    public MatchSpace Space { get; }

    /// <summary>The rules of that version.</summary>
    public FuzzyRules Rules { get; }

    /// <summary>
    /// Adds to a hash what an event says that is compared here, as it was written: the same words again say nothing new
    /// in the same month.
    /// </summary>
    /// <remarks>Said to another version, also the same words are new: it may compare what this one does not.</remarks>
    /// <returns>Whether that is anything.</returns>
    public bool AddTo(XxHash3 hash, LinkEvent e)
    {
        int space = Space.Id; // Every version that takes over has a space of its own.
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in space)));
        bool any = Add(hash, e.Traits, traits) | Add(hash, e.Fields, fields);
        foreach (Identifier identifier in e.Identifiers)
        {
            if (identifiers.Contains(identifier.Type))
            {
                any = true;
                Add(hash, identifier.Type);
                Add(hash, identifier.Value);
            }
        }

        if (any)
        {
            long month = MatchValues.MonthOf(e);
            hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in month)));
        }

        return any;
    }

    private static bool Add(
        XxHash3 hash,
        System.Collections.Immutable.ImmutableArray<Field> said,
        FrozenSet<string> names
    )
    {
        bool any = false;
        if (names.Count == 0)
        {
            return any;
        }

        foreach (Field field in said)
        {
            if (names.Contains(field.Name) && field.Value.Type != FieldType.Null)
            {
                any = true;
                Add(hash, field.Name);
                Add(hash, field.Value.Text);
            }
        }

        return any;
    }

    private static void Add(XxHash3 hash, string text)
    {
        hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
        hash.Append([0]);
    }

    private FrozenSet<string> NamesOf(ValueOrigin origin) =>
        Rules
            .Fields.SelectMany(field => field.From.Concat(field.Parts).Concat(field.FullName))
            .Where(source => source.Origin == origin)
            .Select(source => source.Name)
            .ToFrozenSet(StringComparer.Ordinal);
}

/// <summary>
/// The match spaces that this silo has used. Which version of a ruleset is live is the database's word: the definitions
/// say it only of a space that does not exist yet.
/// </summary>
internal sealed class MatchSpaces(IMatchStore store, IRulesets rulesets)
{
    private readonly ConcurrentDictionary<string, LiveSpace> spaces = new(StringComparer.Ordinal);

    /// <summary>The space of a ruleset with a fuzzy part.</summary>
    public async ValueTask<LiveSpace> OpenAsync(string ruleset, CancellationToken cancel)
    {
        if (spaces.TryGetValue(ruleset, out LiveSpace? known))
        {
            return known;
        }

        MatchSpace? space = await store.FindAsync(ruleset, cancel);
        if (space is null)
        {
            RulesetText active =
                await rulesets.TextOfAsync(ruleset)
                ?? throw new InvalidOperationException($"There is no ruleset {ruleset}.");
            space = await store.OpenAsync(ruleset, active.Version, active.Text, cancel);
        }

        return spaces[ruleset] = Compile(space);
    }

    /// <summary>Whether it is, as far as this silo knows, the live space of its ruleset.</summary>
    public bool IsCurrent(LiveSpace space) =>
        spaces.TryGetValue(space.Space.Ruleset, out LiveSpace? known) && known == space;

    /// <summary>Forgets the spaces of which another version is live by now.</summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        if (spaces.IsEmpty)
        {
            return;
        }

        var stored = await store.ReadSpacesAsync(cancel);
        foreach (LiveSpace old in spaces.Values)
        {
            if (!stored.Any(space => space.Id == old.Space.Id && !space.IsSuccessor))
            {
                Forget(old);
            }
        }
    }

    /// <summary>A space with its rules; also one that is to succeed a live one.</summary>
    public LiveSpace Of(MatchSpace space) =>
        spaces.TryGetValue(space.Ruleset, out LiveSpace? known) && known.Space == space
            ? known
            : Compile(space);

    /// <summary>Forgets a space of which another version is live by now.</summary>
    public void Forget(LiveSpace old) =>
        spaces.TryRemove(KeyValuePair.Create(old.Space.Ruleset, old));

    private static LiveSpace Compile(MatchSpace space)
    {
        (Ruleset? compiled, var errors) = Ruleset.Compile(space.Ruleset, space.Text);
        return compiled?.Fuzzy is { } rules
            ? new LiveSpace(space, rules)
            : throw new InvalidOperationException(
                $"Version {space.Version} of ruleset {space.Ruleset} does not compile here: "
                    + (errors.IsEmpty ? "it has no fuzzy part." : errors[0].Message)
            );
    }
}
