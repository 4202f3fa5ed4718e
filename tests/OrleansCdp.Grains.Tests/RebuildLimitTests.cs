using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>A silo makes few states anew at a time.</summary>
public sealed class RebuildLimitTests
{
    private static readonly LinkKey Web = new("web", "user", "u1");

    [Fact]
    public async Task As_many_states_are_made_anew_as_may_be_and_one_more_waits_for_them()
    {
        TaskCompletionSource gate = new();
        int begun = 0;
        FakeHistory history = new()
        {
            Events = [Some.Event(Web, "a")],
            Links = new Dictionary<LinkKey, DateTimeOffset?> { [Web] = Some.Noon },
            OnLinks = () =>
            {
                begun++;
                return gate.Task;
            },
        };
        LogShape shape = new(1);
        EventFates fates = new(shape, TimeProvider.System);
        LogReplay replay = new(
            history,
            history,
            new FakeMemberships(),
            shape,
            fates,
            FakeInsights.None
        );
        using StateRepair repair = new(
            history,
            new FakeDatabase(),
            replay,
            fates,
            NullLogger<StateRepair>.Instance
        );

        // Nothing of the fakes waits but the gate: each is there, or in the queue, when the call returns.
        Task<Rebuilt<UnifiedIndividual>?>[] all =
        [
            .. Enumerable
                .Range(0, StateRepair.RebuildsMax + 1)
                .Select(i => repair.IndividualAsync(new StateDamage($"ind_{i}", 1, "", "flipped"))),
        ];
        begun.ShouldBe(StateRepair.RebuildsMax);
        gate.SetResult();

        (await Task.WhenAll(all)).ShouldAllBe(made => made != null);
        begun.ShouldBe(all.Length);
    }

    [Fact]
    public async Task One_that_fails_leaves_its_place_to_the_next()
    {
        FakeHistory history = new() { OnLinks = () => throw new TimeoutException("away") };
        LogShape shape = new(1);
        EventFates fates = new(shape, TimeProvider.System);
        LogReplay replay = new(
            history,
            history,
            new FakeMemberships(),
            shape,
            fates,
            FakeInsights.None
        );
        using StateRepair repair = new(
            history,
            new FakeDatabase(),
            replay,
            fates,
            NullLogger<StateRepair>.Instance
        );

        for (int i = 0; i <= StateRepair.RebuildsMax; i++)
        {
            await Should.ThrowAsync<TimeoutException>(() =>
                repair.IndividualAsync(new StateDamage("ind_a", 1, "", "flipped"))
            );
        }
    }
}
