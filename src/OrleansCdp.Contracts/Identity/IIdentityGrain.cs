using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Finds individuals and accounts by identifier. Stateless: any key, by convention 0.</summary>
[Alias("cdp.identity")]
public interface IIdentityGrain : IGrainWithIntegerKey
{
    /// <summary>Who bears this identifier.</summary>
    /// <param name="subject">Individuals or accounts.</param>
    /// <param name="type">Identifier type; also <c>individual</c> or <c>account</c> for an id of ours.</param>
    /// <param name="value">The value, as sent; it is normalised here.</param>
    /// <returns>The owner of an anchor alone; otherwise all bearers, at most <see cref="FindMax"/>.</returns>
    [ResponseTimeout(IUnifiedIndividualGrain.ReadTimeMax)]
    [Alias("find")]
    Task<Bearers> FindAsync(Events.SubjectKind subject, string type, string value);

    /// <summary>Most bearers one answer lists.</summary>
    const int FindMax = 20;
}

/// <summary>Who bears an identifier.</summary>
/// <param name="Ids">Individuals or accounts.</param>
/// <param name="Settled">
/// Whether this stays so: the identifier is an anchor, or an id of ours, and its bearer changes only by being
/// absorbed, which it says itself. Any other identifier may be somebody else's tomorrow.
/// </param>
[GenerateSerializer, Immutable, Alias("cdp.bearers")]
public sealed record Bearers(
    [property: Id(0)] ImmutableArray<string> Ids,
    [property: Id(1)] bool Settled
);
