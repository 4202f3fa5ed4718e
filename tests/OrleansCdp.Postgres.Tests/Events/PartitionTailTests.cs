namespace OrleansCdp.Events;

public sealed class PartitionTailTests
{
    private readonly PartitionTail tail = new(eventsMax: 10, bytesMax: 1_000);

    public PartitionTailTests() => tail.AddReader();

    [Fact]
    public void Without_a_writer_only_the_database_knows()
    {
        Take(1).State.ShouldBe(TailState.WaitForPoll);

        tail.NoteHead(5);

        Take(1).State.ShouldBe(TailState.InDatabase);
        Take(6).State.ShouldBe(TailState.WaitForPoll);
    }

    [Fact]
    public void A_writer_vouches_for_the_end_of_the_log()
    {
        tail.Attach(epoch: 3, next: 8);

        Take(8).State.ShouldBe(TailState.WaitForWriter);
        Take(7).State.ShouldBe(TailState.InDatabase);
    }

    [Fact]
    public void Fresh_chunks_are_taken_from_memory_as_the_very_objects()
    {
        tail.Attach(epoch: 3, next: 8);
        LinkEvent[] events = LinkEvents.InPartition(0, 1, 4);
        tail.Publish(3, new TailChunk(8, events, 100));

        (TailState state, LogBatch? batch) = Take(9);

        state.ShouldBe(TailState.Events);
        batch!.Chunk.FirstSequence.ShouldBe(9);
        batch.Chunk.Events[0].ShouldBeSameAs(events[1]);
        Take(12).State.ShouldBe(TailState.WaitForWriter);
    }

    [Fact]
    public void What_another_writer_publishes_says_nothing()
    {
        tail.Attach(epoch: 3, next: 1);

        tail.Publish(2, Chunk(1, 1));

        Take(1).State.ShouldBe(TailState.WaitForWriter);
    }

    [Fact]
    public void Beyond_its_bound_of_events_the_oldest_are_left_to_the_database()
    {
        tail.Attach(epoch: 1, next: 1);
        tail.Publish(1, Chunk(1, 5));
        tail.Publish(1, Chunk(6, 5));
        Take(1).State.ShouldBe(TailState.Events);

        tail.Attach(epoch: 2, next: 1);
        tail.Publish(2, Chunk(1, 5));
        tail.Publish(2, Chunk(6, 5));
        tail.Publish(2, Chunk(11, 1));

        Take(1).State.ShouldBe(TailState.InDatabase);
        Take(6).State.ShouldBe(TailState.Events);
    }

    [Fact]
    public void Beyond_its_bound_of_bytes_the_oldest_are_left_to_the_database()
    {
        tail.Attach(epoch: 1, next: 1);
        tail.Publish(1, Chunk(1, 1, bytes: 1_000));
        Take(1).State.ShouldBe(TailState.Events);

        tail.Publish(1, Chunk(2, 1, bytes: 500));
        tail.Publish(1, Chunk(3, 1, bytes: 501));

        Take(2).State.ShouldBe(TailState.InDatabase);
        Take(3).State.ShouldBe(TailState.Events);
    }

    [Fact]
    public void Nothing_is_kept_when_nobody_reads()
    {
        tail.RemoveReader();
        tail.Attach(epoch: 1, next: 1);

        tail.Publish(1, Chunk(1, 5));

        Take(1).State.ShouldBe(TailState.InDatabase);
    }

    [Fact]
    public void A_writer_that_leaves_sends_the_reader_back_to_polling()
    {
        tail.Attach(epoch: 1, next: 1);
        long seen = tail.Changed.Times;

        tail.Detach(epoch: 1);

        tail.Changed.Times.ShouldBeGreaterThan(seen);
        Take(1).State.ShouldBe(TailState.WaitForPoll);
    }

    [Fact]
    public void A_former_writer_cannot_detach_its_successor()
    {
        tail.Attach(epoch: 2, next: 1);

        tail.Detach(epoch: 1);

        tail.WriterEpoch.ShouldBe(2);
    }

    [Fact]
    public void A_waiting_reader_wakes_for_a_chunk()
    {
        tail.Attach(epoch: 1, next: 1);
        long seen = tail.Changed.Times;

        tail.Publish(1, Chunk(1, 1));

        tail.Changed.Times.ShouldBeGreaterThan(seen);
    }

