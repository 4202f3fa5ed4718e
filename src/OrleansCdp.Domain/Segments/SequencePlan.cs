using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCdp.Segments;

/// <summary>
/// One thing after another: a moment of the first, then of each step one that is later, and not later than its span after the
/// one before. Of each only the latest <see cref="Insights.LatestInstants.Max"/> moments are known.
/// </summary>
/// <param name="Window">How old the first may be; null for any age.</param>
/// <param name="Steps">What follows.</param>
public sealed record SequencePlan(TimeSpan? Window, ImmutableArray<SequencePlan.Step> Steps)
{
    /// <summary>Steps after the first thing.</summary>
    public const int StepsMax = 5;

    /// <summary>What follows.</summary>
    /// <param name="Within">How soon.</param>
    /// <param name="IsMissing">Whether it must not: the span is over, and nothing of it came. Only of the last step.</param>
    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Step(TimeSpan Within, bool IsMissing);

    /// <summary>Whether it happened, as far as it is known at a moment.</summary>
    /// <param name="instants">The moments of each, UTC ticks, ascending: of the first, then of each step.</param>
    /// <param name="now">The moment: what is dated later has not happened.</param>
    /// <returns>Whether it did, and from when on the answer may be another though nothing happens; null for never.</returns>
    public (bool Holds, DateTimeOffset? Until) Look(
        ImmutableArray<ImmutableArray<long>> instants,
        DateTimeOffset now
    )
    {
        long present = now.UtcTicks;
        long until = long.MaxValue;
        List<long> reached = [];
        foreach (long at in instants[0])
        {
            if (at > present)
            {
                until = Math.Min(until, at);
            }
            else if (Window is not { } window)
            {
                reached.Add(at);
            }
            else if (present - at < window.Ticks)
            {
                reached.Add(at);
                until = Math.Min(until, at + window.Ticks);
            }
        }

        for (int i = 0; i < Steps.Length; i++)
        {
            reached = Follow(Steps[i], reached, instants[i + 1], present, ref until);
        }

        return (
            reached.Count > 0,
            until <= DateTimeOffset.MaxValue.UtcTicks
                ? new DateTimeOffset(until, TimeSpan.Zero)
                : null
        );
    }

    private static List<long> Follow(
        Step step,
        List<long> before,
        ImmutableArray<long> instants,
        long now,
        ref long until
    )
    {
        List<long> reached = [];
        foreach (long at in instants)
        {
            if (IsWithin(step, before, at))
            {
                until = at > now ? Math.Min(until, at) : until;
                if (at <= now)
                {
                    reached.Add(at);
                }
            }
        }

        return step.IsMissing ? Unfollowed(step, before, instants, now, ref until) : reached;
    }

    /// <summary>Those that nothing followed, and nothing can any more.</summary>
    private static List<long> Unfollowed(
        Step step,
        List<long> before,
        ImmutableArray<long> instants,
        long now,
        ref long until
    )
    {
        List<long> reached = [];
        foreach (long from in before)
        {
            if (instants.Any(at => at <= now && IsWithin(step, from, at)))
            {
                continue;
            }

            if (now - from > step.Within.Ticks)
            {
                reached.Add(from);
            }
            else
            {
                until = Math.Min(until, from + step.Within.Ticks + 1);
            }
        }

        return reached;
    }

    private static bool IsWithin(Step step, List<long> before, long at)
    {
        foreach (long from in before)
        {
            if (IsWithin(step, from, at))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWithin(Step step, long from, long at) =>
        at > from && at - from <= step.Within.Ticks;
}
