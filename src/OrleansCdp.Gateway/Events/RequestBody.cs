using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Microsoft.AspNetCore.Http;

namespace OrleansCdp.Events;

/// <summary>Reads a request's body whole, decompressed, up to a limit and not a byte further.</summary>
internal static class RequestBody
{
    private const byte Gzip1 = 0x1f;
    private const byte Gzip2 = 0x8b;

    /// <summary>Reads the body.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bytesMax">Bytes after decompression.</param>
    /// <param name="tooLarge">The answer when it is larger.</param>
    /// <param name="cancel">Ends reading.</param>
    /// <returns>The bytes; gzip is undone even where the client forgot to say so.</returns>
    /// <exception cref="ProblemException">Too large, or not what its encoding says.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        HttpRequest request,
        int bytesMax,
        Problem tooLarge,
        CancellationToken cancel = default
    )
    {
        string encoding = request.Headers.ContentEncoding.ToString();
        bool declared = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase);
        if (!declared && encoding is not ("" or "identity"))
        {
            throw new ProblemException(
                new Problem(415, "unsupported_encoding", "Bodies are taken plain or with gzip.")
            );
        }

        ReadOnlyMemory<byte> body = await ReadAsync(request.Body, bytesMax, tooLarge, cancel);
        bool compressed = body.Length > 2 && body.Span[0] == Gzip1 && body.Span[1] == Gzip2;
        if (declared && !compressed && body.Length > 0)
        {
            throw Malformed();
        }

        if (!compressed)
        {
            return body;
        }

        try
        {
            using MemoryStream sent = new(body.ToArray(), writable: false);
            await using GZipStream unzip = new(sent, CompressionMode.Decompress);
            ReadOnlyMemory<byte> plain = await ReadAsync(unzip, bytesMax, tooLarge, cancel);
            return IsWhole(body.Span, plain.Span) ? plain : throw Malformed();
        }
        catch (InvalidDataException)
        {
            throw Malformed();
        }
    }

    /// <summary>
    /// Whether the end of the compressed bytes is the check of the end of the plain ones (RFC 1952, section 2.3.1).
    /// Decompressing a body that was cut off ends early and says nothing about it.
    /// </summary>
    private static bool IsWhole(ReadOnlySpan<byte> compressed, ReadOnlySpan<byte> plain)
    {
        const int trailer = 8;
        if (compressed.Length < trailer)
        {
            return false;
        }

        uint check = BinaryPrimitives.ReadUInt32LittleEndian(compressed[^trailer..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(compressed[^(trailer / 2)..]);
        // Of several members, one after the other, the trailer is the last one's.
        return length <= plain.Length && Crc32.HashToUInt32(plain[^(int)length..]) == check;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(
        Stream body,
        int bytesMax,
        Problem tooLarge,
        CancellationToken cancel
    )
    {
        byte[] buffer = new byte[Math.Min(16 * 1024, bytesMax + 1)];
        int length = 0;
        while (true)
        {
            int read = await body.ReadAsync(buffer.AsMemory(length), cancel);
            if (read == 0)
            {
                return buffer.AsMemory(0, length);
            }

            length += read;
            if (length > bytesMax)
            {
                throw new ProblemException(tooLarge);
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min((long)buffer.Length * 2, bytesMax + 1));
            }
        }
    }

    private static ProblemException Malformed() =>
        new(Problem.BadRequest(ReasonCodes.Malformed, "The body is not valid gzip."));
}
