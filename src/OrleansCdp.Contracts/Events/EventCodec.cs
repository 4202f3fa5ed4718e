using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>
/// How events are stored in the log and sent to it. Names (of streams, sources, objects and fields) stand once for all
/// events of a batch, and whoever reads shares them. Part of the stored format: a field that comes later is written
/// behind the others, under a new format number, and read where that number says so.
/// </summary>
internal static class EventCodec
{
    /// <summary>Names that a batch numbers.</summary>
    public const int NamesMax = 1_024;

    private const ulong FirstFormat = 1;

    // The same, and each event's ruleset behind it.
    private const ulong RulesetFormat = 2;

    // The same, and behind that its strategy of anonymous links.
    private const ulong StrategyFormat = 3;

    /// <summary>Writes events; to be copied at once.</summary>
    /// <param name="events">Whole events.</param>
    public static ReadOnlySpan<byte> Write(LinkEvent[] events) =>
        CompactWriter.Write(events, WriteAll, NamesMax);

    /// <summary>Reads events.</summary>
    /// <exception cref="InvalidDataException">The bytes are none that were written.</exception>
    public static LinkEvent[] Read(ReadOnlyMemory<byte> bytes) =>
        CompactReader.Read(
            bytes,
            StrategyFormat,
            from => from.ManyAsArray(ReadEvent),
            NamesMax,
            oldest: FirstFormat
        );

    private static void WriteAll(CompactWriter to, LinkEvent[] events)
    {
        // The oldest format that says everything: programs that know no newer one can go on reading.
        ulong format = FormatOf(events);
        to.Unsigned(format);
        to.Unsigned((ulong)events.Length);
        foreach (LinkEvent e in events)
        {
            WriteEvent(to, e);
            if (format >= RulesetFormat)
            {
                to.Name(e.Ruleset ?? "");
            }

            if (format >= StrategyFormat)
            {
                to.Unsigned((ulong)e.Anonymous);
            }
        }
    }

    private static ulong FormatOf(LinkEvent[] events) =>
        Array.Exists(events, e => e.Anonymous != default) ? StrategyFormat
        : Array.Exists(events, e => e.Ruleset is not null) ? RulesetFormat
        : FirstFormat;

    private static void WriteEvent(CompactWriter to, LinkEvent e)
    {
        to.Link(e.Link);
        to.Name(e.Stream);
        to.Text(e.EventId);
        to.Instant(e.OccurredAt);
        to.Instant(e.ReceivedAt);
        to.Number(e.Version);
        to.Unsigned((ulong)e.Kind);
        to.Unsigned((ulong)e.Subject);
        to.Unsigned((ulong)e.Lane);
        to.Name(e.Object);
        to.TextOrNull(e.RecordId);
        to.Many(e.Identifiers, static (to, identifier) => to.Identifier(identifier));
        to.Many(e.Traits, WriteField);
        to.Many(e.Fields, WriteField);
        to.Many(e.Lines, static (to, line) => to.Line(line));
        to.Flag(e.LinesComplete);
        WriteLink(to, e.Account);
        WriteLink(to, e.SameAs);
        to.Flag(e.FollowsAnchor);
        to.Many(e.AccountTraits, WriteField);
    }

    private static LinkEvent ReadEvent(CompactReader from) =>
        new()
        {
            Link = from.Link(),
            Stream = from.Name(),
            EventId = from.Text(),
            OccurredAt = from.Instant(),
            ReceivedAt = from.Instant(),
            Version = from.Number(),
            Kind = (EventKind)from.Unsigned(),
            Subject = (SubjectKind)from.Unsigned(),
            Lane = (Lane)from.Unsigned(),
            Object = from.Name(),
            RecordId = from.TextOrNull(),
            Identifiers = from.Many(static from => from.Identifier()),
            Traits = from.Many(ReadField),
            Fields = from.Many(ReadField),
            Lines = from.Many(static from => from.Line()),
            LinesComplete = from.Flag(),
            Account = ReadLink(from),
            SameAs = ReadLink(from),
            FollowsAnchor = from.Flag(),
            AccountTraits = from.Many(ReadField),
            Ruleset =
                from.Format >= RulesetFormat && from.Name() is { Length: > 0 } name ? name : null,
            Anonymous =
                from.Format >= StrategyFormat ? (AnonymousStrategy)from.Unsigned() : default,
        };

    private static void WriteField(CompactWriter to, Field field)
    {
        to.Name(field.Name);
        to.Value(field.Value);
    }

    private static Field ReadField(CompactReader from) => new(from.Name(), from.Value());

    private static void WriteLink(CompactWriter to, LinkKey? link)
    {
        to.Flag(link is not null);
        if (link is { } key)
        {
            to.Link(key);
        }
    }

    private static LinkKey? ReadLink(CompactReader from) => from.Flag() ? from.Link() : null;
}
