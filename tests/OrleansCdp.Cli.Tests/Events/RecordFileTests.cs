using System.Text;
using CsCheck;

namespace OrleansCdp.Events;

public sealed class RecordFileTests
{
    [Fact]
    public async Task A_record_of_csv_may_have_lines_and_quotes_inside_quotes()
    {
        List<RecordChunk> chunks = await ReadAsync(
            "id,text\n1,\"two\nlines, \"\"quoted\"\"\"\n2,plain\n",
            isCsv: true
        );

        RecordChunk chunk = chunks.ShouldHaveSingleItem();
        Texts(chunk).ShouldBe(["1,\"two\nlines, \"\"quoted\"\"\"", "2,plain"]);
        Encoding
            .UTF8.GetString(chunk.Body)
            .ShouldBe("id,text\n1,\"two\nlines, \"\"quoted\"\"\"\n2,plain\n");
    }

    [Fact]
    public async Task A_quote_means_nothing_in_lines_of_json()
    {
        List<RecordChunk> chunks = await ReadAsync("{\"a\":\"\\\"\"}\n{}\n", isCsv: false);

        Texts(chunks.ShouldHaveSingleItem()).ShouldBe(["{\"a\":\"\\\"\"}", "{}"]);
    }

    [Theory]
    [InlineData("id\r\n1\r\n2\r\n")]
    [InlineData("id\n1\n2")]
    [InlineData("id\r1\r2\r")]
    [InlineData("id\n\n1\n\r\n\r2\n\"\"\n\n")]
    [InlineData("\uFEFFid\n1\n2\n")]
    public async Task Line_ends_blank_lines_and_a_byte_order_mark_are_left_out(string file)
    {
        List<RecordChunk> chunks = await ReadAsync(file, isCsv: true);

        RecordChunk chunk = chunks.ShouldHaveSingleItem();
        Texts(chunk).ShouldBe(["1", "2"]);
        Encoding.UTF8.GetString(chunk.Body).ShouldBe("id\n1\n2\n");
    }

    [Fact]
    public async Task A_byte_order_mark_and_blank_lines_are_left_out_of_lines_of_json()
    {
        List<RecordChunk> chunks = await ReadAsync("\uFEFF{\"a\":1}\n \t \r\n\n{}", isCsv: false);

        Texts(chunks.ShouldHaveSingleItem()).ShouldBe(["{\"a\":1}", "{}"]);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("\uFEFF", false)]
    [InlineData("id\n", true)]
    [InlineData("id", true)]
    public async Task A_file_without_records_has_no_chunk(string file, bool isCsv) =>
        (await ReadAsync(file, isCsv)).ShouldBeEmpty();

    [Theory]
    [InlineData("")]
    [InlineData("\nid\n1\n")]
    [InlineData("\"\"\n1\n")]
    public async Task A_csv_file_needs_a_header(string file) =>
        (
            await Should.ThrowAsync<CommandFailedException>(() => ReadAsync(file, isCsv: true))
        ).Message.ShouldBe("The file has no header.");

    [Theory]
    [InlineData("id,t\n1,a\n2,\"b", 9)]
    [InlineData("id,t\n1,a\n2,\"b\"c\n", 9)]
    [InlineData("id,\"t\n1,a\n", 0)]
    public async Task Quotes_that_do_not_match_are_shown_their_place(string file, int at) =>
        (
            await Should.ThrowAsync<CommandFailedException>(() => ReadAsync(file, isCsv: true))
        ).Message.ShouldBe($"The quotes of the record at byte {at} do not match.");

    [Fact]
    public async Task A_header_may_have_its_maximum_and_not_a_byte_more()
    {
        string header = new('h', RecordFile.HeaderBytesMax);

        (await ReadAsync(header + "\n1\n", isCsv: true)).ShouldHaveSingleItem();
        await Should.ThrowAsync<CommandFailedException>(() =>
            ReadAsync(header + "h\n1\n", isCsv: true)
        );
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("")]
    public async Task A_record_may_have_its_maximum_and_not_a_byte_more(string lineEnd)
    {
        string record = new('x', RecordFile.RecordBytesMax);

        List<RecordChunk> chunks = await ReadAsync(record + lineEnd, isCsv: false);
        chunks.ShouldHaveSingleItem().Records[0].Length.ShouldBe(RecordFile.RecordBytesMax);

        var refused = await Should.ThrowAsync<CommandFailedException>(() =>
            ReadAsync(record + "x" + lineEnd, isCsv: false)
        );
        refused.Message.ShouldStartWith("The record at byte 0 has more than");
    }

