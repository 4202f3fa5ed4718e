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
    public async Task<Bearers> FindAsync(SubjectKind subject, string type, string value)
    {
        if (PrefixOf(subject, type) is { } prefix)
        {
            bool ours = value.StartsWith(prefix, StringComparison.Ordinal);
            return new Bearers(ours ? [value] : [], Settled: ours);
        }

        if (Normalisation.Of(type, value) is not { } normalised)
        {
            return new Bearers([], Settled: false);
        }

        // An anchor has one owner, whoever else mentioned it; other identifiers have whoever bears them.
        if (subject == SubjectKind.Individual && policy.Kinds.Contains(type))
        {
            string claim = ClaimKeys.Of(new Identifier(type, normalised, Verified: true));
            var held = await store.ReadAsync([claim], CancellationToken.None);
            if (held.TryGetValue(claim, out Claim? owner))
            {
                return new Bearers(
                    [owner.PlacedAt ?? owner.Owner],
                    Settled: owner.PlacedAt is null
                );
            }
        }

        ImmutableArray<string> found = await store.FindAsync(
            subject,
            type,
            normalised,
            IIdentityGrain.FindMax,
            CancellationToken.None
        );
        return new Bearers(
            subject == SubjectKind.Individual ? await NamedAsync(found, type, normalised) : found,
            Settled: false
        );
    }

    /// <summary>Without those who have too many identifiers for this one to name them.</summary>
    private async Task<ImmutableArray<string>> NamedAsync(
        ImmutableArray<string> found,
        string type,
        string value
    )
    {
        bool[] named = await Task.WhenAll(
            found.Select(id =>
                GrainFactory
                    .GetGrain<IUnifiedIndividualGrain>(id)
                    .IsNamedByAsync(type, value)
                    .AsTask()
            )
        );
        return [.. found.Where((_, at) => named[at])];
    }

    private static string? PrefixOf(SubjectKind subject, string type) =>
        (subject, type) switch
        {
            (SubjectKind.Individual, "individual") => SubjectIds.IndividualPrefix,
            (SubjectKind.Account, "account") => SubjectIds.AccountPrefix,
            _ => null,
        };
}
