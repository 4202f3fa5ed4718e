using System.Collections.Immutable;
using System.Text.Json;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

public sealed class LinkCodecTests
{
    private static readonly Stamp Stamp = new(638_000_000_000_000_001, -2, 3);

    private static readonly Register Register = new()
    {
        Name = "city",
        Value = new FieldValue(FieldType.Timestamp, "Zürich 😀"),
        Stamp = Stamp,
        EventId = "e1",
    };

    [Fact]
    public void A_link_with_every_field_is_read_as_it_was_written()
    {
        Examples.DemandEveryField(Whole, nameof(Link.Records));

        Link read = LinkCodec.ReadLink(BytesOf(Whole));

        JsonSerializer.Serialize(read).ShouldBe(JsonSerializer.Serialize(Whole));
        BytesOf(read).ShouldBe(BytesOf(Whole));
    }

    [Fact]
    public void A_record_with_every_field_is_read_as_it_was_written()
    {
        Examples.DemandEveryField(WholeRecord);

        RecordState read = LinkCodec.ReadRecord(LinkCodec.Write(WholeRecord).ToArray());

        JsonSerializer.Serialize(read).ShouldBe(JsonSerializer.Serialize(WholeRecord));
    }

    [Fact]
    public void A_link_without_anything_is_read_as_it_was_written()
    {
        Link empty = new() { Key = new LinkKey("s", "o", "") };

        Link read = LinkCodec.ReadLink(BytesOf(empty));

        (read with { First = default, ReceivedAt = default }).ShouldBe(
            empty with
            {
                First = default,
                ReceivedAt = default,
                Engagement = read.Engagement,
            }
        );
        read.First.ShouldBe(empty.First);
        read.ReceivedAt.ShouldBe(empty.ReceivedAt);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Names_up_to_the_bound_and_past_it_are_read_as_they_were_written(int more)
    {
        Link link = Whole with
        {
            Traits =
            [
                .. Enumerable
                    .Range(0, (CompactWriter.NamesMax + more) * 2)
                    .Select(i => Register with { Name = $"n{i / 2}" }),
            ],
        };

        Link read = LinkCodec.ReadLink(BytesOf(link));

        read.Traits.Select(trait => trait.Name).ShouldBe(link.Traits.Select(trait => trait.Name));
        read.Engagement.Latest[0].Name.ShouldBe(link.Engagement.Latest[0].Name);
    }

    [Fact]
    public void Numbers_of_any_size_are_read_as_they_were_written()
    {
        foreach (long number in (long[])[0, 1, -1, 63, 64, 127, 128, long.MaxValue, long.MinValue])
        {
            Link link = Whole with { AppliedNormal = number };

            LinkCodec.ReadLink(BytesOf(link)).AppliedNormal.ShouldBe(number);
        }
    }

    [Fact]
    public void Bytes_that_are_cut_or_continued_or_of_a_newer_program_are_refused()
    {
        byte[] bytes = BytesOf(Whole);
        for (int length = 0; length < bytes.Length; length++)
        {
            Should.Throw<InvalidDataException>(() => LinkCodec.ReadLink(bytes.AsMemory(0, length)));
        }

        Should.Throw<InvalidDataException>(() => LinkCodec.ReadLink((byte[])[.. bytes, 0]));
        Should.Throw<InvalidDataException>(() => LinkCodec.ReadLink((byte[])[99, .. bytes[1..]]));
    }

    private static byte[] BytesOf(Link link) => LinkCodec.Write(link).ToArray();

    private static RecordState WholeRecord { get; } =
        new()
        {
            Id = "o1",
            Fields = [Register, Register with { Name = "total" }],
            Lines =
            [
                new LineRegister(
                    new OrderLine
                    {
                        Id = "1",
                        Product = "p",
                        Category = "books",
                        Quantity = -1.50m,
                        Amount = decimal.MaxValue,
                    },
                    Stamp
                ),
                new LineRegister(new OrderLine { Id = "2" }, Stamp),
            ],
            LinesFrom = Stamp,
            Status = [new StatusPoint(Stamp, true)],
            ClosuresBefore = 7,
            First = Stamp,
            Last = Stamp with { Arrival = 9 },
            DeletedAt = Stamp,
        };

    private static Link Whole { get; } =
        new()
        {
            Key = new LinkKey("web", "anonymous", "a/1"),
            AppliedNormal = 5,
            AppliedLow = 6,
            Traits = [Register],
            Identifiers = [new(new Identifier("email", "ada@example.com", true), Stamp)],
            Engagement = new EngagementState
            {
                Counters =
                [
                    new EngagementCounter
                    {
                        Object = "Engagement",
                        Name = "Viewed",
                        Count = 3,
                        FirstAt = 1,
                        LastAt = 2,
                        Lane = Lane.Low,
                    },
                ],
                Latest =
                [
                    new Interaction
                    {
                        Stamp = Stamp,
                        Object = "Engagement",
                        Name = "Viewed",
                        EventId = "e2",
                        Fields = """{"page":"/p"}""",
                    },
                ],
            },
            Account = new AccountRegister
            {
                Account = new LinkKey("crm", "Account", "1"),
                Stamp = Stamp,
                Previous = new LinkKey("crm", "Account", "2"),
                PreviousStamp = Stamp,
                Earlier = [new AccountStatement(new LinkKey("crm", "Account", "3"), Stamp)],
            },
            ReceivedAt = new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.FromHours(-3.5)),
            First = Stamp,
            Moves = 4,
            IdentifiersLeftOut = true,
            Insights =
            [
                new Accumulation
                {
                    Revision = 7,
                    IsWhole = true,
                    SinceNormal = 3,
                    SinceLow = 4,
                    HeardAt = 5,
                    Records = 6,
                    Tallies =
                    [
                        new Tally
                        {
                            Stretch = 8,
                            Part = "books",
                            Count = 9,
                            Sum = -((Int128)long.MaxValue * 1_000),
                            Beside = new SecondSum(10),
                        },
                        new Tally { Count = 1, Beside = new FadingSum(-0.1, 11) },
                        new Tally
                        {
                            Count = 1,
                            Beside = new Picked(12, new Measured((Int128)1 << 100, "z")),
                        },
                        new Tally
                        {
                            Count = 1,
                            Beside = new DistinctCount { Hashes = [ulong.MaxValue], Ranks = [63] },
                        },
                        new Tally { Count = 1, Beside = new LatestInstants([13, long.MaxValue]) },
                        new Tally { Count = 1 },
                    ],
                },
            ],
        };
}
