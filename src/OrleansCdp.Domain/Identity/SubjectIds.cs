using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace OrleansCdp.Identity;

/// <summary>
/// Ids of individuals, accounts and unresolved records, derived from their first anchor with XXH3-128 (xxhash.com): a rebuild from
/// the log gives the same ids. Part of the stored format, never changed.
/// </summary>
public static class SubjectIds
{
    /// <summary>What ids of individuals start with.</summary>
    public const string IndividualPrefix = "ind_";

    /// <summary>What ids of accounts start with.</summary>
    public const string AccountPrefix = "acc_";

    /// <summary>What ids of states start with that an account keeps of its people: no subjects of their own.</summary>
    public const string PeoplePrefix = "ppl_";

    /// <summary>What ids of records start with that belong to nobody yet: neither looked up nor counted as people.</summary>
    public const string RecordPrefix = "rec_";

    /// <summary>The individual first known by this anchor.</summary>
    public static string IndividualOf(Identifier anchor) =>
        IndividualPrefix + Hash($"{anchor.Type}:{anchor.Value}");

    /// <summary>The individual known by nothing but its link.</summary>
    public static string IndividualOf(LinkKey link) => IndividualPrefix + Hash($"link:{link}");

    /// <summary>The account of a link.</summary>
    public static string AccountOf(LinkKey link) => AccountPrefix + Hash($"link:{link}");

    /// <summary>Where an account keeps what its people add to its insights.</summary>
    public static string PeopleOf(string account) => PeoplePrefix + account[AccountPrefix.Length..];

    /// <summary>Where the events of a link are kept while nobody knows whose it is.</summary>
    public static string RecordOf(LinkKey link) => RecordPrefix + Hash($"link:{link}");

    /// <summary>Whether an id is an individual's.</summary>
    public static bool IsIndividual(string id) =>
        id.StartsWith(IndividualPrefix, StringComparison.Ordinal);

    /// <summary>Whether an id is an account's.</summary>
    public static bool IsAccount(string id) =>
        id.StartsWith(AccountPrefix, StringComparison.Ordinal);

    /// <summary>Whether an id is that of a record that belongs to nobody yet.</summary>
    public static bool IsRecord(string id) => id.StartsWith(RecordPrefix, StringComparison.Ordinal);

    /// <summary>Whether an individual or a record has no other name than this link.</summary>
    public static bool IsNamedBy(string id, LinkKey link) =>
        id == IndividualOf(link) || id == RecordOf(link);

    private static string Hash(string text) =>
        XxHash128
            .HashToUInt128(Encoding.UTF8.GetBytes(text))
            .ToString("x32", CultureInfo.InvariantCulture);
}
