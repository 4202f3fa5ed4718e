namespace OrleansCdp.Identity;

public sealed class MoveWavesTests
{
    [Fact]
    public void Visitors_of_one_individual_are_absorbed_together() =>
        WavesOf("a>x", "b>x", "c>x").ShouldBe(["a>x b>x c>x"]);

    [Fact]
    public void Moves_that_have_nothing_to_do_with_each_other_go_together() =>
        WavesOf("a>x", "b>y").ShouldBe(["a>x b>y"]);

    [Theory]
    [InlineData("a>x", "x>y")] // What was taken is given on.
    [InlineData("x>y", "a>x")] // Who gives all away is given something.
    [InlineData("a>x", "a>y")] // Two take from one.
    public void A_move_that_depends_on_one_before_waits_for_it(string first, string second) =>
        WavesOf(first, second, "b>z").ShouldBe([first, $"{second} b>z"]);

    [Theory]
    [InlineData(MoveWaves.MovesMax, 1)]
    [InlineData(MoveWaves.MovesMax + 1, 2)]
    public void So_many_go_together_and_one_more_waits(int moves, int waves) =>
        MoveWaves.Of(Enumerable.Range(0, moves).Select(i => Move($"m{i}>x"))).Count.ShouldBe(waves);

    private static IEnumerable<string> WavesOf(params string[] moves) =>
        MoveWaves
            .Of(moves.Select(Move))
            .Select(wave => string.Join(' ', wave.Select(move => $"{move.From}>{move.To}")));

    private static LinkMove Move(string text) =>
        new(text.Split('>')[0], default, text.Split('>')[1], 0) { Whole = true };
}
