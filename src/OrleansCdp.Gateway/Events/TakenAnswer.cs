using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>What became of the records of a request.</summary>
/// <param name="Receipt">Token for <c>GET /v1/receipts/{id}</c>; null on a dry run.</param>
/// <param name="Accepted">Events now durable in the log.</param>
/// <param name="Duplicates">Events known already.</param>
/// <param name="Filtered">Events the definition does not keep.</param>
/// <param name="Refused">Refused records, all of them kept in quarantine.</param>
/// <param name="Quarantined">The first <see cref="Limits.RefusalsListedMax"/> of the refused ones.</param>
public sealed record TakenAnswer(
    string? Receipt,
    int Accepted,
    int Duplicates,
    int Filtered,
    int Refused,
    IReadOnlyList<IntakeRefusal> Quarantined
);

/// <summary>What became of the records of a request, summed up while it is taken in slice by slice.</summary>
internal sealed class TakenSum
{
    private readonly List<IntakeRefusal> listed = [];
    private readonly Dictionary<int, ReceiptPosition> ends = [];
    private DateTimeOffset storedAt;
    private int items;
    private int accepted;
    private int duplicates;
    private int filtered;
    private int refused;

    /// <summary>Adds the slice that comes next.</summary>
    /// <param name="part">What became of it.</param>
    /// <param name="size">Its items.</param>
    public void Add(IntakeResult part, int size)
    {
        foreach (IntakeRefusal refusal in part.Refusals)
        {
            List(refusal with { Index = refusal.Index + items });
        }

        foreach (ReceiptPosition end in part.Positions)
        {
            ReceiptPosition before = ends.GetValueOrDefault(end.Partition, end);
            ends[end.Partition] = new ReceiptPosition(
                end.Partition,
                Math.Max(before.NormalSequence, end.NormalSequence),
                Math.Max(before.LowSequence, end.LowSequence)
            );
        }

        storedAt = part.StoredAt;
        items += size;
        accepted += part.Accepted;
        duplicates += part.Duplicates;
        filtered += part.Filtered;
        refused += part.Refusals.Length;
    }

    /// <summary>Adds the record that comes next, of which nothing is stored.</summary>
    public void Add(Admission admission)
    {
        accepted += admission is Admission.Accepted ? 1 : 0;
        filtered += admission is Admission.Filtered ? 1 : 0;
        if (admission is Admission.Refused why)
        {
            List(new IntakeRefusal(items, why.Code, why.Message, why.Pointer));
            refused++;
        }

        items++;
    }

    /// <summary>The answer to a request whose records are stored.</summary>
    public TakenAnswer Stored() =>
        Tried() with
        {
            Receipt = Receipt.Encode(
                storedAt,
                ends.Values,
                new ReceiptCounts(accepted, duplicates, filtered, refused)
            ),
        };

    /// <summary>The answer to a dry run.</summary>
    public TakenAnswer Tried() => new(null, accepted, duplicates, filtered, refused, listed);

    private void List(IntakeRefusal refusal)
    {
        if (listed.Count < Limits.RefusalsListedMax)
        {
            listed.Add(refusal);
        }
    }
}
