using System.Text;
using System.Text.Json;
using CsCheck;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>What an import takes for a record of CSV is what the gateway takes for one.</summary>
public sealed class OneReadingTests
{
    private const string Header = "id,t\n";

    /// <summary>Refuses every record, so that the gateway shows what it has read.</summary>
    private static readonly DataStream RefusesAll = DataStream
        .Compile(
            "all",
            """
            source: s
            fields: { never: text }
            object: Individual
            subject: { object: Person, id: never }
            """
        )
        .Stream!;

    [Theory]
    [InlineData("1,a\"b\n2,c\n", "1|a\"b", "2|c")]
    [InlineData("1,a\"b\n2,c\"d\n3,e\n", "1|a\"b", "2|c\"d", "3|e")]
    [InlineData("1,5\"\n2,6\" tall\n", "1|5\"", "2|6\" tall")]
    [InlineData("1, \"a\n2,b\"\n", "1| \"a", "2|b\"")]
    [InlineData("1,\"a\nb\"\n2,c\n", "1|a\nb", "2|c")]
    [InlineData("1,\"a\r\nb\"\r\n2,c\r\n", "1|a\r\nb", "2|c")]
    [InlineData("1,\"a\rb\"\r2,c\r", "1|a\rb", "2|c")]
    [InlineData("1,\"say \"\"a\"\"\"\n2,\"\"\"\"\n", "1|say \"a\"", "2|\"")]
    [InlineData("1,\"a\"\"\n\"\"b\"\n2,c", "1|a\"\n\"b", "2|c")]
    [InlineData("1,a\rb,c\n2,d\n", "1|a", "b|c", "2|d")]
    [InlineData("1,a\rb,c\n2,d\n3,a long one to be read at one go\n", "1|a", "b|c", "2|d", "3|*")]
    [InlineData("#1,a\n2,b\n", "#1|a", "2|b")]
    [InlineData("\n1,a\n\r\n2,b\n\"\"\n\n", "1|a", "2|b")]
    [InlineData("   \n1,a\n", "   ", "1|a")]
    [InlineData(",\n1,a\n", "", "1|a")]
    public async Task Records_and_their_values_are_the_same_to_both(
        string rows,
        params string[] values
    )
    {
        string[] asked = await AskAsync(Header + rows);

        asked.Length.ShouldBe(values.Length);
        foreach ((string json, string expected) in asked.Zip(values))
        {
            Dictionary<string, string> row = JsonSerializer.Deserialize<Dictionary<string, string>>(
                json
            )!;
            if (!expected.EndsWith('*'))
            {
                string.Join('|', row.Values).ShouldBe(expected);
            }
        }
    }

    [Theory]
    [InlineData("id;t;u,v\n1;a\"b,;\n2;\"c;\nd\";\n", 2)]
    [InlineData("id\tt\n1\t\"a\tb\"\n2\ta\"b\n", 2)]
    [InlineData("id|t\n1|\"a\n|b\"\n", 1)]
    [InlineData("\"id;x;y\",t\n1,\"a\n,b\"\n", 1)]
    [InlineData("id\n1;2,3\n\"a;b\n\"\n", 2)]
    [InlineData("5\" disc;t\n1;\"a\nb\"\n", 1)]
    public async Task The_separator_is_found_in_the_header_by_both(string file, int records) =>
        (await AskAsync(file)).Length.ShouldBe(records);

    [Theory]
    [InlineData("1,a\n2,\"b\n")]
    [InlineData("1,\"a\"b\n2,c\n")]
    [InlineData("1,\"a\" \n")]
    [InlineData("1,a\n\"")]
    public async Task Quotes_that_do_not_match_are_refused_by_both(string rows)
    {
        Refuses(Header + rows).ShouldBeTrue();
        await Should.ThrowAsync<CommandFailedException>(() => CutAsync(Header + rows));
    }

    [Fact]
    public Task Whatever_a_file_holds_both_read_it_alike() =>
        Gen.Select(
                Gen.String[Gen.Char["ab,;\t\"\n\r# é"], 0, 12],
                Gen.String[Gen.Char["ab,;\t\"\n\r# é"], 0, 60]
            )
            .SampleAsync(
                async (header, rows) =>
                {
                    string file = $"i,{header}\n{rows}";
                    if (Refuses(file))
                    {
                        await Should.ThrowAsync<CommandFailedException>(() => CutAsync(file));
                    }
                    else
                    {
                        await AskAsync(file);
                    }
                },
                iter: 2_000
            );

    [Fact]
    public void What_was_written_is_what_is_read() =>
        Gen.String[Gen.Char["ab,;\"\n\r# é"], 1, 12]
            .Array[2]
            .Array[1, 12]
            .Sample(
                rows =>
                {
                    string file =
                        Header
                        + string.Concat(rows.Select(r => $"{Written(r[0])},{Written(r[1])}\r\n"));

                    string[] read = Read(Encoding.UTF8.GetBytes(file));

                    read.ShouldBe(
                        rows.Select(r => JsonSerializer.Serialize(new { id = r[0], t = r[1] }))
                    );
                },
                iter: 2_000
            );

    /// <summary>A value as RFC 4180 has it, and no more quotes than it needs.</summary>
    private static string Written(string value) =>
        value.AsSpan().ContainsAny(",\n\r") || value[0] == '"'
            ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : value;

    /// <summary>The records as the gateway reads them, of the whole file and of each that an import would send.</summary>
    private static async Task<string[]> AskAsync(string file)
    {
        string[] whole = Read(Encoding.UTF8.GetBytes(file));
        (byte[] header, List<ReadOnlyMemory<byte>> records) = await CutAsync(file);
        records.Count.ShouldBe(whole.Length);
        foreach ((ReadOnlyMemory<byte> record, string expected) in records.Zip(whole))
        {
            Read([.. header, .. record.Span, (byte)'\n']).ShouldBe([expected]);
        }

        return whole;
    }

    private static string[] Read(byte[] file) =>
        [
            .. CsvReader
                .Rows(file, RefusesAll, DateTimeOffset.UnixEpoch)
                .Select(item => Encoding.UTF8.GetString(item.Payload.Span)),
        ];

    private static bool Refuses(string file)
    {
        try
        {
            Read(Encoding.UTF8.GetBytes(file));
            return false;
        }
        catch (ProblemException)
        {
            return true;
        }
    }

    private static async Task<(byte[] Header, List<ReadOnlyMemory<byte>> Records)> CutAsync(
        string file
    )
    {
        using RecordFile cut = new(new Trickle(Encoding.UTF8.GetBytes(file)), isCsv: true);
        await cut.OpenAsync(0, default);
        byte[] header = [];
        List<ReadOnlyMemory<byte>> records = [];
        while (await cut.NextChunkAsync(default) is { } chunk)
        {
            records.AddRange(chunk.Records);
            int rows = chunk.Records.Sum(record => record.Length + 1);
            header = chunk.Body[..^rows];
            Read(chunk.Body).Length.ShouldBe(chunk.Records.Count);
        }

        return (header, records);
    }

    /// <summary>A file that comes byte by byte, so that whatever is read is cut everywhere.</summary>
    private sealed class Trickle(byte[] file) : MemoryStream(file)
    {
        public override ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
