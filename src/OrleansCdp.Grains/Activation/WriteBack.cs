using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Activation;

/// <summary>What an activation writes back into the CRM with its saves, and when it has to be looked at by the clock.</summary>
internal sealed class WriteBack(string id, SubjectKind subject)
{
    private readonly StoredDue due = new();
    private InsightLedger? ledger;
    private PeopleSums people = PeopleSums.Unknown;
    private InsightSet? peopleFor;

    /// <summary>Takes what an account's people add. Before it is known nothing is written because of it.</summary>
    public void Know(PeopleSums sums, InsightSet computed) =>
        (people, peopleFor) = (sums, computed);

    /// <summary>What counts in its insights.</summary>
    public InsightLedger LedgerOf(InsightSet computed, LinkSet links)
    {
        ledger = InsightLedger.Of(ledger, computed, subject, links);
        ledger.People =
            subject == SubjectKind.Individual || computed.OverPeople.IsEmpty ? PeopleSums.None
            : peopleFor == computed ? people
            : PeopleSums.Unknown;
        return ledger;
    }

    /// <summary>What goes with a save because the state is another.</summary>
    /// <param name="links">The links of the new state; null for one that lives elsewhere: nothing is written of it.</param>
    /// <param name="known">What was handed over last.</param>
    /// <param name="computed">The insights.</param>
    /// <param name="now">The moment.</param>
    /// <param name="dueAnyway">When it has to be looked at for another reason; null for never.</param>
    public Written Follow(
        LinkSet? links,
        ImmutableArray<WrittenValue> known,
        InsightSet computed,
        DateTimeOffset now,
        DateTimeOffset? dueAnyway = null
    )
    {
        Written written = Sooner(Look(links, known, computed, now), dueAnyway);
        return written with { Demanded = due.Demand(written.DueAt, now) };
    }

    private static Written Sooner(Written written, DateTimeOffset? dueAnyway) =>
        written.DueAt is not { } then || dueAnyway < then
            ? written with
            {
                DueAt = dueAnyway,
            }
            : written;

    /// <summary>
    /// What time alone asks for. Without updates nothing need be saved. Whoever woke the state stores when it is next due, unless
    /// somebody wants it looked at again meanwhile.
    /// </summary>
    /// <inheritdoc cref="Follow"/>
    public Written Wake(
        LinkSet? links,
        ImmutableArray<WrittenValue> known,
        InsightSet computed,
        DateTimeOffset now,
        DateTimeOffset? dueAnyway = null
    )
    {
        Written written = Sooner(Look(links, known, computed, now), dueAnyway);
        due.Know(written.DueAt);
        return written;
    }

    private Written Look(
        LinkSet? links,
        ImmutableArray<WrittenValue> known,
        InsightSet computed,
        DateTimeOffset now
    )
    {
        if (links is null || computed.Written.IsEmpty)
        {
            return Written.Nothing(known);
        }

        InsightLedger present = LedgerOf(computed, links);
        ImmutableArray<FieldUpdate> updates = FieldUpdates.Of(
            id,
            present,
            links,
            known,
            now,
            out ImmutableArray<WrittenValue> values
        );
        DateTimeOffset? dueAt = NextUpdate.Of(id, present, now);
        DateTimeOffset again = now + AccountPeopleReader.AskAgain;
        bool asks = computed.WritesOfPeople && present.People.IsPartial;
        return new Written(updates, values, asks && !(dueAt < again) ? again : dueAt);
    }
}

/// <summary>What is written back.</summary>
/// <param name="Updates">Fields that get another value.</param>
/// <param name="Values">What will have been handed over with these.</param>
/// <param name="DueAt">When to look again, if nothing happens before; null for never.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Written(
    ImmutableArray<FieldUpdate> Updates,
    ImmutableArray<WrittenValue> Values,
    DateTimeOffset? DueAt
)
{
    /// <summary>What the save says of that; null for nothing.</summary>
    public DateTimeOffset? Demanded { get; init; }

    /// <summary>Nothing is.</summary>
    /// <param name="known">What was handed over last.</param>
    public static Written Nothing(ImmutableArray<WrittenValue> known) => new([], known, null);
}
