using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

public sealed class PartitionLogTests(Cluster cluster) : IClassFixture<Cluster>
{
    private static readonly LinkKey Link = new("s", "o", "1");

    [Fact]
    public async Task An_event_id_counts_once_within_a_batch_and_across_batches()
    {
        AppendResult first = await AppendAsync(1, Event("a"), Event("a"), Event("b"));
        AppendResult second = await AppendAsync(1, Event("b"), Event("c"));

        first.Duplicates.ShouldBe([1]);
        first.NormalSequence.ShouldBe(2);
        second.Duplicates.ShouldBe([0]);
        second.NormalSequence.ShouldBe(3);
        EventsOf(1).ShouldBe(["a", "b", "c"]);
    }

    [Fact]
    public async Task The_same_event_id_of_another_source_is_another_event()
    {
        LinkEvent ours = Event("a");
        LinkEvent theirs = ours with { Link = Link with { Source = "t" } };
        LinkEvent ofAnotherSubject = ours with { Link = Link with { Id = "2" } };

        (await AppendAsync(10, ours, theirs, ofAnotherSubject)).Duplicates.ShouldBe([2]);
        (await AppendAsync(10, theirs)).Duplicates.ShouldBe([0]);
    }

    [Fact]
    public async Task An_event_id_counts_once_for_a_new_activation_too()
    {
        await AppendAsync(2, Event("a"));
        await LoseNextAppendAsync(2, afterCommit: false);

        (await AppendAsync(2, Event("a"))).Duplicates.ShouldBe([0]);
    }

    [Fact]
    public async Task An_append_whose_commit_got_lost_is_not_acknowledged_and_sending_again_counts_once()
    {
        await LoseNextAppendAsync(3, afterCommit: true);

        (await AppendAsync(3, Event("lost"))).Duplicates.ShouldBe([0]);
        EventsOf(3).ShouldBe(["lost"]);
    }

    [Fact]
    public async Task Concurrent_appends_are_numbered_densely()
    {
        AppendResult[] results = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => AppendAsync(4, Event($"e{i}")))
        );

        results.Max(result => result.NormalSequence).ShouldBe(200);
        EventsOf(4).Distinct().Count().ShouldBe(200);
    }

    [Fact]
    public async Task Lanes_have_sequences_of_their_own()
    {
        AppendResult result = await AppendAsync(5, Event("a"), Event("b") with { Lane = Lane.Low });

        result.NormalSequence.ShouldBe(1);
        result.LowSequence.ShouldBe(1);
    }

    [Fact]
    public async Task A_batch_at_the_limit_is_taken_and_one_past_it_refused()
    {
        LinkEvent[] events =
        [
            .. Enumerable.Range(0, Limits.AppendBatchMax + 1).Select(i => Event($"e{i}")),
        ];

        (await AppendAsync(6, events[..^1])).NormalSequence.ShouldBe(Limits.AppendBatchMax);
        await Should.ThrowAsync<ArgumentException>(() => AppendAsync(7, events));
    }

    [Fact]
    public async Task Events_wait_for_a_busy_writer_up_to_the_limit_and_one_more_is_refused()
    {
        TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource busy = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Database.OnAppend = (_, _) => busy.TrySetResult();
        cluster.Database.AppendGate = open.Task;
        LinkEvent[] full =
        [
            .. Enumerable.Range(0, Limits.AppendBatchMax).Select(i => Event($"{i}")),
        ];
        Task<AppendResult> writing = AppendAsync(8, Event("first"));
        await busy.Task;

        Task<AppendResult>[] waiting = [AppendAsync(8, full), AppendAsync(8, Event("one more"))];
        Task<AppendResult> refused = await Task.WhenAny(waiting);
        open.SetResult(); // Before anything can fail: other tests write through the same store.
        await Should.ThrowAsync<LogUnavailableException>(() => refused);
        await writing;
        await Task.WhenAll(waiting.Where(sent => sent != refused));
        await AppendAsync(8, full);

        EventsOf(8).Count().ShouldBeGreaterThanOrEqualTo(Limits.AppendBatchMax + 1);
    }

    [Fact]
    public async Task An_event_that_is_not_whole_is_refused_and_the_partition_goes_on()
    {
        LinkEvent whole = Event("whole");

        await Should.ThrowAsync<ArgumentException>(() =>
            AppendAsync(9, whole, whole with { EventId = null! })
        );
        await Should.ThrowAsync<ArgumentException>(() =>
            AppendAsync(9, whole, whole with { Traits = default })
        );
        await Should.ThrowAsync<ArgumentException>(() =>
            AppendAsync(9, whole, whole with { Fields = [default] })
        );
        await Should.ThrowAsync<ArgumentException>(() =>
            AppendAsync(9, whole, whole with { SameAs = default(LinkKey) })
        );
        await Should.ThrowAsync<ArgumentException>(() => AppendAsync(9, whole, null!));

        (await AppendAsync(9, whole)).Duplicates.ShouldBeEmpty("nothing was appended with them");
    }

    [Fact]
    public async Task Whatever_is_acknowledged_was_counted_as_received_whoever_sent_it()
    {
        await AppendAsync(8, Event("a", "counted"), Event("a", "counted"), Event("b", "other"));

        cluster.Database.CountOf("counted", CountKind.Received).ShouldBe(2);
        cluster.Database.CountOf("counted", CountKind.Duplicate).ShouldBe(1);
        cluster.Database.CountOf("other", CountKind.Received).ShouldBe(1);
        await AppendAsync(8, Event("a", "counted"));
        cluster.Database.CountOf("counted", CountKind.Duplicate).ShouldBe(2);
    }

    private static LinkEvent Event(string id, string stream) =>
        Some.Event(Link, id) with
        {
            Stream = stream,
        };

    private static LinkEvent Event(string id) => Some.Event(Link, id);

    private IEnumerable<string> EventsOf(int partition) =>
        cluster
            .Database.Log.Where(chunk => chunk.Partition == partition)
            .SelectMany(chunk => chunk.Append.Events)
            .Select(e => e.EventId);

    private Task<AppendResult> AppendAsync(int partition, params LinkEvent[] events) =>
        cluster.Grains.GetGrain<IPartitionLogGrain>(partition).AppendAsync(new EventBatch(events));

    private async Task LoseNextAppendAsync(int partition, bool afterCommit)
    {
        bool lost = false;
        cluster.Database.OnAppend = (append, committed) =>
        {
            if (append.Partition == partition && committed == afterCommit && !lost)
            {
                lost = true;
                throw new TimeoutException("The connection broke.");
            }
        };
        await Should.ThrowAsync<LogUnavailableException>(() =>
            AppendAsync(partition, Event("lost"))
        );
    }
}
