using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansCdp.Context;

/// <summary>
/// Reads over HTTP/1.1 on raw sockets, one request at a time per connection, so that the reader costs as little as it
/// can beside the server on the same cores. The same for every server.
/// </summary>
/// <param name="address">The server.</param>
/// <param name="paths">What is read, in turn.</param>
/// <param name="connections">Connections.</param>
internal sealed class HttpLoad(Uri address, IReadOnlyList<string> paths, int connections)
{
    private readonly byte[][] requests =
    [
        .. paths.Select(path =>
            Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: {address.Authority}\r\n"
                    + $"Authorization: Bearer {HostProcess.AdminKey}\r\n\r\n"
            )
        ),
    ];

    /// <summary>Closed loop: every connection sends its next request once it has its answer.</summary>
    public Task<LoadResult> AsFastAsPossibleAsync(TimeSpan time) => RunAsync(time, perSecond: null);

    /// <summary>
    /// Open loop: requests are due at a fixed rate whatever the server does, and latency counts from when one was
    /// due, so a stall is not left out.
    /// </summary>
    public Task<LoadResult> AtRateAsync(TimeSpan time, double perSecond) =>
        RunAsync(time, perSecond);

    private async Task<LoadResult> RunAsync(TimeSpan time, double? perSecond)
    {
        Schedule schedule = new(perSecond, time);
        List<double>[] all = await Task.WhenAll(
            Enumerable.Range(0, connections).Select(n => Task.Run(() => ReadAsync(n, schedule)))
        );
        double[] latencies = [.. all.SelectMany(list => list).Order()];
        return new LoadResult(latencies.Length / time.TotalSeconds, latencies);
    }

    private async Task<List<double>> ReadAsync(int number, Schedule schedule)
    {
        List<double> latencies = [];
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        byte[] buffer = new byte[64 * 1024];
        int next = number;
        while (await schedule.NextAsync() is { } due)
        {
            await socket.SendAsync(requests[next % requests.Length]);
            next += connections;
            await ReceiveAsync(socket, buffer);
            latencies.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
        }

        return latencies;
    }

    private static async Task ReceiveAsync(Socket socket, byte[] buffer)
    {
        int length = 0;
        int whole = int.MaxValue;
        while (length < whole)
        {
            int read = await socket.ReceiveAsync(buffer.AsMemory(length));
            if (read == 0)
            {
                throw new IOException("The server closed the connection.");
            }

            length += read;
            if (whole == int.MaxValue)
            {
                whole = LengthOf(buffer.AsSpan(0, length));
            }
        }
    }

    /// <summary>Bytes of the whole answer; <see cref="int.MaxValue"/> while its head is incomplete.</summary>
    private static int LengthOf(ReadOnlySpan<byte> received)
    {
        int head = received.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return int.MaxValue;
        }

        if (!received.StartsWith("HTTP/1.1 200"u8))
        {
            throw new IOException(Encoding.ASCII.GetString(received[..head]));
        }

        ReadOnlySpan<byte> name = "\r\nContent-Length: "u8;
        int at = received[..head].IndexOf(name) + name.Length;
        return Utf8Parser.TryParse(received[at..], out int body, out _)
            ? head + 4 + body
            : throw new IOException("The answer states no length.");
    }

    /// <summary>When requests are due.</summary>
    private sealed class Schedule(double? perSecond, TimeSpan time)
    {
        private readonly long started = Stopwatch.GetTimestamp();
        private long taken = -1;

        /// <summary>Waits for the next request to be due; null once the time is over.</summary>
        public async ValueTask<long?> NextAsync()
        {
            if (perSecond is not { } rate)
            {
                return Stopwatch.GetElapsedTime(started) < time ? Stopwatch.GetTimestamp() : null;
            }

            double seconds = Interlocked.Increment(ref taken) / rate;
            if (seconds >= time.TotalSeconds)
            {
                return null;
            }

            TimeSpan early = TimeSpan.FromSeconds(seconds) - Stopwatch.GetElapsedTime(started);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early);
            }

            return started + (long)(seconds * Stopwatch.Frequency);
        }
    }
}

/// <summary>What a load showed.</summary>
/// <param name="PerSecond">Answers per second.</param>
/// <param name="Latencies">Milliseconds, sorted.</param>
internal sealed record LoadResult(double PerSecond, double[] Latencies)
{
    /// <summary>A percentile of the latencies.</summary>
    public double At(double part) =>
        Latencies.Length == 0 ? double.NaN : Latencies[(int)(Latencies.Length * part)];
}
