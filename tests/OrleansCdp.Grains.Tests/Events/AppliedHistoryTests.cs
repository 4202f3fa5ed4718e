namespace OrleansCdp.Events;

public sealed class AppliedHistoryTests
{
    private const int EventsPerChunk = 10;

    [Fact]
    public void The_latest_512_chunks_are_remembered_and_of_513_the_oldest_is_not()
    {
        AppliedHistory history = new();
        for (int chunk = 0; chunk < AppliedHistory.ChunksMax; chunk++)
        {
            Note(history, chunk);
        }

        history.WhenWas(1).ShouldBe(At(0));
        history.WhenWas(EventsPerChunk).ShouldBe(At(0));
        Note(history, AppliedHistory.ChunksMax);

        history.WhenWas(EventsPerChunk).ShouldBeNull("it is too long ago");
        history.WhenWas(EventsPerChunk + 1).ShouldBe(At(1));
        history.WhenWas(history.Last).ShouldBe(At(AppliedHistory.ChunksMax));
        history.WhenWas(history.Last + 1).ShouldBeNull("it is not applied");
    }

    [Fact]
    public void What_was_applied_before_the_first_chunk_has_no_time()
    {
        AppliedHistory history = new();

        Note(history, 5);

        history.WhenWas(5 * EventsPerChunk).ShouldBeNull();
        history.WhenWas((5 * EventsPerChunk) + 1).ShouldBe(At(5));
    }

    [Fact]
    public void A_chunk_that_comes_again_keeps_the_time_it_was_first_applied()
    {
        AppliedHistory history = new();
        Note(history, 0);

        history.Note(1, EventsPerChunk, At(9));

        history.WhenWas(1).ShouldBe(At(0));
    }

    private static void Note(AppliedHistory history, int chunk)
    {
        long first = ((long)chunk * EventsPerChunk) + 1;
        history.Note(first, first + EventsPerChunk - 1, At(chunk));
    }

    private static DateTimeOffset At(int chunk) => Some.Noon.AddSeconds(chunk);
}
