using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansCdp.Events;

/// <summary>A record and the stream that takes it.</summary>
/// <param name="Stream">Index into <see cref="RecordWriter.Streams"/>.</param>
/// <param name="Json">The record.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EventLine(byte Stream, ReadOnlyMemory<byte> Json);

/// <summary>
/// The workload written out, the same file for every contender. A record: its length (4 bytes, little endian),
/// its stream (1 byte), its JSON.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const int HeaderBytes = 5;
    private readonly BufferedStream file;
    private readonly Lock reading = new();

    /// <summary>Opens a file at its beginning.</summary>
    public EventFile(string path) => file = new BufferedStream(File.OpenRead(path), 1 << 20);

    /// <summary>Writes the workload unless a file of the same settings is there.</summary>
    /// <returns>Its path.</returns>
    public static string Ensure(string folder, WorkloadSettings settings)
    {
        string path = Path.Combine(folder, $"events-{NameOf(settings)}.bin");
        if (File.Exists(path))
        {
            return path;
        }

        Directory.CreateDirectory(folder);
        string unfinished = path + ".part";
        using (BufferedStream written = new(File.Create(unfinished), 1 << 20))
        using (RecordWriter writer = new())
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            foreach (WorkloadEvent e in new Workload(settings).All())
            {
                ReadOnlySpan<byte> json = writer.Write(e);
                BinaryPrimitives.WriteInt32LittleEndian(header, json.Length);
                header[4] = RecordWriter.StreamOf(e.Kind);
                written.Write(header);
                written.Write(json);
            }
        }

        File.Move(unfinished, path);
        return path;
    }

    /// <summary>The next records; fewer at the end. Callers take turns.</summary>
    public List<EventLine> Read(int count)
    {
        List<EventLine> lines = new(count);
        lock (reading)
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            while (lines.Count < count)
            {
                if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) == 0)
                {
                    break;
                }

                byte[] json = new byte[BinaryPrimitives.ReadInt32LittleEndian(header)];
                file.ReadExactly(json);
                lines.Add(new EventLine(header[4], json));
            }
        }

        return lines;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static string NameOf(WorkloadSettings settings)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Workload.Version} {settings}");
        if (settings.Hot > 0)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" hot {settings.Hot}");
        }

        return XxHash3
            .HashToUInt64(Encoding.UTF8.GetBytes(text))
            .ToString("x16", CultureInfo.InvariantCulture);
    }
}
