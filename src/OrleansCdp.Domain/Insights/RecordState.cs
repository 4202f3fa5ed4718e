using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Names of the canonical record objects.</summary>
public static class RecordObjects
{
    /// <summary>A service case.</summary>
    public const string Case = "Case";

    /// <summary>A sales opportunity.</summary>
    public const string Opportunity = "Opportunity";

    /// <summary>An order with its lines.</summary>
    public const string SalesOrder = "SalesOrder";

    /// <summary>What a customer is entitled to.</summary>
    public const string Entitlement = "Entitlement";

    /// <summary>Use of a product; counted, not kept as a record.</summary>
    public const string ProductUsage = "ProductUsage";

    /// <summary>Anything else somebody did; counted, not kept as a record.</summary>
    public const string Engagement = "Engagement";
}

/// <summary>A record was open or closed from this moment on.</summary>
/// <param name="Stamp">When.</param>
/// <param name="Closed">Closed, or (again) open.</param>
[GenerateSerializer, Immutable, Alias("cdp.status-point")]
public readonly record struct StatusPoint(
    [property: Id(0)] Stamp Stamp,
    [property: Id(1)] bool Closed
);

/// <summary>An order line with the stamp of the event that said it.</summary>
/// <param name="Line">The line.</param>
/// <param name="Stamp">When the source said so.</param>
[GenerateSerializer, Immutable, Alias("cdp.line-register")]
public sealed record LineRegister([property: Id(0)] OrderLine Line, [property: Id(1)] Stamp Stamp);

/// <summary>
/// One record of one link: an order, a case, an opportunity. A join of everything its events said, so that an
/// amended record replaces itself and the order of arrival is without meaning.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.record-state")]
public sealed record RecordState
{
    /// <summary>The record's id at its source.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>Its fields.</summary>
    [Id(1)]
    public ImmutableArray<Register> Fields { get; init; } = [];

    /// <summary>Its order lines, sorted by line id.</summary>
    [Id(2)]
    public ImmutableArray<LineRegister> Lines { get; init; } = [];

    /// <summary>Lines older than this were replaced as a whole.</summary>
    [Id(3)]
    public Stamp LinesFrom { get; init; }

    /// <summary>Open and closed moments, oldest first; at most <see cref="Limits.StatusPointsMax"/>.</summary>
    [Id(4)]
    public ImmutableArray<StatusPoint> Status { get; init; } = [];

    /// <summary>Closures that were folded away from <see cref="Status"/>.</summary>
    [Id(5)]
    public int ClosuresBefore { get; init; }

    /// <summary>The earliest event: its creation, whatever it says.</summary>
    [Id(6)]
    public required Stamp First { get; init; }

    /// <summary>The latest event other than a deletion.</summary>
    [Id(7)]
    public Stamp Last { get; init; }

    /// <summary>The latest deletion; default when never deleted.</summary>
    [Id(8)]
    public Stamp DeletedAt { get; init; }

    /// <summary>Whether its source removed it.</summary>
    public bool IsDeleted => DeletedAt > Last;

    /// <summary>Whether it is closed now.</summary>
    public bool IsClosed => Status.Length > 0 && Status[^1].Closed;

    /// <summary>How often it was closed: entering closed counts, staying there does not.</summary>
    public int Closures
    {
        get
        {
            int closures = ClosuresBefore;
            bool closed = false;
            foreach (StatusPoint point in Status)
            {
                closures += point.Closed && !closed ? 1 : 0;
                closed = point.Closed;
            }

            return closures;
        }
    }

    /// <summary>When it was last closed, if it is closed now: the moment it entered, not later repetitions.</summary>
    public DateTimeOffset? ClosedAt
    {
        get
        {
            if (!IsClosed)
            {
                return null;
            }

            int i = Status.Length - 1;
            while (i > 0 && Status[i - 1].Closed)
            {
                i--;
            }

            return Status[i].Stamp.Time;
        }
    }

    /// <summary>Whether the record has no more lines and fields than it may have.</summary>
    public bool IsWithinLimits =>
        Lines.Length <= Limits.OrderLinesMax && Fields.Length <= Limits.EventFieldsMax;

    /// <summary>Sum of the field <c>total</c>, or of the lines when the order states none.</summary>
    public decimal Total =>
        Registers.Find(Fields, "total")?.AsNumber() ?? Lines.Sum(line => line.Line.Amount);

    /// <summary>
    /// When it was made, in UTC ticks: the field <c>orderedAt</c> where its source states one, for an order may first
    /// be heard of long after; else its earliest event.
    /// </summary>
    public long MadeAt => Registers.Find(Fields, "orderedAt")?.AsInstant()?.UtcTicks ?? First.At;

    /// <summary>
    /// Whether an event tells of a status older than all that are kept. How often the record was closed before
    /// them is a number by then, and what the event would add to it could only be guessed.
    /// </summary>
    public bool IsFoldedFor(SequencedEvent e) =>
        Status.Length == Limits.StatusPointsMax
        && e.Stamp < Status[0].Stamp
        && SpeaksOfStatus(e.Event);

