namespace OrleansCdp.Identity;

/// <summary>What a delivery proves, apart by what is connected within it.</summary>
/// <param name="Proofs">What links state.</param>
/// <param name="Bearing">Individuals that bear links.</param>
internal sealed record ProofSet(
    IReadOnlyCollection<AnchorProof> Proofs,
    IReadOnlyCollection<BaseIndividual> Bearing
)
{
    /// <summary>Proofs and individuals.</summary>
    public int Count => Proofs.Count + Bearing.Count;

    public bool IsEmpty => Count == 0;

    /// <summary>Everybody who is named, once each, by the anchor if any is known.</summary>
    public BaseIndividual[] Bases() =>
        [
            .. Proofs
                .SelectMany(proof => proof.Bases)
                .Concat(Bearing)
                .GroupBy(one => one.Id, StringComparer.Ordinal)
                .Select(of => of.MaxBy(one => one.Name, StringComparer.Ordinal)!),
        ];

    /// <summary>What links state, once each.</summary>
    public (string Link, string Base, string EventId)[] Stated() =>
        [
            .. Proofs
                .SelectMany(
                    proof => proof.Bases,
                    (proof, one) => (Link: proof.Link.ToString(), one.Id, proof.EventId)
                )
                .DistinctBy(row => (row.Link, row.Id)),
        ];

    /// <summary>
    /// Parts what is connected with nobody and no link that is known from what is: who is one person among the former
    /// follows from this set alone.
    /// </summary>
    /// <param name="isKnown">Whether an individual or a link is stored.</param>
    public (ProofSet Fresh, ProofSet Others) Split(Func<string, bool> isKnown)
    {
        Dictionary<string, string> parents = new(StringComparer.Ordinal);
        HashSet<string> touched = new(StringComparer.Ordinal);
        foreach (AnchorProof proof in Proofs)
        {
            string link = proof.Link.ToString();
            foreach (BaseIndividual one in proof.Bases)
            {
                parents[TopOf(one.Id)] = TopOf(link);
            }
        }

        // A link of very many is bounded where it is stored.
        var many = Proofs
            .GroupBy(proof => proof.Link)
            .Where(of => of.Sum(proof => proof.Bases.Length) > Limits.AnchorsPerLinkMax)
            .Select(of => of.Key.ToString());
        var all = parents.Keys.Concat(Bearing.Select(one => one.Id)).ToArray();
        touched.UnionWith(all.Where(isKnown).Concat(many).Select(TopOf));
        touched.UnionWith(
            all.GroupBy(TopOf)
                .Where(of => of.Count() > MergeNeighbourhood.BasesMax)
                .Select(of => of.Key)
        );
        return (
            Where(name => !touched.Contains(TopOf(name))),
            Where(name => touched.Contains(TopOf(name)))
        );

        ProofSet Where(Func<string, bool> belongs) =>
            new(
                [.. Proofs.Where(proof => belongs(proof.Link.ToString()))],
                [.. Bearing.Where(one => belongs(one.Id))]
            );

        string TopOf(string name)
        {
            string top = name;
            while (parents.TryGetValue(top, out string? parent) && parent != top)
            {
                top = parent;
            }

            parents[name] = top;
            parents.TryAdd(top, top);
            return top;
        }
    }

    /// <summary>Cuts it into as few as possible: each has so many proofs, and so many individuals.</summary>
    public IEnumerable<ProofSet> Turns(int size)
    {
        AnchorProof[][] proofs = [.. ProofsBy(size)];
        BaseIndividual[][] bearing = [.. BearingBy(size)];
        for (int i = 0; i < Math.Max(proofs.Length, bearing.Length); i++)
        {
            yield return new ProofSet(
                i < proofs.Length ? proofs[i] : [],
                i < bearing.Length ? bearing[i] : []
            );
        }
    }

    /// <summary>Cuts it into proofs and individuals apart, so that every cut makes it smaller.</summary>
    public IEnumerable<ProofSet> Slices(int size) =>
        [
            .. ProofsBy(size).Select(slice => new ProofSet(slice, [])),
            .. BearingBy(size).Select(slice => new ProofSet([], slice)),
        ];

    // In an order that does not depend on how it arrived.
    private IEnumerable<AnchorProof[]> ProofsBy(int size) =>
        Proofs.OrderBy(proof => proof.Link.ToString(), StringComparer.Ordinal).Chunk(size);

    private IEnumerable<BaseIndividual[]> BearingBy(int size) =>
        Bearing.OrderBy(one => one.Id, StringComparer.Ordinal).Chunk(size);
}
