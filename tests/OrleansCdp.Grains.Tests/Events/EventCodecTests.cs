using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

public sealed class EventCodecTests
{
    private static readonly LinkKey Link = new("web", "user", "ü/1");
    private static readonly DateTimeOffset Then = new(2026, 6, 1, 12, 0, 0, new(-3, -30, 0));

    private static LinkEvent Whole { get; } =
        new()
        {
            Link = Link,
            Stream = "web",
            EventId = "e1",
            OccurredAt = Then,
            ReceivedAt = Then.AddTicks(1),
            Version = -7,
            Kind = EventKind.Engagement,
            Subject = SubjectKind.Account,
            Lane = Lane.Low,
            Object = "Engagement",
            RecordId = "r1",
            Identifiers = [new Identifier("email", "ada@example.com", Verified: true)],
            Traits = [new Field("city", new FieldValue(FieldType.Json, "Zürich 😀"))],
            Fields = [new Field("page", FieldValue.Of(1.5m)), new Field("gone", FieldValue.Null)],
            Lines =
            [
                new OrderLine
                {
                    Id = "1",
                    Product = "p",
                    Category = "books",
                    Quantity = -2,
                    Amount = decimal.MinValue,
                },
                new OrderLine { Id = "2" },
            ],
            LinesComplete = true,
            Account = Link with { Object = "Account" },
            SameAs = Link with { Id = "2" },
            FollowsAnchor = true,
            AccountTraits = [new Field("age", FieldValue.Of(7m))],
            Ruleset = "service",
            Anonymous = AnonymousStrategy.BestMatch,
        };

    [Fact]
    public void Events_with_every_field_and_with_none_are_read_as_they_were_written()
    {
        Examples.DemandEveryField(Whole);
        LinkEvent bare = new()
        {
            Link = Link,
            Stream = "",
            EventId = "",
            OccurredAt = default,
            ReceivedAt = default,
            Kind = EventKind.Created,
            Object = "",
        };

        LinkEvent[] events = [Whole, bare, Whole];

        LinkEvent[] read = EventCodec.Read(BytesOf(events));

        JsonSerializer.Serialize(read).ShouldBe(JsonSerializer.Serialize(events));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Names_up_to_the_bound_and_past_it_are_read_as_they_were_written(int more)
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, (EventCodec.NamesMax + more) * 2)
                .Select(i => Whole with { Stream = $"s{i / 2}" }),
        ];

        LinkEvent[] read = EventCodec.Read(BytesOf(events));

        read.Select(e => e.Stream).ShouldBe(events.Select(e => e.Stream));
        read.ShouldAllBe(e => e.Object == Whole.Object);
    }

    [Fact]
    public void Events_are_written_in_the_oldest_format_that_says_everything()
    {
        LinkEvent plain = Whole with { Ruleset = null, Anonymous = default };
        LinkEvent named = Whole with { Anonymous = default };
        LinkEvent chosen = Whole with { Ruleset = null };

        BytesOf(plain, plain)[0].ShouldBe((byte)1);
        BytesOf(plain, named)[0].ShouldBe((byte)2);
        BytesOf(named, chosen)[0].ShouldBe((byte)3);
        foreach (
            LinkEvent[] events in (LinkEvent[][])
                [
                    [plain],
                    [plain, named],
                    [named, chosen],
                ]
        )
        {
            LinkEvent[] read = EventCodec.Read(BytesOf(events));

            read.Select(e => (e.Ruleset, e.Anonymous))
                .ShouldBe(events.Select(e => (e.Ruleset, e.Anonymous)));
        }
    }

    [Theory]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(100_000)]
    public void Text_of_any_length_is_read_as_it_was_written(int length)
    {
        foreach (string text in (string[])[new('x', length), new('ü', length), new('€', length)])
        {
            LinkEvent said = Whole with { RecordId = text };

            EventCodec.Read(BytesOf(said, Whole))[0].RecordId.ShouldBe(text);
        }
    }

    [Fact]
    public void Bytes_that_are_cut_or_continued_or_of_a_newer_program_are_refused()
    {
        byte[] bytes = BytesOf(Whole);
        for (int length = 0; length < bytes.Length; length++)
        {
            Should.Throw<InvalidDataException>(() => EventCodec.Read(bytes.AsMemory(0, length)));
        }

        Should.Throw<InvalidDataException>(() => EventCodec.Read((byte[])[.. bytes, 0]));
        Should.Throw<InvalidDataException>(() => EventCodec.Read((byte[])[99, .. bytes[1..]]));
    }

    [Fact]
    public void Bytes_that_are_damaged_are_refused_or_read_as_other_events_and_never_fail_otherwise()
    {
        byte[] bytes = BytesOf(Whole);
        int refused = 0;
        for (int i = 0; i < bytes.Length * byte.MaxValue; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i / byte.MaxValue] ^= (byte)((i % byte.MaxValue) + 1);
            try
            {
                EventCodec.Read(damaged);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(bytes.Length);
    }

    [Fact]
    public void A_batch_arrives_in_another_process_as_it_was_sent()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSerializer()
            .BuildServiceProvider();
        Serializer serializer = services.GetRequiredService<Serializer>();
        EventBatch batch = new([Whole]);

        // Twice, as the same object: the second is a reference to the first.
        object[] read = serializer.Deserialize<object[]>(
            serializer.SerializeToArray<object[]>([batch, batch])
        )!;

        JsonSerializer.Serialize(read[0]).ShouldBe(JsonSerializer.Serialize(batch));
        read[1].ShouldBeSameAs(read[0]);
        services.GetRequiredService<DeepCopier>().Copy(batch).ShouldBeSameAs(batch);
    }

    [Theory]
    [InlineData(Limits.AppendBatchMax, true)]
    [InlineData(Limits.AppendBatchMax + 1, false)]
    public void As_many_events_as_one_append_takes_arrive_and_one_more_is_refused(
        int count,
        bool taken
    )
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSerializer()
            .BuildServiceProvider();
        Serializer serializer = services.GetRequiredService<Serializer>();
        EventBatch sent = (EventBatch)RuntimeHelpers.GetUninitializedObject(typeof(EventBatch));
        typeof(EventBatch)
            .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
            .Single()
            .SetValue(sent, Enumerable.Repeat(Whole, count).ToArray()); // As a sender that does not check.
        byte[] bytes = serializer.SerializeToArray(sent);

        if (taken)
        {
            serializer.Deserialize<EventBatch>(bytes)!.Events.Length.ShouldBe(count);
        }
        else
        {
            Should.Throw<ArgumentException>(() => serializer.Deserialize<EventBatch>(bytes));
        }
    }

    private static byte[] BytesOf(params LinkEvent[] events) => EventCodec.Write(events).ToArray();
}
