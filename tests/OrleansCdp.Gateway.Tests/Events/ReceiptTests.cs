using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>A receipt says how far a batch has come, and cannot be made up.</summary>
[Collection(GatewayCollection.Name)]
public sealed class ReceiptTests(GatewayHost host)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_receipt_says_when_a_batch_was_stored_applied_and_visible()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow;
        Answer sent = await host.PostAsync(
            "/v1/streams/web",
            """{"type":"identify","userId":"received","traits":{"firstName":"Ada"}}"""
        );
        string receipt = (string)sent.Json["receipt"]!;

        JsonNode? seen = null;
        await Eventually.BeAsync(
            async () =>
                (bool)(seen = (await host.GetAsync("/v1/receipts/" + receipt)).Json)["visible"]!,
            "the batch is visible",
            () => seen?.ToJsonString() ?? ""
        );

        (await host.Api.ContextAsync("userId", "received")).ShouldNotBeNull();
        ((bool)seen!["applied"]!).ShouldBeTrue();
        ((int)seen["partitions"]!).ShouldBe(1);
        DateTimeOffset stored = (DateTimeOffset)seen["storedAt"]!;
        stored.ShouldBeInRange(before, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_receipt_says_what_became_of_the_records()
    {
        const string known =
            """{"type":"track","event":"e","userId":"counted","messageId":"counted-1"}""";
        await host.PostAsync("/v1/streams/web", known);
        string sent = $"{known}\n{known.Replace("-1", "-2", StringComparison.Ordinal)}\n7\n8\n9";
        Answer answer = await host.PostAsync(
            "/v1/streams/web",
            sent,
            mediaType: "application/x-ndjson"
        );

        JsonNode seen = (
            await host.GetAsync("/v1/receipts/" + (string)answer.Json["receipt"]!)
        ).Json;

        ((int)seen["accepted"]!).ShouldBe(1);
        ((int)seen["duplicates"]!).ShouldBe(1);
        ((int)seen["filtered"]!).ShouldBe(0);
        ((int)seen["refused"]!).ShouldBe(3);
    }

    [Fact]
    public async Task A_receipt_of_an_earlier_version_has_no_counts()
    {
        string old = Receipt.Encode(Noon, [new ReceiptPosition(0, 0, 0)]);

        JsonNode seen = (await host.GetAsync("/v1/receipts/" + old)).Json;

        ((bool)seen["applied"]!).ShouldBeTrue();
        seen["accepted"].ShouldBeNull();
    }

    [Fact]
    public async Task A_receipt_that_is_none_is_not_found()
    {
        string foreign = Receipt.Encode(Noon, [new ReceiptPosition(200, 1, 1)]);
        foreach (string token in new[] { "x", "AQ", "!!", new string('A', 5_000), foreign })
        {
            Answer answer = await host.GetAsync("/v1/receipts/" + Uri.EscapeDataString(token));
            answer.ShouldBeProblem(404, "unknown_receipt");
        }
    }

    [Fact]
    public async Task A_batch_that_is_not_there_yet_is_not_applied()
    {
        string ahead = Receipt.Encode(Noon, [new ReceiptPosition(0, long.MaxValue, 0)]);

        JsonNode seen = (await host.GetAsync("/v1/receipts/" + ahead)).Json;

        ((bool)seen["applied"]!).ShouldBeFalse();
        seen["appliedAt"].ShouldBeNull();
    }

    [Fact]
    public void A_receipt_is_read_as_it_was_written()
    {
        ReceiptPosition[] positions = [new(0, 7, 0), new(3, 0, long.MaxValue), new(255, 1, 2)];

        Receipt.TryDecode(Receipt.Encode(Noon, positions), out Receipt? read).ShouldBeTrue();

        read.StoredAt.ShouldBe(Noon);
        read.Positions.ShouldBe(positions);
        read.Counts.ShouldBeNull();
    }

    [Fact]
    public void A_receipts_counts_are_read_as_they_were_written()
    {
        ReceiptCounts counts = new(1, 0, int.MaxValue, 4);

        Receipt
            .TryDecode(Receipt.Encode(Noon, [new(0, 7, 0)], counts), out Receipt? read)
            .ShouldBeTrue();

        read.Counts.ShouldBe(counts);
        read.Positions.ShouldBe([new(0, 7, 0)]);
        Receipt.TryDecode(Receipt.Encode(Noon, [], new(0, -1, 0, 0)), out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_receipt_that_was_cut_off_or_changed_is_read_as_another_or_not_at_all(bool counted)
    {
        ReceiptCounts? counts = counted ? new(1, 20, 300, 70_000) : null;
        byte[] bytes = Base64Url.DecodeFromChars(
            Receipt.Encode(Noon, [new(0, 7, 1), new(3, 300, 70_000)], counts)
        );
        for (int length = 0; length < bytes.Length; length++)
        {
            Reads(bytes[..length]);
        }

        for (int at = 0; at < bytes.Length; at++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. bytes];
                changed[at] = (byte)value;
                Reads(changed);
            }
        }

        for (int i = 0; i < 10_000; i++)
        {
            Reads([(byte)(counted ? 2 : 1), .. RandomNumberGenerator.GetBytes(i % 40)]);
        }
    }

    [Theory]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, -1)]
    public void No_sequence_is_negative(int partition, long normal, long low) =>
        Receipt
            .TryDecode(Receipt.Encode(Noon, [new(partition, normal, low)]), out _)
            .ShouldBeFalse();

    [Fact]
    public void No_partition_comes_twice() =>
        Receipt
            .TryDecode(Receipt.Encode(Noon, [new(1, 1, 1), new(1, 2, 2)]), out _)
            .ShouldBeFalse();

    private static void Reads(byte[] bytes)
    {
        if (Receipt.TryDecode(Base64Url.EncodeToString(bytes), out Receipt? read))
        {
            read.Positions.ShouldAllBe(position =>
                position.Partition >= 0
                && position.Partition < Partitions.CountMax
                && position.NormalSequence >= 0
                && position.LowSequence >= 0
            );
        }
    }
}
