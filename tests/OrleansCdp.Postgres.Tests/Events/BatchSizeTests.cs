namespace OrleansCdp.Events;

/// <summary>How many events are handed out at once.</summary>
public sealed class BatchSizeTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly BatchSize size = new();

    [Fact]
    public void It_begins_with_few_and_has_bounds()
    {
        size.Events.ShouldBe(BatchSize.First);
        for (int full = 0; full < 10; full++)
        {
            size.NoteApplied(size.Events, BatchSize.Slow + Tick);
        }

        size.Events.ShouldBe(BatchSize.Min);
        for (int full = 0; full < 10; full++)
        {
            size.NoteApplied(size.Events, default);
        }

        size.Events.ShouldBe(BatchSize.Max);
    }

    [Fact]
    public void It_stays_between_quick_and_slow()
    {
        size.NoteApplied(size.Events, BatchSize.Quick - Tick);
        size.Events.ShouldBe(BatchSize.First * 2);

        size.NoteApplied(size.Events, BatchSize.Quick);
        size.NoteApplied(size.Events, BatchSize.Slow);
        size.Events.ShouldBe(BatchSize.First * 2);

        size.NoteApplied(1, BatchSize.Slow + Tick);
        size.Events.ShouldBe(BatchSize.First);
    }

    [Fact]
    public void Of_few_events_it_learns_nothing_of_many()
    {
        size.NoteApplied(size.Events / 2, default);
        size.Events.ShouldBe(BatchSize.First);

        size.NoteApplied((size.Events / 2) + 1, default);
        size.Events.ShouldBe(BatchSize.First * 2);
    }
}
