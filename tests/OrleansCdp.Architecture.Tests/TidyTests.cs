using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace OrleansCdp;

/// <summary>What a reader may rely on in every file.</summary>
public sealed partial class TidyTests
{
    private const int FileLinesMax = 400;
    private const int TypeLinesMax = 400;
    private const int MethodLinesMax = 70;
    private const int CodeColumnsMax = 100;

    // The formatter holds code to 100 columns. Prose, literals and the sentences that name tests cannot be broken by it
    // and may pass that, never by much.
    private const int ProseColumnsMax = 140;

    private static readonly string[] TopLevel =
    [
        "Directory.Packages.props",
        "LICENSE",
        "OrleansCdp.sln",
        "README.md",
        "deploy",
        "global.json",
        "src",
        "tests",
    ];

    private static readonly string[] Folders =
    [
        "Activation",
        "Context",
        "Events",
        "Expressions",
        "Governance",
        "Identity",
        "Insights",
        "Segments",
        "Migrations",
        "Prediction", // of Insights: models out of the literature, and their definitions
        "Properties",
        "Shipped",
    ];

    private static readonly string[] TestFolders =
    [
        "Clients",
        "Definitions",
        "Golden",
        "Own",
        "SetBased",
        "Sql",
        "results",
    ];

    [Fact]
    public void A_file_has_at_most_400_lines() =>
        Sources.Files.Where(file => Sources.LinesOf(file).Length > FileLinesMax).ShouldBeEmpty();

    [Fact]
    public void A_type_has_at_most_400_lines_in_all_its_files() =>
        Sources
            .Trees.SelectMany(tree =>
                tree.Root.DescendantNodes()
                    .OfType<BaseTypeDeclarationSyntax>()
                    .Select(type => (Name: FullNameOf(tree.File, type), Lines: LinesOf(type)))
            )
            .GroupBy(type => type.Name, type => type.Lines, StringComparer.Ordinal)
            .Where(parts => parts.Sum() > TypeLinesMax)
            .Select(parts => parts.Key)
            .ShouldBeEmpty();

    [Fact]
    public void A_method_has_at_most_70_lines() =>
        Sources
            .Trees.SelectMany(tree =>
                tree.Root.DescendantNodes()
                    .Where(node =>
                        node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax
                        && LinesOf(node) > MethodLinesMax
                    )
                    .Select(node => $"{tree.File}: {node.ToString().Split('\n')[0]}")
            )
            .ShouldBeEmpty();

    [Fact]
    public void A_line_of_code_has_at_most_100_columns_and_one_of_prose_little_more() =>
        Sources
            .Trees.SelectMany(tree =>
                tree.Root.GetText()
                    .Lines.Where(line => line.Span.Length > ColumnsMaxOf(tree.Root, line))
                    .Select(line => $"{tree.File}:{line.LineNumber + 1}")
            )
            .ShouldBeEmpty();

    [Fact]
    public void Nothing_is_left_to_be_done()
    {
        string[] words = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception"];
        Sources
            .Files.Where(file =>
                words.Any(word => Sources.TextOf(file).Contains(word, StringComparison.Ordinal))
            )
            .ShouldBeEmpty();
    }

    [Fact]
    public void Tests_wait_for_conditions_and_never_for_time_to_pass()
    {
        string[] waits = ["Task" + ".Delay", "Thread" + ".Sleep"];
        Sources
            .Files.Where(file => file.StartsWith("tests", StringComparison.Ordinal))
            .Where(file => !file.Contains("Benchmarks", StringComparison.Ordinal)) // measure time
            .Where(file =>
                waits.Any(wait => Sources.TextOf(file).Contains(wait, StringComparison.Ordinal))
            )
            .Select(Path.GetFileName)
            .ShouldBe(["Eventually.cs"]);
    }

    [Fact]
    public void The_names_of_tests_are_sentences() =>
        Sources
            .Trees.Where(tree => tree.File.StartsWith("tests", StringComparison.Ordinal))
            .SelectMany(tree => tree.Root.DescendantNodes().OfType<MethodDeclarationSyntax>())
            .Where(IsTest)
            .Select(method => method.Identifier.Text)
            .Where(name => !Sentence().IsMatch(name))
            .ShouldBeEmpty();

