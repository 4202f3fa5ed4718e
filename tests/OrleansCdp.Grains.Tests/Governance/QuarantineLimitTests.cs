using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

public sealed class QuarantineLimitTests(Cluster cluster) : IClassFixture<Cluster>
{
    private const int ItemsMax = IQuarantineGrain.ItemsMax;

    private IQuarantineGrain Quarantine => cluster.Grains.GetGrain<IQuarantineGrain>(0);

    [Fact]
    public async Task Quarantine_takes_2500_items_at_once_and_not_2501()
    {
        QuarantineItem[] items = [.. Enumerable.Repeat(Item(0), ItemsMax + 1)];

        await Quarantine.AddAsync(items[..^1].AsImmutable());

        await Should.ThrowAsync<ArgumentException>(() => Quarantine.AddAsync(items.AsImmutable()));
    }

    [Fact]
    public async Task Quarantine_takes_a_payload_of_64_KiB_and_no_larger_one()
    {
        QuarantineItem[] atLimit = [Item(IQuarantineGrain.PayloadBytesMax)];
        QuarantineItem[] past = [Item(0), Item(IQuarantineGrain.PayloadBytesMax + 1)];

        await Quarantine.AddAsync(atLimit.AsImmutable());

        await Should.ThrowAsync<ArgumentException>(() => Quarantine.AddAsync(past.AsImmutable()));
    }

    [Fact]
    public async Task Quarantine_lists_2500_items_at_once_and_marks_as_many_but_no_more()
    {
        ImmutableArray<long> ids = [.. Enumerable.Range(1, ItemsMax + 1).Select(id => (long)id)];

        await Quarantine.ListAsync(new QuarantineFilter { Limit = ItemsMax });
        await Quarantine.MarkReplayedAsync(ids[..^1]);

        await Should.ThrowAsync<ArgumentException>(() =>
            Quarantine.ListAsync(new QuarantineFilter { Limit = ItemsMax + 1 })
        );
        await Should.ThrowAsync<ArgumentException>(() => Quarantine.MarkReplayedAsync(ids));
    }

    [Theory]
    [InlineData(IQuarantineGrain.PayloadBytesMax, false)]
    [InlineData(IQuarantineGrain.PayloadBytesMax + 1, true)]
    public async Task Of_a_refused_record_at_most_64_KiB_are_kept(int bytes, bool truncated)
    {
        string stream = Some.Unique("stream");
        IntakeItem item = new()
        {
            Stream = stream,
            Admission = new Admission.Refused(ReasonCodes.Malformed, "Not JSON."),
            Payload = new byte[bytes],
        };
        await cluster.Services.GetRequiredService<DefinitionCatalogue>().Loaded;

        await cluster.Services.GetRequiredService<Intake>().SubmitAsync([item]);

        QuarantineItem kept = cluster.Database.Quarantined.Single(k => k.Stream == stream);
        kept.Payload.Length.ShouldBe(IQuarantineGrain.PayloadBytesMax);
        kept.Truncated.ShouldBe(truncated);
    }

    [Fact]
    public async Task More_refused_records_than_one_call_to_quarantine_takes_go_in_several()
    {
        string stream = Some.Unique("stream");
        IntakeItem item = new()
        {
            Stream = stream,
            Admission = new Admission.Refused(ReasonCodes.Malformed, "Not JSON."),
            Payload = new byte[1],
        };
        await cluster.Services.GetRequiredService<DefinitionCatalogue>().Loaded;

        await cluster
            .Services.GetRequiredService<Intake>()
            .SubmitAsync([.. Enumerable.Repeat(item, ItemsMax + 1)]);

        cluster.Database.Quarantined.Count(k => k.Stream == stream).ShouldBe(ItemsMax + 1);
    }

    private static QuarantineItem Item(int bytes) =>
        new()
        {
            Stream = "test",
            Code = ReasonCodes.Malformed,
            Message = "Not JSON.",
            Payload = new byte[bytes],
            At = Some.Noon,
        };
}
