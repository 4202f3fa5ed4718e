using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>The way of the walk: nobody is left out, and nobody twice, however often the reason becomes another.</summary>
public sealed class WalkStateTests
{
    private const int Ids = 4_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Everybody_is_looked_at_once_for_the_newest_reason_and_accounts_before_individuals(
        int seed
    )
    {
        Random random = new(seed);
        string[] kinds = ["acc", "ind", "ind", "ind", "rec"];
        ImmutableArray<string> all =
        [
            .. Enumerable
                .Range(0, Ids)
                .Select(i => $"{kinds[random.Next(kinds.Length)]}_{i:x8}")
                .Order(StringComparer.Ordinal),
        ];
        for (int changes = 0; changes < 20; changes++)
        {
            WalkState state = new WalkState().Begin("0", default);
            for (int change = 1; change <= changes; change++)
            {
                for (int pages = random.Next(9); pages > 0 && !state.HasEnded; pages--)
                {
                    state = Walk(state, all, []);
                }

                state = state.Begin($"{change}", default);
            }

            List<string> seen = [];
            while (!state.HasEnded)
            {
                state = Walk(state, all, seen);
            }

            string[] subjects =
            [
                .. seen.Where(id => !id.StartsWith("rec", StringComparison.Ordinal)),
            ];
            subjects
                .Order(StringComparer.Ordinal)
                .ShouldBe(all.Where(id => !id.StartsWith("rec", StringComparison.Ordinal)));
            int accounts = subjects.Count(id => id.StartsWith("acc", StringComparison.Ordinal));
            subjects.Take(accounts).ShouldAllBe(id => id.StartsWith("acc"));
        }
    }

    [Fact]
    public void Nobody_waits_for_ever_though_reasons_change_more_often_than_everybody_is_looked_at()
    {
        ImmutableArray<string> all =
        [
            "acc_1",
            .. Enumerable.Range(0, Ids).Select(i => $"ind_{i:x8}"),
        ];
        HashSet<string> looked = [];
        WalkState state = new();
        for (int change = 0; change < 12; change++)
        {
            state = state.Begin($"{change}", default);
            for (int page = 0; page < 3; page++)
            {
                List<string> seen = [];
                state = Walk(state, all, seen);
                looked.UnionWith(seen);
            }
        }

        looked.Count.ShouldBe(all.Length);
    }

    [Fact]
    public void A_walk_that_was_stored_before_there_were_rings_ends_as_it_would_have()
    {
        ImmutableArray<string> all = [.. Enumerable.Range(0, 700).Select(i => $"ind_{i:x8}")];
        WalkState stored = new()
        {
            Signature = "1",
            After = all[99],
            Progress = new(),
        };
        List<string> seen = [];

        while (!stored.HasEnded)
        {
            stored = Walk(stored, all, seen);
        }

        seen.ShouldBe(all[100..]);
    }

    [Fact]
    public void A_walk_that_has_ended_leaves_nobody_behind_so_the_next_begins_with_the_first()
    {
        WalkState ended = new()
        {
            Signature = "1",
            After = "ind_5",
            Turn = "ind_5",
            Leg = WalkLeg.Round,
            Progress = new() { EndedAt = Some.Noon },
        };

        ended
            .Begin("2", Some.Noon)
            .ShouldBe(
                ended with
                {
                    Signature = "2",
                    After = "",
                    Turn = "",
                    Leg = WalkLeg.Accounts,
                    Progress = new() { StartedAt = Some.Noon },
                }
            );
    }

    /// <summary>Walks a page as the grain does.</summary>
    private static WalkState Walk(WalkState state, ImmutableArray<string> all, List<string> seen)
    {
        WalkPage page = state.PageOf([
            .. all.Where(id => string.CompareOrdinal(id, state.After) > 0).Take(ILogHistory.IdsMax),
        ]);
        seen.AddRange(page.Ids);
        return state with
        {
            After = page.After,
            Leg = page.Leg,
            Progress = new() { EndedAt = page.IsLast ? Some.Noon : null },
        };
    }
}
