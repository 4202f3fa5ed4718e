using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Answers who bears an identifier.</summary>
[GrainType("cdp.identity")]
[StatelessWorker]
internal sealed class IdentityGrain(IIdentityStore store, AnchorPolicy policy)
    : Grain,
        IIdentityGrain
{
    public async Task<ImmutableArray<string>> FindAsync(
        SubjectKind subject,
        string type,
        string value
    )
    {
        if (subject == SubjectKind.Individual && type == "individual")
        {
            return value.StartsWith(SubjectIds.IndividualPrefix, StringComparison.Ordinal)
                ? [value]
                : [];
        }

        if (subject == SubjectKind.Account && type == "account")
        {
            return value.StartsWith(SubjectIds.AccountPrefix, StringComparison.Ordinal)
                ? [value]
                : [];
        }

        if (Normalisation.Of(type, value) is not { } normalised)
        {
            return [];
        }

        // An anchor has one owner, whoever else mentioned it; other identifiers have whoever bears them.
        if (subject == SubjectKind.Individual && policy.Kinds.Contains(type))
        {
            string claim = ClaimKeys.Of(new Identifier(type, normalised, Verified: true));
            var held = await store.ReadAsync([claim], CancellationToken.None);
            if (held.TryGetValue(claim, out Claim? owner))
            {
                return [owner.Owner];
            }
        }

        return await store.FindAsync(
            subject,
            type,
            normalised,
            IIdentityGrain.FindMax,
            CancellationToken.None
        );
    }
}
