using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// How links and records are stored: what is written at every visit must cost little. Part of the stored format. A
/// field that comes later is written behind the others, under a new format number, and read where that number says so.
/// </summary>
internal static class LinkCodec
{
    private const ulong LinkFormat = 2;
    private const ulong FormatWithInsights = 2;
    private const ulong RecordFormat = 1;

    /// <summary>Writes a link without its records, which have parts of their own; to be copied at once.</summary>
    public static ReadOnlySpan<byte> Write(Link link) => CompactWriter.Write(link, WriteLink);

    /// <summary>Writes a record; to be copied at once.</summary>
    public static ReadOnlySpan<byte> Write(RecordState record) =>
        CompactWriter.Write(record, WriteRecord);

    /// <summary>Reads a link; its records are none.</summary>
    /// <exception cref="InvalidDataException">The bytes are none that were written.</exception>
    public static Link ReadLink(ReadOnlyMemory<byte> bytes) =>
        CompactReader.Read(bytes, LinkFormat, ReadLink, oldest: 1);

    /// <summary>Reads a record.</summary>
    /// <exception cref="InvalidDataException">The bytes are none that were written.</exception>
    public static RecordState ReadRecord(ReadOnlyMemory<byte> bytes) =>
        CompactReader.Read(bytes, RecordFormat, ReadRecord);

    private static Link ReadLink(CompactReader from) =>
        new()
        {
            Key = from.Link(),
            AppliedNormal = from.Number(),
            AppliedLow = from.Number(),
            Traits = from.Many(ReadRegister),
            Identifiers = from.Many(from => new LinkIdentifier(from.Identifier(), from.Stamp())),
            Engagement = new EngagementState
            {
                Counters = from.Many(ReadCounter),
                Latest = from.Many(ReadInteraction),
            },
            Account = from.Flag() ? ReadAccount(from) : null,
            ReceivedAt = from.Instant(),
            First = from.Stamp(),
            Moves = from.Int(),
            IdentifiersLeftOut = from.Flag(),
            Insights = from.Format >= FormatWithInsights ? from.Many(AccumulationCodec.Read) : [],
        };

    private static RecordState ReadRecord(CompactReader from) =>
        new()
        {
            Id = from.Text(),
            Fields = from.Many(ReadRegister),
            Lines = from.Many(ReadLine),
            LinesFrom = from.Stamp(),
            Status = from.Many(from => new StatusPoint(from.Stamp(), from.Flag())),
            ClosuresBefore = from.Int(),
            First = from.Stamp(),
            Last = from.Stamp(),
            DeletedAt = from.Stamp(),
        };

    private static void WriteLink(CompactWriter to, Link link)
    {
        to.Unsigned(LinkFormat);
        to.Link(link.Key);
        to.Number(link.AppliedNormal);
        to.Number(link.AppliedLow);
        to.Many(link.Traits, WriteRegister);
        to.Many(
            link.Identifiers,
            static (to, known) =>
            {
                to.Identifier(known.Identifier);
                to.Stamp(known.Stamp);
            }
        );
        to.Many(link.Engagement.Counters, WriteCounter);
        to.Many(link.Engagement.Latest, WriteInteraction);
        to.Flag(link.Account is not null);
        if (link.Account is { } account)
        {
            WriteAccount(to, account);
        }

        to.Instant(link.ReceivedAt);
        to.Stamp(link.First);
        to.Number(link.Moves);
        to.Flag(link.IdentifiersLeftOut);
        to.Many(link.Insights, AccumulationCodec.Write);
    }

    private static void WriteRecord(CompactWriter to, RecordState record)
    {
        to.Unsigned(RecordFormat);
        to.Text(record.Id);
        to.Many(record.Fields, WriteRegister);
        to.Many(record.Lines, WriteLine);
        to.Stamp(record.LinesFrom);
        to.Many(
            record.Status,
            static (to, point) =>
            {
                to.Stamp(point.Stamp);
                to.Flag(point.Closed);
            }
        );
        to.Number(record.ClosuresBefore);
        to.Stamp(record.First);
        to.Stamp(record.Last);
        to.Stamp(record.DeletedAt);
    }

    private static void WriteRegister(CompactWriter to, Register register)
    {
        to.Name(register.Name);
        to.Value(register.Value);
        to.Stamp(register.Stamp);
        to.Name(register.EventId); // One event says many of them.
    }

    private static Register ReadRegister(CompactReader from) =>
        new()
        {
            Name = from.Name(),
            Value = from.Value(),
            Stamp = from.Stamp(),
            EventId = from.Name(),
        };

    private static void WriteCounter(CompactWriter to, EngagementCounter counter)
    {
        to.Name(counter.Object);
        to.Name(counter.Name);
        to.Number(counter.Count);
        to.Ticks(counter.FirstAt);
        to.Ticks(counter.LastAt);
        to.Unsigned((ulong)counter.Lane);
    }

    private static EngagementCounter ReadCounter(CompactReader from) =>
        new()
        {
            Object = from.Name(),
            Name = from.Name(),
            Count = from.Number(),
            FirstAt = from.Ticks(),
            LastAt = from.Ticks(),
            Lane = (Lane)from.Unsigned(),
        };

    private static void WriteInteraction(CompactWriter to, Interaction interaction)
    {
        to.Stamp(interaction.Stamp);
        to.Name(interaction.Object);
        to.Name(interaction.Name);
        to.Text(interaction.EventId);
        to.Text(interaction.Fields);
    }

    private static Interaction ReadInteraction(CompactReader from) =>
        new()
        {
            Stamp = from.Stamp(),
            Object = from.Name(),
            Name = from.Name(),
            EventId = from.Text(),
            Fields = from.Text(),
        };

    private static void WriteAccount(CompactWriter to, AccountRegister account)
    {
        to.Link(account.Account);
        to.Stamp(account.Stamp);
        to.Many(
            [.. account.Left],
            static (to, left) =>
            {
                to.Link(left.Account);
                to.Stamp(left.Stamp);
            }
        );
    }

    private static AccountRegister ReadAccount(CompactReader from)
    {
        LinkKey account = from.Link();
        Stamp stamp = from.Stamp();
        var left = from.Many(from => new AccountStatement(from.Link(), from.Stamp()));
        return new AccountRegister
        {
            Account = account,
            Stamp = stamp,
            Previous = left.IsEmpty ? null : left[0].Account,
            PreviousStamp = left.IsEmpty ? default : left[0].Stamp,
            Earlier = left.IsEmpty ? [] : left.RemoveAt(0),
        };
    }

    private static void WriteLine(CompactWriter to, LineRegister line)
    {
        to.Line(line.Line);
        to.Stamp(line.Stamp);
    }

    private static LineRegister ReadLine(CompactReader from) => new(from.Line(), from.Stamp());
}
