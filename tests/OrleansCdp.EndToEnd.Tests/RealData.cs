using Sylvan.Data.Csv;

namespace OrleansCdp;

/// <summary>
/// Public data sets that are not part of the project: in the folder the environment variable CDP_DATA names, or in
/// <c>../shared/data</c> beside the checkout.
/// </summary>
public static class RealData
{
    /// <summary>The folder, or null where there is none.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>The path of a file; skips the test where the data is absent.</summary>
    public static string PathOf(string file)
    {
        Skip.If(Folder is null, "The public data sets are not here (see tests/README.md).");
        string path = Path.Combine(Folder, file);
        Skip.IfNot(File.Exists(path), $"The data set {file} is not here.");
        return path;
    }

    /// <summary>The header and the lines of a file without line breaks within values.</summary>
    public static (string Header, string[] Rows) Lines(string file)
    {
        string[] lines = File.ReadAllLines(PathOf(file));
        return (lines[0], lines[1..]);
    }

    /// <summary>Every row of a file as name and value.</summary>
    public static IReadOnlyList<Dictionary<string, string>> Rows(string file)
    {
        using CsvDataReader csv = CsvDataReader.Create(PathOf(file));
        List<Dictionary<string, string>> rows = [];
        while (csv.Read())
        {
            rows.Add(
                Enumerable
                    .Range(0, csv.FieldCount)
                    .ToDictionary(
                        i => csv.GetName(i),
                        i => csv.GetString(i),
                        StringComparer.Ordinal
                    )
            );
        }

        return rows;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CDP_DATA") is { Length: > 0 } stated)
        {
            return stated;
        }

        string beside = Path.GetFullPath(Path.Combine(Checkout.Root, "..", "shared", "data"));
        return Directory.Exists(beside) ? beside : null;
    }
}
