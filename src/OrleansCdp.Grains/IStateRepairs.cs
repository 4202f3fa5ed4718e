using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Keeps damaged states for a person to look at, and knows what rebuilding one must know.</summary>
public interface IStateRepairs
{
    /// <summary>
    /// Keeps the rows of a state as they are stored, once per damage however often it is met. Nothing is changed in
    /// them.
    /// </summary>
    /// <param name="damage">The damage.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>What became of it so far.</returns>
    Task<DamageOutcome> KeepAsync(StateDamage damage, CancellationToken cancel);

    /// <summary>Notes what became of a damage.</summary>
    /// <returns>Whether that is news.</returns>
    Task<bool> SettleAsync(
        StateDamage damage,
        DamageOutcome outcome,
        string? reason,
        CancellationToken cancel
    );

    /// <summary>The links that an individual holds by the claims.</summary>
    /// <returns>
    /// Null when a link ever came to it or left it: then it is not the fold of these. Otherwise each with when it was
    /// claimed; null where nobody knows. At most <see cref="Limits.LinksMax"/>, and one more if there are more.
    /// </returns>
    Task<IReadOnlyDictionary<LinkKey, DateTimeOffset?>?> LinksOfAsync(
        string individual,
        CancellationToken cancel
    );

    /// <summary>Damages that are kept, those not rebuilt first; at most <see cref="ClusterStatus.DamagesMax"/>.</summary>
    Task<ImmutableArray<DamagedState>> ListAsync(CancellationToken cancel);
}

/// <summary>A state that cannot be read.</summary>
/// <param name="Id">The individual or account.</param>
/// <param name="Version">Its stored version, which stands outside the damaged bytes.</param>
/// <param name="Part">The damaged part; empty for its own row.</param>
/// <param name="Flaw">What is wrong.</param>
/// <param name="MayBeNewer">Whether a newer program may have written it: then it is not rebuilt.</param>
public sealed record StateDamage(
    string Id,
    long Version,
    string Part,
    string Flaw,
    bool MayBeNewer = false
);