    [Fact]
    public void Small_chunks_are_delivered_together_up_to_the_bounds()
    {
        BatchBuilder byCount = new(Lane.Low, 0, 7, position: 1);
        byCount.TryAdd(Chunk(1, 600)).ShouldBeTrue();
        byCount.TryAdd(Chunk(601, BatchBuilder.EventsMax - 600)).ShouldBeTrue();
        byCount.TryAdd(Chunk(BatchBuilder.EventsMax + 1, 1)).ShouldBeFalse();
        BatchBuilder byBytes = new(Lane.Low, 0, 7, position: 1);
        byBytes.TryAdd(Chunk(1, 1, BatchBuilder.BytesMax - 1)).ShouldBeTrue();
        byBytes.TryAdd(Chunk(2, 1)).ShouldBeTrue();
        byBytes.TryAdd(Chunk(3, 1)).ShouldBeFalse();
        BatchBuilder large = new(Lane.Low, 0, 7, position: 1);
        large.TryAdd(Chunk(1, 1, BatchBuilder.BytesMax + 1)).ShouldBeTrue();
        large.TryAdd(Chunk(2, 1)).ShouldBeFalse();

        EventChunk built = byCount.Build()!.Chunk;

        built.Events.Length.ShouldBe(BatchBuilder.EventsMax);
        built.FirstSequence.ShouldBe(1);
        built.ReaderEpoch.ShouldBe(7);
        byBytes.Build()!.Chunk.Events.Length.ShouldBe(2);
        large.Build()!.Chunk.Events.Length.ShouldBe(1);
        new BatchBuilder(Lane.Low, 0, 7, position: 1).Build().ShouldBeNull();
    }

    [Fact]
    public void Of_a_chunk_that_has_more_than_there_is_room_for_a_part_is_taken_and_the_rest_next()
    {
        tail.Attach(epoch: 1, next: 1);
        LinkEvent[] all = LinkEvents.InPartition(0, 1, 10);
        tail.Publish(1, new TailChunk(1, all[..6], 1));
        tail.Publish(1, new TailChunk(7, all[6..], 1));

        List<LinkEvent[]> taken = [];
        for (long position = 1; position <= all.Length; position += taken[^1].Length)
        {
            BatchBuilder few = new(Lane.Normal, 0, 1, position, eventsMax: 4);
            tail.Take(position, few).ShouldBe(TailState.Events);
            LogBatch batch = few.Build()!;
            batch.Chunk.FirstSequence.ShouldBe(position);
            taken.Add([.. batch.Chunk.Events]);
        }

        taken.Select(part => part.Length).ShouldBe([4, 4, 2]);
        taken.SelectMany(part => part).ShouldBe(all);
    }

    [Fact]
    public void A_log_with_a_hole_is_not_read_over()
    {
        BatchBuilder batches = new(Lane.Normal, 0, 1, position: 1);

        Should.Throw<InvalidDataException>(() => batches.TryAdd(Chunk(2, 1)));
    }

    [Fact]
    public void A_batch_is_taken_whole_or_event_by_event_and_as_nothing_else()
    {
        LogBatch batch = Take(LinkEvents.InPartition(0, 1, 2));

        batch.StreamId.ShouldBe(EventStreams.Of(Lane.Low, 0));
        batch.GetEvents<EventChunk>().ShouldHaveSingleItem().Item1.ShouldBe(batch.Chunk);
        batch.GetEvents<LinkEvent>().Select(e => e.Item1).ShouldBe(batch.Chunk.Events);
        batch.GetEvents<LinkEvent>().Select(e => e.Item2.EventIndex).ShouldBe([0, 1]);
        Should.Throw<InvalidOperationException>(() => batch.GetEvents<string>());
    }

    private static LogBatch Take(LinkEvent[] events)
    {
        BatchBuilder batches = new(Lane.Low, 0, 1, position: 1);
        batches.TryAdd(new TailChunk(1, events, 1));
        return batches.Build()!;
    }

    private static TailChunk Chunk(long first, int count, int bytes = 1) =>
        new(first, LinkEvents.InPartition(0, 1, count), bytes);

    private (TailState State, LogBatch? Batch) Take(long position)
    {
        BatchBuilder batches = new(Lane.Normal, 0, 1, position);
        TailState state = tail.Take(position, batches);
        return (state, batches.Build());
    }
}
