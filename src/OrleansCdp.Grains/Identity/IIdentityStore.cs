using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Who owns which claim: a link (<c>link:source/object/id</c>) or an anchor (<c>contactId:003...</c>). PostgreSQL is
/// the arbiter.
/// </summary>
public interface IIdentityStore
{
    /// <summary>Reads claims in one statement.</summary>
    /// <returns>Only the claims that exist.</returns>
    Task<IReadOnlyDictionary<string, Claim>> ReadAsync(
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    );

    /// <summary>Makes claims that nobody holds, in one statement.</summary>
    /// <returns>Who holds each of them now: the given owner, or whoever was first.</returns>
    Task<IReadOnlyDictionary<string, Claim>> ClaimAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> claims,
        CancellationToken cancel
    );

    /// <summary>
    /// Advances the anchor stamp of links that follow their anchor, where the given owner still holds them and the
    /// stamp is newer.
    /// </summary>
    Task RestampAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> claims,
        CancellationToken cancel
    );

    /// <summary>
    /// Gives claims of a visitor who became somebody, or of links that it gave away, to whoever they belong to now.
    /// Where somebody else holds a claim by now it stays. Repeating it changes nothing.
    /// </summary>
    Task RepointAsync(IReadOnlyCollection<ClaimMove> moves, CancellationToken cancel);

    /// <summary>Who bears an identifier, by the index that saves keep; at most <paramref name="limit"/>.</summary>
    /// <param name="subject">Individuals or accounts.</param>
    /// <param name="type">Identifier type.</param>
    /// <param name="value">Normalised value.</param>
    /// <param name="limit">Most ids returned.</param>
    /// <param name="cancel">Stops the query.</param>
    Task<ImmutableArray<string>> FindAsync(
        SubjectKind subject,
        string type,
        string value,
        int limit,
        CancellationToken cancel
    );
}

/// <summary>A claim that goes with the links it spoke of.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="From">Who held it.</param>
/// <param name="To">Who has the links now.</param>
/// <param name="Rank">Rank of the anchor that names that one.</param>
/// <param name="Cause">Why.</param>
public sealed record ClaimMove(string Claim, string From, string To, int Rank, ClaimCause Cause)
{
    /// <summary>
    /// Whether this is made true of a claim: whoever holds it by an anchor does not come to hold it by less, and does not
    /// lose it to whom it merely matches.
    /// </summary>
    public bool Applies(Claim held) =>
        held.Owner == From
        && (!held.IsAnchored || Rank < AnchorPolicy.Matched || (From != To && !Cause.IsMatch));
}
