using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>How often something was done, first and last.</summary>
[GenerateSerializer, Immutable, Alias("cdp.engagement-counter")]
public sealed record EngagementCounter
{
    /// <summary>Engagement or ProductUsage.</summary>
    [Id(0)]
    public required string Object { get; init; }

    /// <summary>What was done, e.g. <c>Product Viewed</c>.</summary>
    [Id(1)]
    public required string Name { get; init; }

    /// <summary>How often.</summary>
    [Id(2)]
    public required long Count { get; init; }

    /// <summary>First time, UTC ticks.</summary>
    [Id(3)]
    public required long FirstAt { get; init; }

    /// <summary>Last time, UTC ticks.</summary>
    [Id(4)]
    public required long LastAt { get; init; }

    /// <summary>The lane that said so: within a lane it is certain which names came first.</summary>
    [Id(5)]
    public Lane Lane { get; init; }
}

/// <summary>One of the latest things somebody did.</summary>
[GenerateSerializer, Immutable, Alias("cdp.interaction")]
public sealed record Interaction
{
    /// <summary>When.</summary>
    [Id(0)]
    public required Stamp Stamp { get; init; }

    /// <summary>Engagement or ProductUsage.</summary>
    [Id(1)]
    public required string Object { get; init; }

    /// <summary>What, e.g. <c>page</c>.</summary>
    [Id(2)]
    public required string Name { get; init; }

    /// <summary>The event.</summary>
    [Id(3)]
    public required string EventId { get; init; }

    /// <summary>
    /// The first <see cref="Limits.InteractionFieldsMax"/> of its fields, as a JSON object: kept and shown, never
    /// computed with, so it is one text and not a dozen objects.
    /// </summary>
    [Id(4)]
    public string Fields { get; init; } = FieldJson.Empty;
}

/// <summary>What one link's subject did: counts and the latest of it.</summary>
[GenerateSerializer, Immutable, Alias("cdp.engagement-state")]
public sealed record EngagementState
{
    /// <summary>
    /// Where names go that came after the <see cref="Limits.EngagementNamesMax"/> first ones of a link's lane.
    /// </summary>
    public const string OtherName = "(other)";

    /// <summary>Nothing done yet.</summary>
    public static EngagementState None { get; } = new();

    /// <summary>Counters, sorted by object, name and lane.</summary>
    [Id(0)]
    public ImmutableArray<EngagementCounter> Counters { get; init; } = [];

    /// <summary>The latest, newest first; at most <see cref="Limits.InteractionsMax"/>.</summary>
    [Id(1)]
    public ImmutableArray<Interaction> Latest { get; init; } = [];

    /// <summary>Counts an engagement.</summary>
    public EngagementState Count(SequencedEvent e)
    {
        LinkEvent said = e.Event;
        string name = NameOf(said);
        return this with { Counters = Count(said, name), Latest = Remember(e, name) };
    }

    private static string NameOf(LinkEvent said)
    {
        foreach (Field field in said.Fields)
        {
            if (field.Name == "name")
            {
                return field.Value.Text;
            }
        }

        return said.Object;
    }

    private ImmutableArray<EngagementCounter> Count(LinkEvent said, string name)
    {
        long at = said.OccurredAt.UtcTicks;
        int index = IndexOf(said.Object, name, said.Lane);
        if (index < 0 && IsFull(said.Lane))
        {
            name = OtherName;
            index = IndexOf(said.Object, name, said.Lane);
        }

        if (index >= 0)
        {
            EngagementCounter known = Counters[index];
            return Counters.SetItem(
                index,
                known with
                {
                    Count = known.Count + 1,
                    FirstAt = Math.Min(known.FirstAt, at),
                    LastAt = Math.Max(known.LastAt, at),
                }
            );
        }

        EngagementCounter first = new()
        {
            Object = said.Object,
            Name = name,
            Count = 1,
            FirstAt = at,
            LastAt = at,
            Lane = said.Lane,
        };
        return Counters.Insert(~index, first);
    }

    // The lanes of a link arrive in any order of each other: names of one must not take the other's room.
    private bool IsFull(Lane lane)
    {
        int names = 0;
        foreach (EngagementCounter counter in Counters)
        {
            names += counter.Lane == lane ? 1 : 0;
        }

        return names >= Limits.EngagementNamesMax;
    }

    private ImmutableArray<Interaction> Remember(SequencedEvent e, string name)
    {
        Stamp stamp = e.Stamp;
        int at = 0;
        while (at < Latest.Length && Latest[at].Stamp > stamp)
        {
            at++;
        }

        if (at >= Limits.InteractionsMax)
        {
            return Latest;
        }

        Interaction interaction = new()
        {
            Stamp = stamp,
            Object = e.Event.Object,
            Name = name,
            EventId = e.Event.EventId,
            Fields = FieldJson.ObjectOf(e.Event.Fields, "name", Limits.InteractionFieldsMax),
        };
        Interaction[] latest = new Interaction[Math.Min(Latest.Length + 1, Limits.InteractionsMax)];
        Latest.CopyTo(0, latest, 0, at);
        latest[at] = interaction;
        Latest.CopyTo(at, latest, at + 1, latest.Length - at - 1);
        return ImmutableCollectionsMarshal.AsImmutableArray(latest);
    }

    private int IndexOf(string engagement, string name, Lane lane) =>
        Counters.IndexOf(
            (engagement, name, lane),
            static (counter, key) =>
            {
                int order = string.CompareOrdinal(counter.Object, key.engagement);
                order = order == 0 ? string.CompareOrdinal(counter.Name, key.name) : order;
                return order == 0 ? counter.Lane.CompareTo(key.lane) : order;
            }
        );
}