    [Fact]
    public async Task A_quote_that_is_never_closed_is_suspected_by_name()
    {
        string file = "id\n\"" + new string('x', RecordFile.RecordBytesMax * 2);

        var refused = await Should.ThrowAsync<CommandFailedException>(() =>
            ReadAsync(file, isCsv: true)
        );
        refused.Message.ShouldBe(
            $"The record at byte 3 has more than {RecordFile.RecordBytesMax} bytes; is a quote missing?"
        );
    }

    [Fact]
    public void An_answer_to_a_chunk_lists_all_that_is_refused_of_it() =>
        RecordFile.RecordsMax.ShouldBeLessThanOrEqualTo(
            Math.Min(Limits.RefusalsListedMax, Limits.StreamRecordsMax)
        );

    [Fact]
    public async Task A_chunk_has_at_most_its_maximum_of_records()
    {
        string file = string.Concat(Enumerable.Repeat("{}\n", RecordFile.RecordsMax + 1));

        List<RecordChunk> chunks = await ReadAsync(file, isCsv: false);

        chunks.Select(chunk => chunk.Records.Count).ShouldBe([RecordFile.RecordsMax, 1]);
        chunks[0].End.ShouldBe(RecordFile.RecordsMax * 3);
    }

    [Fact]
    public async Task A_chunk_has_at_most_its_maximum_of_bytes_and_a_longer_record_goes_alone()
    {
        string half = new('x', RecordFile.ChunkBytesMax / 2);
        string longer = new('y', RecordFile.ChunkBytesMax + 1);

        List<RecordChunk> chunks = await ReadAsync(
            $"{half}\n{half}\nz\n{longer}\nz\n",
            isCsv: false
        );

        chunks.Select(chunk => chunk.Records.Count).ShouldBe([2, 1, 1, 1]);
        chunks[2].Records[0].Length.ShouldBe(longer.Length);
    }

    [Fact]
    public void The_largest_request_is_one_the_gateway_takes() =>
        // A line end after the header, one after the record.
        (RecordFile.HeaderBytesMax + 1 + RecordFile.RecordBytesMax + 1).ShouldBeLessThanOrEqualTo(
            Limits.StreamBodyBytesMax
        );

    [Fact]
    public Task Reading_goes_on_at_the_end_of_any_chunk() =>
        Gen.String[Gen.Char["ab\"\n\r,"], 1, 40]
            .Array[1, 12]
            .SampleAsync(async values =>
            {
                string[] rows = [.. values.Select(v => $"\"{v.Replace("\"", "\"\"", Ordinal)}\"")];
                byte[] file = Encoding.UTF8.GetBytes("\uFEFFid\n" + string.Join("\r\n", rows));
                for (int before = 0; before < rows.Length; before++)
                {
                    // Where a chunk that ends after so many records would have ended.
                    long end = Encoding.UTF8.GetByteCount(
                        "\uFEFFid\n" + string.Concat(rows[..before].Select(row => row + "\r\n"))
                    );
                    List<RecordChunk> rest = await ReadAsync(file, isCsv: true, end);
                    Texts(rest.Single()).ShouldBe(rows[before..]);
                }
            });

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static string[] Texts(RecordChunk chunk) =>
        [.. chunk.Records.Select(record => Encoding.UTF8.GetString(record.Span))];

    private static Task<List<RecordChunk>> ReadAsync(string file, bool isCsv) =>
        ReadAsync(Encoding.UTF8.GetBytes(file), isCsv);

    private static async Task<List<RecordChunk>> ReadAsync(
        byte[] file,
        bool isCsv,
        long resumeAt = 0
    )
    {
        using RecordFile records = new(new MemoryStream(file), isCsv);
        await records.OpenAsync(resumeAt, default);
        List<RecordChunk> chunks = [];
        while (await records.NextChunkAsync(default) is { } chunk)
        {
            chunks.Add(chunk);
        }

        return chunks;
    }
}
