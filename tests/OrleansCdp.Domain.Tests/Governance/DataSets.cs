using System.Runtime.CompilerServices;
using OrleansCdp.Events;
using Sylvan.Data.Csv;

namespace OrleansCdp.Governance;

/// <summary>The development data, where it is at hand.</summary>
internal static class DataSets
{
    public static readonly DateTimeOffset ReceivedAt = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The path of a file; skips the test when the data is not here.</summary>
    public static string Find(string file)
    {
        string root =
            Environment.GetEnvironmentVariable("CDP_DATA")
            ?? Path.Combine(Beside(), "shared", "data");
        string path = Path.Combine(root, file);
        Skip.IfNot(
            File.Exists(path),
            $"{file} is not here: set CDP_DATA to the folder of the development data."
        );
        return path;
    }

    /// <summary>A definition that stands with the end-to-end tests.</summary>
    public static DataStream Compile(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Definitions", name + ".yaml");
        (DataStream? stream, var errors) = DataStream.Compile(name, File.ReadAllText(path));
        errors.ShouldBeEmpty(name);
        return stream!;
    }

    /// <summary>Admits every row of a file; none may be refused or filtered.</summary>
    public static List<LinkEvent> AdmitAll(
        string definition,
        string file,
        bool countRepeats = false
    )
    {
        DataStream stream = Compile(definition);
        List<LinkEvent> events = [];
        foreach ((string[] columns, string[] values) in Rows(Find(file), countRepeats))
        {
            Admission admission = stream.Admit(columns, values, ReceivedAt);
            admission.ShouldBeOfType<Admission.Accepted>(admission.ToString());
            events.Add(((Admission.Accepted)admission).Event);
        }

        return events;
    }

    /// <summary>The rows of a file; repeats of a row numbered in a column of their own if asked for.</summary>
    public static IEnumerable<(string[] Columns, string[] Values)> Rows(
        string path,
        bool countRepeats = false
    )
    {
        using CsvDataReader reader = CsvDataReader.Create(path);
        int width = reader.FieldCount;
        string[] columns = [.. Enumerable.Range(0, width).Select(reader.GetName)];
        columns = countRepeats ? [.. columns, "occurrence"] : columns;
        Dictionary<string, int> seen = new(StringComparer.Ordinal);
        while (reader.Read())
        {
            string[] values = [.. Enumerable.Range(0, width).Select(reader.GetString)];
            if (countRepeats)
            {
                string content = string.Join('\n', values);
                int occurrence = seen[content] = seen.GetValueOrDefault(content) + 1;
                values = [.. values, $"{occurrence}"];
            }

            yield return (columns, values);
        }
    }

    private static string Beside([CallerFilePath] string here = "")
    {
        DirectoryInfo? folder = new FileInfo(here).Directory;
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OrleansCdp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.Parent?.FullName ?? ".";
    }
}
