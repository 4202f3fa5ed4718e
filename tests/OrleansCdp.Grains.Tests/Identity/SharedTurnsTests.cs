namespace OrleansCdp.Identity;

public sealed class SharedTurnsTests : IDisposable
{
    private const int SizeMax = 10;
    private static readonly MatchSpace Space = new(1, "service", 1, "");
    private readonly SharedTurns turns = new(SizeMax);
    private readonly List<string> decided = [];
    private readonly TaskCompletionSource first = new();
    private Func<string[], MatchOutcome?> outcome = _ => new MatchOutcome([], []);

    [Fact]
    public async Task Whoever_waits_shares_the_next_turn()
    {
        await DecideAsync(Of("a"), Of("b"), Of("c"), Of("d"));

        decided.ShouldBe(["a", "b c d"]);
    }

    [Theory]
    [InlineData(SizeMax, new[] { "a", "b*9 c" })]
    [InlineData(SizeMax + 1, new[] { "a", "b*10", "c" })]
    public async Task So_much_fits_into_a_turn_and_one_more_waits(int size, string[] expected)
    {
        TurnRequest many = Of([.. Enumerable.Repeat("b", size - 1)]);

        await DecideAsync(Of("a"), many, Of("c"));

        decided.ShouldBe(expected);
    }

    [Fact]
    public async Task Absorptions_take_room_too()
    {
        Absorption[] many =
        [
            .. Enumerable.Range(0, SizeMax).Select(i => new Absorption($"f{i}", "t")),
        ];

        await DecideAsync(Of("a"), Of("b") with { Absorptions = many }, Of("c"));

        decided.ShouldBe(["a", "b", "c"]);
    }

    [Fact]
    public async Task Each_is_told_what_was_decided_about_it_and_the_first_what_was_about_others()
    {
        outcome = links => new MatchOutcome(
            [.. links.Append("x").Select(link => (link, (string?)$"to-{link}"))],
            ["somebody"]
        );

        MatchOutcome?[] said = await DecideAsync(Of("a"), Of("b"), Of("c"));

        said.Select(one => string.Join(' ', one!.Moves.Select(move => move.Link)))
            .ShouldBe(["a x", "b x", "c"]);
        said.Select(one => one!.News.Count).ShouldBe([1, 1, 0]);
    }

    [Fact]
    public async Task Nobody_fails_for_what_somebody_else_said()
    {
        outcome = links =>
            links.Contains("bad") ? throw new InvalidDataException() : new MatchOutcome([], []);

        Task<MatchOutcome?>[] all = Start(Of("a"), Of("b"), Of("bad"), Of("c"));
        first.SetResult();

        await all[2].ShouldThrowAsync<InvalidDataException>();
        (await all[0]).ShouldNotBeNull();
        (await all[1]).ShouldNotBeNull();
        (await all[3]).ShouldNotBeNull();
        decided.ShouldBe(["a", "b bad c", "b", "bad", "c"]);
    }

    [Fact]
    public async Task All_are_told_that_another_version_is_live()
    {
        outcome = _ => null;

        (await DecideAsync(Of("a"), Of("b"), Of("c"))).ShouldBe([null, null, null]);
    }

    [Fact]
    public async Task Who_is_decided_about_by_other_rules_has_another_turn()
    {
        TurnRequest other = Of("c") with { Space = Space with { Version = 2 } };

        await DecideAsync(Of("a"), Of("b"), other, Of("d"));

        decided.ShouldBe(["a", "b d", "c"]);
    }

    [Fact]
    public async Task What_is_reconsidered_is_decided_about_alone()
    {
        TurnRequest again = new(Space, [Said("c") with { IsReconsidered = true }], []);

        await DecideAsync(Of("a"), Of("b"), again, Of("d"));

        decided.ShouldBe(["a", "b d", "c"]);
    }

    [Theory]
    [InlineData("f", "t", "f", "t2")] // Absorbed twice.
    [InlineData("f", "t", "t", "t2")] // The absorber is absorbed.
    [InlineData("f", "t", "f2", "f")] // Who is absorbed absorbs.
    public async Task Absorptions_that_depend_on_each_other_have_a_turn_each(
        string from,
        string to,
        string otherFrom,
        string otherTo
    )
    {
        TurnRequest one = Of("b") with { Absorptions = [new Absorption(from, to)] };
        TurnRequest other = Of("c") with { Absorptions = [new Absorption(otherFrom, otherTo)] };

        await DecideAsync(Of("a"), one, other, Of("d"));

        decided.ShouldBe(["a", "b d", "c"]);
    }

    [Fact]
    public async Task What_is_said_of_somebody_who_is_absorbed_has_a_turn_of_its_own()
    {
        TurnRequest absorbing = Of("b") with { Absorptions = [new Absorption("f", "t")] };
        TurnRequest saying = new(Space, [Said("c") with { Owner = "f" }], []);

        await DecideAsync(Of("a"), absorbing, saying, Of("d"));

        decided.ShouldBe(["a", "b d", "c"]);
    }

    [Fact]
    public async Task Who_stops_waiting_is_not_decided_about()
    {
        using CancellationTokenSource stop = new();
        Task<MatchOutcome?>[] all = Start(Of("a"), Of("b"));
        Task<MatchOutcome?> stopped = turns.DecideAsync(Of("c"), TurnAsync, stop.Token);
        await stop.CancelAsync();
        await stopped.ShouldThrowAsync<OperationCanceledException>();
        first.SetResult();
        await Task.WhenAll(all);

        decided.ShouldBe(["a", "b"]);
    }

    public void Dispose() => turns.Dispose();

    private static TurnRequest Of(params string[] links) => new(Space, [.. links.Select(Said)], []);

    private static MatchStatement Said(string link) => new(link, null, MatchValues.Empty, "");

    private static string Text(IGrouping<string, string> same) =>
        same.Count() == 1 ? same.Key : $"{same.Key}*{same.Count()}";

    private Task<MatchOutcome?[]> DecideAsync(params TurnRequest[] requests)
    {
        Task<MatchOutcome?>[] all = Start(requests);
        first.SetResult();
        return Task.WhenAll(all);
    }

    /// <summary>The first has its turn, which lasts until it is let go; the others wait.</summary>
    private Task<MatchOutcome?>[] Start(params TurnRequest[] requests) =>
        [.. requests.Select(request => turns.DecideAsync(request, TurnAsync, default))];

    private async Task<MatchOutcome?> TurnAsync(
        IReadOnlyCollection<MatchStatement> statements,
        IReadOnlyCollection<Absorption> absorptions
    )
    {
        string[] links = [.. statements.Select(said => said.Link)];
        decided.Add(string.Join(' ', links.GroupBy(link => link).Select(Text)));
        await first.Task;
        return outcome(links);
    }
}