    /// <summary>Joins an event of this record in.</summary>
    /// <param name="e">An event whose record id is this one's.</param>
    /// <param name="reason">Null when it said something new; else why not.</param>
    public RecordState Join(SequencedEvent e, out string? reason)
    {
        bool changed = false;
        Stamp stamp = e.Stamp;
        LinkEvent said = e.Event;
        RecordState next = this with
        {
            First = stamp < First ? stamp : First,
            Last = said.Kind != EventKind.Deleted && stamp > Last ? stamp : Last,
            DeletedAt = said.Kind == EventKind.Deleted && stamp > DeletedAt ? stamp : DeletedAt,
            Fields = Registers.Join(Fields, said.Fields, stamp, said.EventId, ref changed),
        };
        next = next.JoinLines(said, stamp, ref changed);
        if (SpeaksOfStatus(said))
        {
            next = next.JoinStatus(new StatusPoint(stamp, said.Kind == EventKind.Closed));
        }

        bool same =
            !changed
            && next.IsDeleted == IsDeleted
            && next.First.At == First.At
            && next.Closures == Closures
            && next.ClosedAt == ClosedAt
            && next.IsClosed == IsClosed;
        reason =
            !same ? null
            : said.Kind == EventKind.Closed ? ReasonCodes.ClosedAgain
            : ReasonCodes.NothingNew;
        return next;
    }

    /// <summary>
    /// Joins what another link says of the same record in. Where both said something at the same moment this one's
    /// word counts. Links come sorted, so whoever joins them all gets the same.
    /// </summary>
    public RecordState Join(RecordState other)
    {
        Stamp from = other.LinesFrom > LinesFrom ? other.LinesFrom : LinesFrom;
        RecordState joined = this with
        {
            First = other.First < First ? other.First : First,
            Last = other.Last > Last ? other.Last : Last,
            DeletedAt = other.DeletedAt > DeletedAt ? other.DeletedAt : DeletedAt,
            Fields = Registers.Join(Fields, other.Fields),
            LinesFrom = from,
            Lines =
            [
                .. Lines
                    .Concat(other.Lines)
                    .Where(line => line.Stamp >= from)
                    .GroupBy(line => line.Line.Id, StringComparer.Ordinal)
                    .Select(same => same.MaxBy(line => line.Stamp)!)
                    .OrderBy(line => line.Line.Id, StringComparer.Ordinal),
            ],
            ClosuresBefore = ClosuresBefore + other.ClosuresBefore,
        };
        return other.Status.Aggregate(joined, (record, point) => record.JoinStatus(point));
    }

    /// <summary>A record's first event: its creation, whatever it says.</summary>
    public static RecordState Begin(SequencedEvent e) =>
        new RecordState { Id = e.Event.RecordId!, First = e.Stamp }.Join(e, out _);

    private static bool SpeaksOfStatus(LinkEvent said) =>
        said.Object is RecordObjects.Case or RecordObjects.Opportunity
        && said.Kind != EventKind.Deleted;

    private RecordState JoinLines(LinkEvent said, Stamp stamp, ref bool changed)
    {
        if (said.Lines.IsEmpty && !said.LinesComplete)
        {
            return this;
        }

        Stamp from = said.LinesComplete && stamp > LinesFrom ? stamp : LinesFrom;
        SortedDictionary<string, LineRegister> lines = new(StringComparer.Ordinal);
        foreach (LineRegister line in Lines.Where(line => line.Stamp >= from))
        {
            lines[line.Line.Id] = line;
        }

        foreach (OrderLine line in stamp >= from ? said.Lines : [])
        {
            if (!lines.TryGetValue(line.Id, out LineRegister? known) || known.Stamp < stamp)
            {
                lines[line.Id] = new LineRegister(line, stamp);
            }
        }

        ImmutableArray<LineRegister> next = [.. lines.Values];
        changed |= !Lines.Select(line => line.Line).SequenceEqual(next.Select(line => line.Line));
        return this with { Lines = next, LinesFrom = from };
    }

    private RecordState JoinStatus(StatusPoint point)
    {
        int at = Status.Length;
        while (at > 0 && Status[at - 1].Stamp > point.Stamp)
        {
            at--;
        }

        if (at > 0 && Status[at - 1].Stamp == point.Stamp)
        {
            return this;
        }

        RecordState next = this with { Status = Status.Insert(at, point) };
        if (next.Status.Length <= Limits.StatusPointsMax)
        {
            return next;
        }

        // The oldest point leaves as a number: the run it opened is counted, unless the next point continues it.
        bool counted = next.Status[0].Closed && !next.Status[1].Closed;
        return next with
        {
            Status = next.Status.RemoveAt(0),
            ClosuresBefore = next.ClosuresBefore + (counted ? 1 : 0),
        };
    }
}
