using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>
/// Adds proofs about somebody who is known, slice by slice: who is one person follows from what is stored, so it makes no
/// difference how it is cut. A proof that would connect too many is refused: those whom it states stay apart, and a
/// conflict says so.
/// </summary>
/// <param name="source">The database.</param>
/// <param name="known">Who was stored before.</param>
/// <param name="cancel">Stops it; what was committed stays.</param>
internal sealed class MergeSlices(
    NpgsqlDataSource source,
    HashSet<string> known,
    CancellationToken cancel
)
{
    // With whom as many are connected as may be.
    private readonly HashSet<string> full = new(StringComparer.Ordinal);

    public async Task<Regrouped> AddAsync(ProofSet proofs)
    {
        Regrouped regrouped = Regrouped.Nothing;
        foreach (ProofSet slice in proofs.Turns(MergeStore.SliceMax))
        {
            regrouped = regrouped.And(await AddSliceAsync(slice));
        }

        return regrouped;
    }

    private async Task<Regrouped> AddSliceAsync(ProofSet slice)
    {
        AnchorProof[] hopeless = [.. slice.Proofs.Where(IsHopeless)];
        if (hopeless.Length > 0)
        {
            Regrouped refused = await RefuseAsync(new(hopeless, []));
            ProofSet rest = new([.. slice.Proofs.Except(hopeless)], slice.Bearing);
            return rest.IsEmpty ? refused : refused.And(await AddSliceAsync(rest));
        }

        if (await TryAsync(slice) is { } regrouped)
        {
            return regrouped;
        }

        if (slice.Count > 1)
        {
            Regrouped both = Regrouped.Nothing;
            foreach (ProofSet half in slice.Slices((slice.Count + 1) / 2))
            {
                both = both.And(await AddSliceAsync(half));
            }

            return both;
        }

        foreach (AnchorProof proof in slice.Proofs.Where(proof => proof.Bases.Length == 2))
        {
            string[] before = [.. proof.Bases.Select(one => one.Id).Where(known.Contains)];
            full.UnionWith(before.Length == 1 ? before : []);
        }

        return await RefuseAsync(slice);
    }

    /// <summary>Adds one more to whom no more can be added.</summary>
    private bool IsHopeless(AnchorProof proof) =>
        full.Count > 0
        && proof.Bases.Any(one => full.Contains(one.Id))
        && proof.Bases.Any(one => !known.Contains(one.Id));

    private Task<Regrouped?> TryAsync(ProofSet slice) =>
        Commands.RetryConflictsAsync(async () =>
        {
            await using MergeTransaction merges = await MergeTransaction.BeginAsync(source, cancel);
            BaseIndividual[] bases = slice.Bases();
            string[] live = [.. slice.Bearing.Select(one => one.Id)];
            var concerned = await merges.AddAsync(bases, slice.Stated(), live);
            Regrouped? regrouped = await merges.RegroupAsync(
                [.. bases.Select(one => one.Id).Union(concerned)],
                MergeCause.None
            );
            if (regrouped is not null)
            {
                await merges.CommitAsync();
            }

            return regrouped;
        });

    private Task<Regrouped> RefuseAsync(ProofSet slice) =>
        Commands.RetryConflictsAsync(async () =>
        {
            await using MergeTransaction merges = await MergeTransaction.BeginAsync(source, cancel);
            string[] live = [.. slice.Bearing.Select(one => one.Id)];
            await merges.AddAsync(slice.Bases(), [], live);
            var conflicts = await merges.RefuseAsync(slice.Proofs);
            await merges.CommitAsync();
            return new Regrouped([], conflicts);
        });
}
