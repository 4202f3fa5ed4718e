using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace OrleansCdp.Events;

/// <summary>Where one partition's part of a batch ends in the log.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="NormalSequence">Last sequence in the normal lane; 0 for none.</param>
/// <param name="LowSequence">Last sequence in the low lane; 0 for none.</param>
public readonly record struct ReceiptPosition(int Partition, long NormalSequence, long LowSequence);

/// <summary>What became of a batch's records.</summary>
/// <param name="Accepted">Stored in the log.</param>
/// <param name="Duplicates">Known already.</param>
/// <param name="Filtered">Not kept by the definition.</param>
/// <param name="Refused">Kept in quarantine.</param>
public readonly record struct ReceiptCounts(
    int Accepted,
    int Duplicates,
    int Filtered,
    int Refused
);

/// <summary>
/// A receipt is its own record: what became of the batch's records, when the batch was stored and where it ends in the
/// log. Nothing is kept on the server for it, so asking costs nothing until it is asked.
/// </summary>
public sealed record Receipt
{
    private const byte FormatWithoutCounts = 1;
    private const byte Format = 2;

    /// <summary>When the batch was durable.</summary>
    public required DateTimeOffset StoredAt { get; init; }

    /// <summary>Where it ends, per partition.</summary>
    public required ImmutableArray<ReceiptPosition> Positions { get; init; }

    /// <summary>What became of its records; null in a receipt of an earlier version.</summary>
    public ReceiptCounts? Counts { get; init; }

    /// <summary>Writes a receipt as a URL-safe token.</summary>
    /// <param name="storedAt">When the batch was durable.</param>
    /// <param name="positions">Where it ends, per partition.</param>
    /// <param name="counts">What became of its records; null as earlier versions wrote it.</param>
    public static string Encode(
        DateTimeOffset storedAt,
        IEnumerable<ReceiptPosition> positions,
        ReceiptCounts? counts = null
    )
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        writer.Write(counts is null ? FormatWithoutCounts : Format);
        writer.Write7BitEncodedInt64(storedAt.UtcTicks);
        if (counts is { } known)
        {
            writer.Write7BitEncodedInt(known.Accepted);
            writer.Write7BitEncodedInt(known.Duplicates);
            writer.Write7BitEncodedInt(known.Filtered);
            writer.Write7BitEncodedInt(known.Refused);
        }

        foreach (ReceiptPosition position in positions)
        {
            writer.Write7BitEncodedInt(position.Partition);
            writer.Write7BitEncodedInt64(position.NormalSequence);
            writer.Write7BitEncodedInt64(position.LowSequence);
        }

        writer.Flush();
        return Base64Url.EncodeToString(bytes.ToArray());
    }

    /// <summary>Reads a token.</summary>
    /// <returns>False when it is none of ours.</returns>
    public static bool TryDecode(string token, [NotNullWhen(true)] out Receipt? receipt)
    {
        receipt = null;
        if (token.Length > 32 * Partitions.CountMax || !Base64Url.IsValid(token))
        {
            return false;
        }

        using MemoryStream bytes = new(Base64Url.DecodeFromChars(token));
        using BinaryReader reader = new(bytes);
        try
        {
            byte format = reader.ReadByte();
            if (format is not (FormatWithoutCounts or Format))
            {
                return false;
            }

            DateTimeOffset storedAt = new(reader.Read7BitEncodedInt64(), TimeSpan.Zero);
            ReceiptCounts? counts = format == Format ? ReadCounts(reader) : null;
            if (
                counts
                is { Accepted: < 0 }
                    or { Duplicates: < 0 }
                    or { Filtered: < 0 }
                    or { Refused: < 0 }
            )
            {
                return false;
            }

            var positions = ImmutableArray.CreateBuilder<ReceiptPosition>();
            HashSet<int> partitions = [];
            while (bytes.Position < bytes.Length)
            {
                int partition = reader.Read7BitEncodedInt();
                long normal = reader.Read7BitEncodedInt64();
                long low = reader.Read7BitEncodedInt64();
                if (
                    partition is < 0 or >= Partitions.CountMax
                    || normal < 0
                    || low < 0
                    || !partitions.Add(partition)
                )
                {
                    return false;
                }

                positions.Add(new(partition, normal, low));
            }

            receipt = new Receipt
            {
                StoredAt = storedAt,
                Positions = positions.ToImmutable(),
                Counts = counts,
            };
            return true;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            return false; // A token cut short or made up: the caller's error, not ours.
        }
    }

    private static ReceiptCounts ReadCounts(BinaryReader reader) =>
        new(
            reader.Read7BitEncodedInt(),
            reader.Read7BitEncodedInt(),
            reader.Read7BitEncodedInt(),
            reader.Read7BitEncodedInt()
        );
}
