using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansCdp;

/// <summary>One measured number.</summary>
/// <param name="Contender">Whose.</param>
/// <param name="Run">Repetition, from 1.</param>
/// <param name="Name">What.</param>
/// <param name="Value">How much; NaN where nothing was measured.</param>
/// <param name="Unit">Of what.</param>
internal sealed record Figure(string Contender, int Run, string Name, double Value, string Unit);

/// <summary>Prints figures as they come, then a table of medians and ranges.</summary>
/// <param name="options">The configuration.</param>
internal sealed class Report(BenchmarkOptions options)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly List<Figure> figures = [];
    private readonly StringBuilder lines = new();

    /// <summary>Takes figures in and prints a line of JSON for each.</summary>
    public void Add(IEnumerable<Figure> added)
    {
        foreach (Figure figure in added)
        {
            figures.Add(figure);
            string line = JsonSerializer.Serialize(figure, Json);
            lines.AppendLine(line);
            Console.WriteLine(line);
        }
    }

    /// <summary>Prints the table; writes both to the results folder if asked to.</summary>
    public async Task FinishAsync()
    {
        Machine machine = await Machine.LookAsync();
        string table = Table(machine);
        Console.WriteLine(table);
        if (!options.Out)
        {
            return;
        }

        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTime.UtcNow:yyyy-MM-dd-HHmm}-{machine.Commit}-{options.Scenario}"
        );
        string folder = Path.Combine(
            Machine.Checkout(),
            "tests",
            "OrleansCdp.Benchmarks",
            "results"
        );
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".md"), table);
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".ndjson"), lines.ToString());
    }

    private static string Show(double value) =>
        double.IsNaN(value) ? "not measured"
        : Math.Abs(value) >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture)
        : value.ToString("0.###", CultureInfo.InvariantCulture);

    private static double Median(double[] sorted) =>
        sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;

    private string Table(Machine machine)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {options.Scenario}");
        text.AppendLine();
        text.AppendLine(machine.ToString());
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"Configuration: {options.Describe()}");
        text.AppendLine();
        text.AppendLine(
            "Median (range) over the repetitions; a ratio is taken within each repetition."
        );
        text.AppendLine();
        string[] contenders = [.. figures.Select(figure => figure.Contender).Distinct()];
        string[] ratios =
            contenders.Length < 2
                ? []
                : [.. contenders.Skip(1).Select(c => $"{contenders[0]} / {c}")];
        text.AppendLine(
            "| figure | unit | " + string.Join(" | ", contenders.Concat(ratios)) + " |"
        );
        text.AppendLine(
            "|" + string.Concat(Enumerable.Repeat("---|", 2 + contenders.Length + ratios.Length))
        );
        foreach (
            var (name, unit) in figures.Select(figure => (figure.Name, figure.Unit)).Distinct()
        )
        {
            IEnumerable<string> cells = contenders
                .Select(contender =>
                    Cell(figures.Where(f => f.Name == name && f.Contender == contender))
                )
                .Concat(contenders.Skip(1).Select(other => Ratio(name, contenders[0], other)));
            text.AppendLine($"| {name} | {unit} | " + string.Join(" | ", cells) + " |");
        }

        return text.ToString();
    }

    private static string Cell(IEnumerable<Figure> same)
    {
        double[] values = [.. same.Select(figure => figure.Value).Order()];
        return values.Length switch
        {
            0 => "",
            1 => Show(values[0]),
            _ => $"{Show(Median(values))} ({Show(values[0])} to {Show(values[^1])})",
        };
    }

    private string Ratio(string name, string one, string other)
    {
        double[] ratios =
        [
            .. figures
                .Where(figure => figure.Name == name && figure.Contender == one)
                .Join(
                    figures.Where(figure => figure.Name == name && figure.Contender == other),
                    figure => figure.Run,
                    figure => figure.Run,
                    (mine, theirs) => mine.Value / theirs.Value
                )
                .Where(double.IsFinite)
                .Order(),
        ];
        return ratios.Length == 0 ? "" : Show(Median(ratios));
    }
}
