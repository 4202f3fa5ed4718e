using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansCdp;

/// <summary>What happened in a simulation, line by line: the same for the same seed.</summary>
internal sealed class Trace
{
    private const int LinesShownMax = 60;
    private readonly List<string> lines = [];
    private readonly XxHash3 hash = new();

    /// <summary>Hash of all lines.</summary>
    public string Hash =>
        hash.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture);

    public void Add(TimeSpan at, string text)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{at.TotalMilliseconds, 10:F1} {text}"
        );
        lines.Add(line);
        hash.Append(MemoryMarshal.AsBytes(line.AsSpan()));
    }

    /// <summary>The last lines that speak of any of these.</summary>
    public string About(IReadOnlyCollection<string> words)
    {
        string[] about =
        [
            .. lines.Where(line =>
                words.Count == 0 || words.Any(word => line.Contains(word, StringComparison.Ordinal))
            ),
        ];
        StringBuilder text = new();
        foreach (string line in about.TakeLast(LinesShownMax))
        {
            text.AppendLine(line);
        }

        return text.ToString();
    }
}
