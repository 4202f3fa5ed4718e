using System.Collections.Frozen;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Match spaces and records to test with.</summary>
internal static class Spaces
{
    /// <summary>People by name, birthday, email, phone, address and town.</summary>
    public static readonly FuzzyRules People = Rules(
        Field("first", MatchType.GivenName),
        Field("last", MatchType.FamilyName),
        Field("born", MatchType.Date),
        Field("email", MatchType.Email),
        Field("phone", MatchType.Phone),
        Field("address", MatchType.Address),
        Field("city", MatchType.City),
        Field("company", MatchType.Organisation)
    );

    public static MatchField Field(string name, MatchType type) =>
        new()
        {
            Name = name,
            Type = type,
            Shared = MatchDefaults.IsShared(type),
            From = [new ValueSource(ValueOrigin.Trait, name)],
            Matches = MatchDefaults.Of(type).Matches,
            Randoms = MatchDefaults.Of(type).Randoms,
        };

    public static FuzzyRules Rules(params MatchField[] fields) =>
        new(
            [.. fields],
            matchRate: 1e-4,
            household: 0,
            MatchThresholds.Default,
            MatchLimits.Default,
            IdentifierGuards.None
        );

    /// <summary>The same rules, one field changed.</summary>
    public static FuzzyRules With(
        this FuzzyRules rules,
        string name,
        Func<MatchField, MatchField> change
    ) => rules.With([.. rules.Fields.Select(f => f.Name == name ? change(f) : f)]);

    public static FuzzyRules With(this FuzzyRules rules, MatchLimits limits) =>
        new(rules.Fields, rules.MatchRate, rules.Household, rules.Thresholds, limits, rules.Guards);

    public static Frequencies Counts(double entities, params (string Value, int Count)[] values) =>
        new(entities, 1, [.. values.Select(v => KeyValuePair.Create(v.Value, v.Count))]);

    public static FrozenSet<ulong> Hashes(params string[] values) =>
        values.Select(value => MatchField.HashOf(value)).ToFrozenSet();

    /// <summary>What an event with these traits says.</summary>
    public static MatchValues Values(this FuzzyRules rules, params (string, string)[] traits) =>
        rules.ValuesOf(Event(0, traits)) ?? MatchValues.Empty;

    public static LinkEvent Event(int minute, params (string Name, string Value)[] traits) =>
        Some.Traits(minute, [.. traits.Select(trait => trait.Name.Is(trait.Value))]);
}
