using System.Buffers;
using System.IO.Hashing;
using System.Text;

namespace OrleansCdp.Events;

/// <summary>
/// Stable hashes that decide where things live. XXH3 (xxhash.com) over UTF-8; part of the stored
/// format, never changed.
/// </summary>
public static class Partitions
{
    /// <summary>Partitions of a new database.</summary>
    public const int CountDefault = 32;

    /// <summary>Most partitions a database may have.</summary>
    public const int CountMax = 1_024;

    /// <summary>The partition of a link, from 0.</summary>
    public static int Of(LinkKey link, int count) => Of(link.ToString(), count);

    /// <summary>The partition that anything hashes to by its name, as an individual by its id; from 0.</summary>
    public static int Of(string name, int count) => (int)(HashOf(name) % (ulong)count);

    /// <summary>The 64-bit hash of a link, also stored beside each chunk of the log.</summary>
    public static ulong HashOf(LinkKey link) => HashOf(link.ToString());

    /// <summary>The 64-bit hash of a text.</summary>
    public static ulong HashOf(string text)
    {
        int max = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = max > 1024 ? ArrayPool<byte>.Shared.Rent(max) : null;
        Span<byte> bytes = rented ?? stackalloc byte[1024];
        int length = Encoding.UTF8.GetBytes(text, bytes);
        ulong hash = XxHash3.HashToUInt64(bytes[..length]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }

    /// <summary>The 128-bit key under which an event counts once.</summary>
    /// <param name="source">The link's source.</param>
    /// <param name="eventId">The producer's id.</param>
    /// <param name="key">A secret of this database, so that nobody can craft collisions.</param>
    public static UInt128 EventKey(string source, string eventId, long key)
    {
        int max = Encoding.UTF8.GetMaxByteCount(source.Length + eventId.Length + 1);
        byte[]? rented = max > 1024 ? ArrayPool<byte>.Shared.Rent(max) : null;
        Span<byte> bytes = rented ?? stackalloc byte[1024];
        int length = Encoding.UTF8.GetBytes(source, bytes);
        bytes[length++] = 0;
        length += Encoding.UTF8.GetBytes(eventId, bytes[length..]);
        UInt128 hash = XxHash128.HashToUInt128(bytes[..length], key);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }
}
