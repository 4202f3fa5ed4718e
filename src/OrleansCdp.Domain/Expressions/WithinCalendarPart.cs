using System.Collections.Immutable;

namespace OrleansCdp.Expressions;

/// <summary>
/// Whether an instant lies in days, weeks, months or years of a calendar that end, or begin, with the present one: of the last
/// ones not later than now, of the next ones later than now. No instant lies neither in them nor outside.
/// </summary>
internal sealed class WithinCalendarPart(
    Expression<DateTimeOffset> of,
    TimeZoneInfo zone,
    int count,
    CalendarUnit unit,
    bool next,
    bool negated
) : Expression<bool>
{
    public override bool TryGet(IFacts facts, out bool value)
    {
        value = of.TryGet(facts, out DateTimeOffset instant) && IsIn(instant, facts.Now) != negated;
        return true;
    }

    public override Course CourseOf(IFacts facts)
    {
        Course course = of.CourseOf(facts);
        return of.TryGet(facts, out DateTimeOffset instant)
            ? course.UpTo(FlipOf(instant, facts.Now))
            : course;
    }

    internal override ImmutableArray<Expression> Operands => [of];

    internal override void NoteLeeway(IFacts facts, Leeways leeways)
    {
        if (
            !next
            && of is FieldPart<DateTimeOffset> field
            && of.TryGet(facts, out DateTimeOffset instant)
        )
        {
            bool isAhead = instant > facts.Now;
            field.Note(
                WithinPart.OfLast(isAhead, IsIn(instant, facts.Now), field.IsPast(facts)),
                leeways
            );
        }
        else
        {
            base.NoteLeeway(facts, leeways);
        }
    }

    private bool IsIn(DateTimeOffset instant, DateTimeOffset now) =>
        next
            ? instant > now && !(BeginningOf(now, count) <= instant)
            : instant <= now && !(BeginningOf(now, 1 - count) > instant);

    private DateTimeOffset? FlipOf(DateTimeOffset instant, DateTimeOffset now)
    {
        if (instant > now)
        {
            // It comes into reach of what is next with its unit, and is over, or past, at its own moment.
            DateTimeOffset? reached = next ? BeginningOf(instant, 1 - count) : null;
            return reached > now ? reached : instant;
        }

        return !next && BeginningOf(instant, count) is { } left && left > now ? left : null;
    }

    private DateTimeOffset? BeginningOf(DateTimeOffset instant, int later) =>
        CalendarUnits.BeginningOf(zone, instant, unit, later);
}
