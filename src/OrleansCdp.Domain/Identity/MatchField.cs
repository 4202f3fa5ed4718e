using System.Collections.Frozen;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansCdp.Identity;

/// <summary>What a field of a match space holds: decides how values are normalised and compared.</summary>
public enum MatchType
{
    /// <summary>First names; compared crosswise with family names where both disagree.</summary>
    GivenName = 0,

    /// <summary>Last names, with <c>Jr</c>, <c>III</c> and the like behind them.</summary>
    FamilyName = 1,

    /// <summary>A calendar day, of birth.</summary>
    Date = 2,

    /// <summary>An email address.</summary>
    Email = 3,

    /// <summary>A telephone number.</summary>
    Phone = 4,

    /// <summary>A street with its number, with or without the place.</summary>
    Address = 5,

    /// <summary>The name of an organisation.</summary>
    Organisation = 6,

    /// <summary>Free text.</summary>
    Text = 7,

    /// <summary>A postcode.</summary>
    Code = 8,

    /// <summary>A number that is one person's: of a document, a membership, a tax authority.</summary>
    Document = 9,

    /// <summary>One of few words: a gender, a category.</summary>
    Category = 10,

    /// <summary>A town or a suburb.</summary>
    City = 11,
}

/// <summary>Where in an event a value comes from.</summary>
public enum ValueOrigin
{
    /// <summary>A trait of the subject.</summary>
    Trait = 0,

    /// <summary>A field of the record, as what a case says of its author.</summary>
    Record = 1,

    /// <summary>An identifier of a type.</summary>
    Identifier = 2,
}

/// <summary>Where in an event a value comes from, by name: <c>email</c>, <c>record.suppliedEmail</c>, <c>identifier.email</c>.</summary>
/// <param name="Origin">Which part of the event.</param>
/// <param name="Name">The name there.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ValueSource(ValueOrigin Origin, string Name)
{
    /// <inheritdoc/>
    public override string ToString() =>
        Origin switch
        {
            ValueOrigin.Record => $"record.{Name}",
            ValueOrigin.Identifier => $"identifier.{Name}",
            _ => Name,
        };
}

/// <summary>One field of a match space: what it holds, where from, and what its agreement is worth.</summary>
public sealed record MatchField
{
    private readonly EmailFolding folding = EmailFolding.None;

    /// <summary>Its name in the ruleset.</summary>
    public required string Name { get; init; }

    /// <summary>What it holds.</summary>
    public required MatchType Type { get; init; }

    /// <summary>
    /// Whether a household or a company shares it, so that it proves a person only beyond that; else it is personal.
    /// </summary>
    public required bool Shared { get; init; }

    /// <summary>Sources; each that has a value adds it.</summary>
    public ImmutableArray<ValueSource> From { get; init; } = [];

    /// <summary>Sources joined by blanks to one more value, as number, street and postcode.</summary>
    public ImmutableArray<ValueSource> Parts { get; init; } = [];

    /// <summary>Of names: sources with the whole name, used where the event has no name taken apart.</summary>
    public ImmutableArray<ValueSource> FullName { get; init; } = [];

    /// <summary>Region of phone numbers without a country code; null compares them as they are.</summary>
    public string? Region { get; init; }

    /// <summary>Whether <c>3/4/1970</c> is the third of April; else it is the fourth of March.</summary>
    public bool DayFirst { get; init; }

    /// <summary>Of emails: what is not looked at to tell mailboxes apart, by provider; default: capitals alone.</summary>
    public ImmutableSortedDictionary<string, MailboxFolding> Folding
    {
        get;
        init
        {
            field = value;
            folding = new EmailFolding(value);
        }
    } = ImmutableSortedDictionary<string, MailboxFolding>.Empty;

    /// <summary>The share of each level among pairs of one person, the lowest level first; their sum is 1.</summary>
    public required ImmutableArray<double> Matches { get; init; }

    /// <summary>The share of each level among pairs of two people, likewise.</summary>
    public required ImmutableArray<double> Randoms { get; init; }

    /// <summary>How common each value is; null when that is not known, and then all are equally so.</summary>
    public Frequencies? Frequencies { get; init; }

    /// <summary>Of addresses, organisations and texts: how common each word is; null when that is not known.</summary>
    public Frequencies? Words { get; init; }

    /// <summary>
    /// Values held by more records than this identify nobody: they weigh nothing and find nobody. Null guards none.
    /// Default of emails, phones and documents: 5.
    /// </summary>
    public int? GuardedAbove { get; init; }

    /// <summary>The values guarded so, by <see cref="HashOf"/>.</summary>
    public FrozenSet<ulong> Guarded { get; init; } = [];

    /// <summary>Names the field in stored values: a hash of its name, so that fields may be added in any place.</summary>
    public ushort Id => IdOf(Name);

    /// <summary>Levels of agreement of a type, from 0.</summary>
    public static int LevelsOf(MatchType type) => MatchDefaults.Of(type).Matches.Length;

    /// <summary>Whether values of a type stand in definitions by their hash alone.</summary>
    public static bool IsConfidential(MatchType type) =>
        type is MatchType.Email or MatchType.Phone or MatchType.Document or MatchType.Address;

    /// <summary>The hash under which a normalised value or word stands in tables. Stored, never changed.</summary>
    public static ulong HashOf(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[4 * MatchValues.TextMax];
        return Encoding.UTF8.TryGetBytes(text, bytes, out int written)
            ? XxHash3.HashToUInt64(bytes[..written])
            : XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>The one spelling of a mailbox's address.</summary>
    internal string? Folded(string email) => folding.Fold(email);

    internal static ushort IdOf(string name) => (ushort)HashOf(name);
}
