namespace OrleansCdp.Identity;

/// <summary>What is proved is cut into turns that leave nothing out.</summary>
public sealed class ProofSetTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(2, 2, 1)]
    [InlineData(3, 2, 2)]
    [InlineData(1, 5, 3)]
    public void A_turn_has_so_many_proofs_and_so_many_individuals(
        int proofs,
        int bearing,
        int turns
    )
    {
        ProofSet all = new(
            [.. Enumerable.Range(0, proofs).Select(i => ProofOf($"l{i}"))],
            [.. Enumerable.Range(0, bearing).Select(i => BaseOf($"b{i}"))]
        );

        ProofSet[] cut = [.. all.Turns(2)];

        cut.Length.ShouldBe(turns);
        cut.ShouldAllBe(turn => turn.Proofs.Count <= 2 && turn.Bearing.Count <= 2);
        cut.SelectMany(turn => turn.Proofs).ShouldBe(all.Proofs);
        cut.SelectMany(turn => turn.Bearing).ShouldBe(all.Bearing);
    }

    private static AnchorProof ProofOf(string link) =>
        new(new LinkKey("test", "link", link), "e1", [BaseOf(link)]);

    private static BaseIndividual BaseOf(string name) => new($"ind_{name}", 1, $"email:{name}");
}
