using System.Collections.Immutable;
using CsCheck;

namespace OrleansCdp.Segments;

/// <summary>One thing after another, as somebody with all moments before him would see it.</summary>
public sealed class SequenceTests
{
    private static readonly Gen<SequencePlan> Plan = Gen.Select(
        Gen.Int[0, 12],
        Gen.Select(Gen.Int[1, 6], Gen.Bool).Array[1, 4],
        (window, steps) =>
            new SequencePlan(
                window == 0 ? null : TimeSpan.FromTicks(window),
                [
                    .. steps.Select(
                        (step, i) =>
                            new SequencePlan.Step(
                                TimeSpan.FromTicks(step.Item1),
                                step.Item2 && i == steps.Length - 1
                            )
                    ),
                ]
            )
    );

    private static readonly Gen<long[]> Instants = Gen.Long[1, 30]
        .Array[0, 6]
        .Select(all => all.Distinct().Order().ToArray());

    [Fact]
    public void It_is_found_as_by_trying_all_ways_and_until_it_says_so_it_stays() =>
        Gen.Select(Plan, Instants.Array[5])
            .Sample(
                (plan, all) =>
                {
                    DateTimeOffset? until = null;
                    bool held = false;
                    for (long now = 0; now < 50; now++)
                    {
                        DateTimeOffset moment = new(now, TimeSpan.Zero);
                        bool expected = Holds(plan, all, now);
                        if (now > 0 && !(until <= moment))
                        {
                            expected.ShouldBe(held, $"before {until?.Ticks}, at {now}");
                        }

                        (held, until) = plan.Look(
                            [.. all.Select(instants => instants.ToImmutableArray())],
                            moment
                        );
                        held.ShouldBe(expected, $"at {now}");
                        (until > moment || until is null).ShouldBeTrue();
                    }
                },
                iter: 5_000 * Laws.Thoroughness
            );

    private static bool Holds(SequencePlan plan, long[][] all, long now) =>
        all[0]
            .Where(at => at <= now && (plan.Window is not { } window || now - at < window.Ticks))
            .Any(at => Follows(plan, all, now, at, 0));

    private static bool Follows(SequencePlan plan, long[][] all, long now, long from, int step)
    {
        if (step == plan.Steps.Length)
        {
            return true;
        }

        var (within, isMissing) = (plan.Steps[step].Within.Ticks, plan.Steps[step].IsMissing);
        long[] next = [.. all[step + 1].Where(at => at <= now && at > from && at <= from + within)];
        return isMissing
            ? next.Length == 0 && now > from + within
            : next.Any(at => Follows(plan, all, now, at, step + 1));
    }
}