    [Fact]
    public void Folders_are_the_features_in_every_project()
    {
        IEnumerable<string> foldersOf(string root) =>
            Sources
                .FilesUnder(root, "*")
                .Select(file => file.Split(Path.DirectorySeparatorChar))
                .SelectMany(parts => parts.Skip(2).SkipLast(1))
                .Distinct();
        foldersOf("src").Except(Folders).ShouldBeEmpty();
        foldersOf("tests").Except(Folders).Except(TestFolders).ShouldBeEmpty();
    }

    [Fact]
    public void The_top_level_holds_what_a_newcomer_looks_for_and_nothing_else() =>
        Directory
            .EnumerateFileSystemEntries(Sources.Root)
            .Select(entry => Path.GetFileName(entry))
            .Where(name => !name.StartsWith('.'))
            .Except(TopLevel)
            .ShouldBeEmpty();

    [Fact]
    public void Migrations_are_numbered_without_gaps_and_never_edited()
    {
        string[] files = [.. Sources.FilesUnder("src/OrleansCdp.Postgres/Migrations", "*.sql")];
        files
            .Select(file => int.Parse(Path.GetFileName(file)[..4], null))
            .ShouldBe(Enumerable.Range(1, files.Length));
        string[] hashes =
        [
            .. files.Select(file =>
                Convert.ToHexStringLower(
                    SHA256.HashData(File.ReadAllBytes(Path.Combine(Sources.Root, file)))
                )
                + "  "
                + Path.GetFileName(file)
            ),
        ];
        hashes.ShouldBe(
            Sources.LinesOf("tests/OrleansCdp.Architecture.Tests/Golden/migrations.sha256"),
            "an applied migration is never edited; a new one is added to the list"
        );
    }

    private static bool IsTest(MethodDeclarationSyntax method) =>
        method
            .AttributeLists.SelectMany(list => list.Attributes)
            .Any(attribute =>
                attribute.Name.ToString()
                    is "Fact"
                        or "Theory"
                        or "SkippableFact"
                        or "SkippableTheory"
            );

    private static int ColumnsMaxOf(SyntaxNode root, TextLine line)
    {
        if (line.Span.Length <= CodeColumnsMax)
        {
            return CodeColumnsMax;
        }

        int at = line.Start + CodeColumnsMax;
        bool isComment =
            root.FindTrivia(at).Kind()
            is SyntaxKind.SingleLineCommentTrivia
                or SyntaxKind.SingleLineDocumentationCommentTrivia;
        bool isSentence = root.FindNode(line.Span)
            .DescendantNodesAndSelf(line.Span)
            .Any(node =>
                node switch
                {
                    LiteralExpressionSyntax or InterpolatedStringExpressionSyntax => node.Span.End
                        > at,
                    MethodDeclarationSyntax test => IsTest(test)
                        && line.Span.Contains(test.Identifier.Span),
                    _ => false,
                }
            );
        return isComment || isSentence ? ProseColumnsMax : CodeColumnsMax;
    }

    private static int LinesOf(SyntaxNode node)
    {
        FileLinePositionSpan span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    private static string FullNameOf(string file, BaseTypeDeclarationSyntax type)
    {
        IEnumerable<string> outer = type.Ancestors()
            .OfType<BaseTypeDeclarationSyntax>()
            .Select(ancestor => ancestor.Identifier.Text)
            .Reverse();
        string project = file.Split(Path.DirectorySeparatorChar)[1];
        string space =
            type.SyntaxTree.GetCompilationUnitRoot()
                .DescendantNodes()
                .OfType<BaseNamespaceDeclarationSyntax>()
                .FirstOrDefault()
                ?.Name.ToString()
            ?? "";
        return $"{project}: {space}.{string.Join('.', [.. outer, type.Identifier.Text])}";
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+$", RegexOptions.None, 1000)]
    private static partial Regex Sentence();
}
