using System.Xml.Linq;
using Microsoft.CodeAnalysis.CSharp;

namespace OrleansCdp;

/// <summary>The files of the checkout the tests were built from.</summary>
internal static class Sources
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>C# files of <c>src</c> and <c>tests</c>, relative to the root.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [.. new[] { "src", "tests" }.SelectMany(folder => FilesUnder(folder, "*.cs"))];

    /// <summary>The projects of <c>src</c> and <c>tests</c> with what they refer to.</summary>
    public static IReadOnlyList<Project> Projects { get; } =
    [
        .. new[] { "src", "tests" }
            .SelectMany(folder => FilesUnder(folder, "*.csproj"))
            .Select(Project.Read),
    ];

    /// <summary>The syntax of every C# file.</summary>
    public static IReadOnlyList<(
        string File,
        Microsoft.CodeAnalysis.SyntaxNode Root
    )> Trees { get; } =
    [.. Files.Select(file => (file, CSharpSyntaxTree.ParseText(TextOf(file)).GetRoot()))];

    /// <summary>A file's text.</summary>
    public static string TextOf(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>A file's lines.</summary>
    public static string[] LinesOf(string file) => File.ReadAllLines(Path.Combine(Root, file));

    /// <summary>Files under a folder of the root that are not made by a build or a package manager.</summary>
    public static IEnumerable<string> FilesUnder(string folder, string pattern) =>
        Directory
            .EnumerateFiles(
                Path.Combine(Root, folder),
                pattern,
                new EnumerationOptions { RecurseSubdirectories = true }
            )
            .Select(file => Path.GetRelativePath(Root, file))
            .Where(file =>
                !file.Split(Path.DirectorySeparatorChar)
                    .Any(part => part is "bin" or "obj" or "node_modules")
            )
            .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "OrleansCdp.sln")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests do not run inside a checkout.");
    }
}

/// <summary>A project file.</summary>
/// <param name="Name">Without <c>OrleansCdp.</c>.</param>
/// <param name="AssemblyName">What it builds.</param>
/// <param name="IsTest">Whether it lies under <c>tests</c>.</param>
/// <param name="References">Names of the projects it refers to.</param>
/// <param name="Packages">Packages it refers to.</param>
internal sealed record Project(
    string Name,
    string AssemblyName,
    bool IsTest,
    IReadOnlyList<string> References,
    IReadOnlyList<string> Packages
)
{
    public static Project Read(string file)
    {
        XDocument xml = XDocument.Load(Path.Combine(Sources.Root, file));
        IEnumerable<string> included(string element) =>
            xml.Descendants(element).Select(e => (string)e.Attribute("Include")!);
        return new Project(
            NameOf(file),
            (string?)xml.Descendants("AssemblyName").FirstOrDefault()
                ?? Path.GetFileNameWithoutExtension(file),
            file.StartsWith("tests", StringComparison.Ordinal),
            [.. included("ProjectReference").Select(NameOf)],
            [.. included("PackageReference")]
        );
    }

    private static string NameOf(string file) =>
        Path.GetFileNameWithoutExtension(file.Replace('\\', '/'))
            .Replace("OrleansCdp.", "", StringComparison.Ordinal);
}
