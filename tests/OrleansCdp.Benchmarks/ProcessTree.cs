using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansCdp;

/// <summary>What a process and its direct children used so far, from <c>/proc</c>.</summary>
/// <param name="Cpu">User and system time, ended children included.</param>
/// <param name="ResidentBytes">Memory in RAM now; pages shared by the processes count once each.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProcessUse(TimeSpan Cpu, long ResidentBytes)
{
    private const int TicksPerSecond = 100; // USER_HZ: the same on every Linux architecture we run on.

    /// <summary>Of a process alone.</summary>
    public static ProcessUse Of(int id) => Read(id, withEnded: false)?.Use ?? default;

    /// <summary>Of a process and its children, as a PostgreSQL server and its backends.</summary>
    public static ProcessUse OfTree(int parent)
    {
        ProcessUse sum = Read(parent, withEnded: true)?.Use ?? default;
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id)
                && Read(id, withEnded: false) is { } child
                && child.Parent == parent
            )
            {
                sum = new ProcessUse(
                    sum.Cpu + child.Use.Cpu,
                    sum.ResidentBytes + child.Use.ResidentBytes
                );
            }
        }

        return sum;
    }

    private static (int Parent, ProcessUse Use)? Read(int id, bool withEnded)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{id}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            long ticks = Number(fields[11]) + Number(fields[12]);
            if (withEnded)
            {
                ticks += Number(fields[13]) + Number(fields[14]);
            }

            return (
                (int)Number(fields[1]),
                new ProcessUse(
                    TimeSpan.FromSeconds(ticks / (double)TicksPerSecond),
                    Number(fields[21]) * Environment.SystemPageSize
                )
            );
        }
        catch (IOException)
        {
            return null; // It has ended: its parent's sum holds it.
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
