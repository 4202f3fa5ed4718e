using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>What an import keeps beside its file: how far it is, and what was refused.</summary>
public sealed class ImportFilesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cdp-cli-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Progress_that_was_kept_is_read_again_whole()
    {
        FileInfo file = Write("a.csv", "id\n1\n");
        ImportProgress kept = ImportProgress.Of(file, "orders", Gateway) with
        {
            Position = 5,
            Records = 1,
            Accepted = 2,
            Duplicates = 3,
            Filtered = 4,
            Rejected = 5,
            RejectBytes = 6,
        };

        await kept.SaveAsync(file, default);
        await (kept with { Records = 7 }).SaveAsync(file, default);

        (await ImportProgress.LeftAsync(file, default)).ShouldBe(kept with { Records = 7 });
        folder.EnumerateFiles("*.new").ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_an_interrupted_import_there_is_no_progress() =>
        (await ImportProgress.LeftAsync(Write("a.csv", "id\n"), default)).ShouldBeNull();

    [Fact]
    public void Another_stream_gateway_length_or_time_is_another_import()
    {
        FileInfo file = Write("a.csv", "id\n1\n");
        ImportProgress start = ImportProgress.Of(file, "orders", Gateway);
        ImportProgress left = start with { Position = 3 };

        left.WhyNot(start).ShouldBeNull();
        left.WhyNot(ImportProgress.Of(file, "cases", Gateway))
            .ShouldBe("An interrupted import went to the stream orders");
        left.WhyNot(ImportProgress.Of(file, "orders", new Uri("http://other:5080")))
            .ShouldBe("An interrupted import went to the gateway http://here:5080/");
        (left with { Length = left.Length + 1 })
            .WhyNot(start)
            .ShouldBe("The file has changed since its import was interrupted");
        (left with { WrittenAt = left.WrittenAt.AddSeconds(1) })
            .WhyNot(start)
            .ShouldBe("The file has changed since its import was interrupted");
    }

    [Theory]
    [InlineData("http://HERE:5080")]
    [InlineData("http://ada:secret@here:5080/?a=b#c")]
    public void One_gateway_is_one_however_it_is_written_and_no_password_is_kept(string address)
    {
        FileInfo file = Write("a.csv", "id\n1\n");

        ImportProgress left = ImportProgress.Of(file, "orders", new Uri(address));

        left.Gateway.ShouldBe("http://here:5080/");
        left.WhyNot(ImportProgress.Of(file, "orders", Gateway)).ShouldBeNull();
    }

    [Fact]
    public async Task Progress_of_a_version_that_did_not_name_the_gateway_is_not_gone_on_with()
    {
        FileInfo file = Write("a.csv", "id\n1\n");
        ImportProgress start = ImportProgress.Of(file, "orders", Gateway);
        Write(
            "a.csv.progress",
            $$"""{"Stream":"orders","Length":5,"WrittenAt":"{{start.WrittenAt:O}}","Position":5}"""
        );

        ImportProgress left = (await ImportProgress.LeftAsync(file, default))!;

        left.WhyNot(start).ShouldBe("An interrupted import does not say to which gateway it went");
    }

    [Fact]
    public async Task Progress_that_cannot_be_understood_is_named()
    {
        FileInfo file = Write("a.csv", "id\n");
        Write("a.csv.progress", "{");

        var refused = await Should.ThrowAsync<CommandFailedException>(() =>
            ImportProgress.LeftAsync(file, default)
        );

        refused.Message.ShouldContain("a.csv.progress");
    }

    [Fact]
    public async Task Refused_records_are_listed_with_number_reason_and_text()
    {
        string path = Path.Combine(folder.FullName, "rejects");
        RecordChunk chunk = new([], [Bytes("{\"a\":1}"), Bytes("nö")], End: 0);
        ImmutableArray<ChunkRefusal> refusals =
        [
            new()
            {
                Index = 1,
                Code = "malformed",
                Message = "It is no JSON.",
            },
        ];

        long end = await new RejectFile(path).AppendAsync(0, chunk, before: 10, refusals, default);

        string line = (await File.ReadAllLinesAsync(path)).ShouldHaveSingleItem();
        end.ShouldBe(new FileInfo(path).Length);
        JsonNode reject = JsonNode.Parse(line)!;
        ((int)reject["record"]!).ShouldBe(12);
        ((string?)reject["code"]).ShouldBe("malformed");
        ((string?)reject["message"]).ShouldBe("It is no JSON.");
        ((string?)reject["text"]).ShouldBe("nö");
    }

    [Fact]
    public async Task What_an_interrupted_import_wrote_past_its_progress_is_written_over()
    {
        string path = Path.Combine(folder.FullName, "rejects");
        RejectFile rejects = new(path);
        RecordChunk chunk = new([], [Bytes("one"), Bytes("two")], End: 0);
        ImmutableArray<ChunkRefusal> both = [Refusal(0), Refusal(1)];
        long first = await rejects.AppendAsync(0, chunk, before: 0, [Refusal(0)], default);
        await rejects.AppendAsync(first, chunk, before: 2, both, default);

        await rejects.AppendAsync(first, chunk, before: 2, [Refusal(1)], default);

        string[] lines = await File.ReadAllLinesAsync(path);
        lines.Select(line => (int)JsonNode.Parse(line)!["record"]!).ShouldBe([1, 4]);
    }

    [Fact]
    public async Task Rejects_of_an_earlier_import_are_cut()
    {
        string path = Path.Combine(folder.FullName, "rejects");
        RejectFile rejects = new(path);
        rejects.Cut(0); // Nothing is there, and nothing happens.
        await File.WriteAllTextAsync(path, "1234");

        rejects.Cut(3);
        (await File.ReadAllTextAsync(path)).ShouldBe("123");

        rejects.Cut(0);
        File.Exists(path).ShouldBeFalse();
    }

    private static readonly Uri Gateway = new("http://here:5080");

    private static ChunkRefusal Refusal(int index) =>
        new()
        {
            Index = index,
            Code = "malformed",
            Message = "",
        };

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private FileInfo Write(string name, string text)
    {
        string path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return new FileInfo(path);
    }
}
