using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>A record that is read anew.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Present(LinkRecord record)
{
    public LinkRecord Record { get; } = record;

    public ItemOrigin Origin { get; } = new(record.Link, record.Object, record.State.Id);

    /// <summary>Whether anything of it counts.</summary>
    public bool Counts { get; set; }
}

/// <summary>What reading anew needs at hand. One is used again and again, so that it costs no memory.</summary>
internal sealed class Renewal
{
    public Renewal() => IsStale = item => Stale.Contains(item.Origin!);

    public HashSet<ItemOrigin> Stale { get; } = new(ReferenceEqualityComparer.Instance);

    public Predicate<Item> IsStale { get; }

    public List<Present> Present { get; } = [];

    public List<Item> Read { get; } = [];

    /// <summary>Objects of the records.</summary>
    public List<string> Objects { get; } = [];

    public void Note(string recordObject)
    {
        if (!Objects.Contains(recordObject))
        {
            Objects.Add(recordObject);
        }
    }

    public bool Concerns(ActiveInsight insight)
    {
        foreach (string recordObject in Objects)
        {
            if (insight.Definition.IsOver(recordObject))
            {
                return true;
            }
        }

        return false;
    }

    public void Clear()
    {
        Stale.Clear();
        Present.Clear();
        Read.Clear();
        Objects.Clear();
    }
}
