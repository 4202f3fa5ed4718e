using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>What a person adds to the insights of an account, as it is stored: few bytes, for an account has many people.</summary>
internal sealed class StoredShare
{
    /// <summary>
    /// Bytes of one person's share. What is larger is left out insight by insight, the largest first: it counts as records that
    /// are not in them.
    /// </summary>
    public const int BytesMax = 64 * 1024;

    private const ulong Format = 1;

    private StoredShare(PersonShare share, ReadOnlyMemory<byte> bytes)
    {
        (Individual, Version, Catalogue) = (share.Individual, share.Version, share.Catalogue);
        IsEmpty = share.Sums.IsEmpty;
        Bytes = bytes;
    }

    /// <summary>The individual.</summary>
    public string Individual { get; }

    /// <summary>Version of its state.</summary>
    public long Version { get; }

    /// <summary>Version of the catalogue of definitions.</summary>
    public long Catalogue { get; }

    /// <summary>Whether it adds nothing: it left.</summary>
    public bool IsEmpty { get; }

    /// <summary>All of it, as it is stored.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>A share as it is to be stored.</summary>
    public static StoredShare Of(PersonShare share)
    {
        byte[] bytes = CompactWriter.Write(share, Write).ToArray();
        while (bytes.Length > BytesMax)
        {
            PeopleSum largest = share.Sums.MaxBy(sum => CompactWriter.Write(sum, WriteSum).Length)!;
            share = share with
            {
                Sums = share.Sums.Replace(
                    largest,
                    largest with
                    {
                        Tallies = [],
                        LeftOut = largest.LeftOut + largest.Tallies.Sum(tally => tally.Count),
                    }
                ),
            };
            bytes = CompactWriter.Write(share, Write).ToArray();
        }

        return new StoredShare(share, bytes);
    }

    /// <summary>Reads one that is stored.</summary>
    /// <exception cref="InvalidDataException">The bytes are none that were written.</exception>
    public static StoredShare Read(ReadOnlyMemory<byte> bytes) => new(ShareIn(bytes), bytes);

    /// <summary>Whether it takes the place of one that is known.</summary>
    public bool Follows(StoredShare known) =>
        Version != known.Version ? Version > known.Version
        : Catalogue != known.Catalogue ? Catalogue > known.Catalogue
        : !Bytes.Span.SequenceEqual(known.Bytes.Span);

    /// <summary>The same without anything that it adds.</summary>
    public StoredShare Emptied() => Of(ShareIn(Bytes) with { Sums = [] });

    /// <summary>What it adds.</summary>
    public ImmutableArray<PeopleSum> ToSums() => IsEmpty ? [] : ShareIn(Bytes).Sums;

    private static PersonShare ShareIn(ReadOnlyMemory<byte> bytes) =>
        CompactReader.Read(
            bytes,
            Format,
            static from => new PersonShare
            {
                Individual = from.Text(),
                Version = from.Number(),
                Catalogue = from.Number(),
                Sums = from.Many(static from => new PeopleSum
                {
                    Revision = from.Number(),
                    People = from.Number(),
                    LeftOut = from.Number(),
                    Tallies = from.Many(AccumulationCodec.ReadTally),
                }),
            }
        );

    private static void Write(CompactWriter to, PersonShare share)
    {
        to.Unsigned(Format);
        to.Text(share.Individual);
        to.Number(share.Version);
        to.Number(share.Catalogue);
        to.Many(share.Sums, WriteSum);
    }

    private static void WriteSum(CompactWriter to, PeopleSum sum)
    {
        to.Number(sum.Revision);
        to.Number(sum.People);
        to.Number(sum.LeftOut);
        to.Many(sum.Tallies, AccumulationCodec.WriteTally);
    }
}
