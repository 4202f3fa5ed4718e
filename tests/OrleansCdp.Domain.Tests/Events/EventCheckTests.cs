using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>An event built by hand is taken at every limit and has a flaw one past it.</summary>
public sealed class EventCheckTests
{
    private static LinkEvent Whole { get; } =
        Some.Event(EventKind.Updated, "Individual", record: "r") with
        {
            ReceivedAt = Some.Noon,
            Account = Some.Customer,
            SameAs = Some.Customer,
        };

    [Fact]
    public void Texts_have_their_limits()
    {
        ShouldEndAt(Limits.EventIdMax, text => Whole with { EventId = text });
        ShouldEndAt(Limits.RecordIdMax, text => Whole with { RecordId = text });
        ShouldEndAt(Limits.FieldNameMax, text => Whole with { Stream = text });
        ShouldEndAt(Limits.FieldNameMax, text => Whole with { Object = text });
        ShouldEndAt(Limits.FieldNameMax, text => Named(new Identifier(text, "v", true)));
        ShouldEndAt(Limits.IdentifierMax, text => Named(new Identifier("email", text, true)));
        ShouldEndAt(Limits.FieldNameMax, text => Saying(text.Is("v")));
        ShouldEndAt(Limits.FieldTextMax, text => Saying("f".Is(text)));
        ShouldEndAt(Limits.RecordIdMax, text => Ordering(new OrderLine { Id = text }));
        ShouldEndAt(Limits.FieldTextMax, text => Ordering(Line with { Product = text }));
        ShouldEndAt(Limits.FieldTextMax, text => Ordering(Line with { Category = text }));
    }

    [Fact]
    public void Keys_of_links_have_their_limit()
    {
        int max = Limits.LinkKeyMax - "a/b/".Length;
        ShouldEndAt(max, text => Whole with { Link = new LinkKey("a", "b", text) });
        ShouldEndAt(max, text => Whole with { Account = new LinkKey("a", "b", text) });
        ShouldEndAt(max, text => Whole with { SameAs = new LinkKey("a", "b", text) });
    }

    [Fact]
    public void Counts_have_their_limits()
    {
        Identifier name = new("email", "a@b.c", true);
        ShouldHoldAtMost(
            Limits.EventIdentifiersMax,
            n => Whole with { Identifiers = Many(n, name) }
        );
        Field field = "f".Is("v");
        ShouldHoldAtMost(Limits.EventFieldsMax, n => Whole with { Traits = Many(n, field) });
        ShouldHoldAtMost(Limits.EventFieldsMax, n => Whole with { Fields = Many(n, field) });
        ShouldHoldAtMost(Limits.EventFieldsMax, n => Whole with { AccountTraits = Many(n, field) });
        ShouldHoldAtMost(Limits.OrderLinesMax, n => Whole with { Lines = Many(n, Line) });
    }

    [Fact]
    public void The_future_has_its_limit()
    {
        DateTimeOffset max = Whole.ReceivedAt + Limits.FutureMax;
        EventCheck.FlawOf(Whole with { OccurredAt = max }).ShouldBeNull();
        EventCheck.FlawOf(Whole with { OccurredAt = max.AddTicks(1) }).ShouldNotBeNull();
    }

    [Fact]
    public void Nothing_may_be_missing()
    {
        EventCheck.FlawOf(null).ShouldNotBeNull();
        LinkEvent[] broken =
        [
            Whole with
            {
                Link = default,
            },
            Whole with
            {
                Account = default(LinkKey),
            },
            Whole with
            {
                SameAs = default(LinkKey),
            },
            Whole with
            {
                Stream = null!,
            },
            Whole with
            {
                EventId = null!,
            },
            Whole with
            {
                Object = null!,
            },
            Whole with
            {
                Identifiers = default,
            },
            Whole with
            {
                Traits = default,
            },
            Whole with
            {
                AccountTraits = default,
            },
            Named(default),
            Saying(default),
            Ordering(null!),
            Ordering(new OrderLine { Id = null! }),
        ];
        broken.ShouldAllBe(e => EventCheck.FlawOf(e) != null);
    }

    private static OrderLine Line { get; } = new() { Id = "1" };

    private static LinkEvent Named(Identifier identifier) =>
        Whole with
        {
            Identifiers = [identifier],
        };

    private static LinkEvent Saying(Field field) => Whole with { Fields = [field] };

    private static LinkEvent Ordering(OrderLine line) => Whole with { Lines = [line] };

    private static ImmutableArray<T> Many<T>(int count, T item) =>
        [.. Enumerable.Repeat(item, count)];

    private static void ShouldEndAt(int max, Func<string, LinkEvent> with)
    {
        ShouldHoldAtMost(max, length => with(new string('x', length)));
        EventCheck.FlawOf(with("a\0b")).ShouldNotBeNull().ShouldContain("NUL");
        EventCheck.FlawOf(with("a\ud800")).ShouldNotBeNull().ShouldContain("surrogate");
    }

    private static void ShouldHoldAtMost(int max, Func<int, LinkEvent> with)
    {
        EventCheck.FlawOf(with(max)).ShouldBeNull();
        EventCheck.FlawOf(with(max + 1)).ShouldNotBeNull();
    }
}
