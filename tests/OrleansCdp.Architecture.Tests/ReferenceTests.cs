using Mono.Cecil;
using Mono.Cecil.Cil;
using NetArchTest.Rules;

namespace OrleansCdp;

/// <summary>Projects say what code may touch; folders say what it is about.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Domain"] = [],
        ["Contracts"] = ["Domain"],
        ["Grains"] = ["Contracts"],
        ["Postgres"] = ["Grains"],
        ["Connectors"] = ["Grains"],
        ["Gateway"] = ["Contracts"],
        ["Client"] = ["Contracts"],
        ["Host"] = ["Gateway", "Grains", "Postgres", "Connectors", "Contracts"],
        ["Cli"] = [],
        ["MockOrg"] = [],
    };

    /// <summary>What a feature uses beside the root and Events, and why that is right.</summary>
    private static readonly Dictionary<(string From, string To), string> Uses = new()
    {
        [("Events", "Governance")] = "an event is admitted, quarantined and counted on its path",
        [("Events", "Identity")] = "an event names its subject, and a partition resolves it",
        [("Governance", "Identity")] = "admission normalises identifiers",
        [("Governance", "Insights")] = "the catalogue has the models by which is predicted",
        [("Governance", "Segments")] =
            "the catalogue has the segments, and they are reviewed there",
        [("Insights", "Segments")] = "everybody is looked at for insights and for segments at once",
        [("Insights", "Identity")] = "who bears an identifier is asked, and who has a link is told",
        [("Insights", "Context")] = "the values of insights are one of the answers",
        [("Insights", "Governance")] = "an insight's definition is read and reported as all are",
        [("Segments", "Governance")] = "a segment's definition is read and reported as all are",
        [("Segments", "Insights")] = "segments ask for insights, and measures in criteria are some",
        [("Segments", "Identity")] = "who bears an identifier is asked for segments",
        [("Segments", "Context")] = "memberships and their reasons are one of the answers",
        [("Identity", "Governance")] = "an address of the API needs a key with its scope",
        [("Identity", "Context")] = "the profile of an individual is one of the answers",
    };

    private static readonly string[] Features =
    [
        "Activation",
        "Context",
        "Events",
        "Governance",
        "Identity",
        "Insights",
        "Segments",
    ];

    private static readonly string[] BannedInDomain =
    [
        "Microsoft.Extensions",
        "Npgsql",
        "System.Diagnostics.Process",
        "System.Diagnostics.Stopwatch",
        "System.IO.Directory",
        "System.IO.File",
        "System.IO.FileStream",
        "System.Net",
        "System.Random",
        "System.Security.Cryptography.RandomNumberGenerator",
        "System.Threading.Tasks",
        "System.Threading.Thread",
        "System.Threading.Timer",
        "System.TimeProvider",
    ];

    private static readonly string[] BannedCalls =
    [
        "System.DateTime::get_Now",
        "System.DateTime::get_Today",
        "System.DateTime::get_UtcNow",
        "System.DateTimeOffset::get_Now",
        "System.DateTimeOffset::get_UtcNow",
        "System.Environment::get_TickCount",
        "System.Environment::get_TickCount64",
        "System.Guid::CreateVersion7",
        "System.Guid::NewGuid",
    ];

    [Fact]
    public void A_project_refers_only_to_those_below_it()
    {
        foreach (Project project in Sources.Projects.Where(project => !project.IsTest))
        {
            Allowed.ShouldContainKey(project.Name);
            project.References.Except(Allowed[project.Name]).ShouldBeEmpty(project.Name);
        }
    }

    [Fact]
    public void Only_what_knows_SQL_or_the_silos_of_a_database_refers_to_its_driver()
    {
        Sources
            .Projects.Where(project => !project.IsTest && project.Packages.Contains("Npgsql"))
            .Select(project => project.Name)
            .ShouldBe(["Client", "Postgres"]);
        foreach (string name in new[] { "Domain", "Contracts", "Grains", "Gateway", "Cli" })
        {
            Demand(
                name,
                Types.InAssembly(Code.Of(name)).ShouldNot().HaveDependencyOn("Npgsql").GetResult()
            );
        }
    }

    [Fact]
    public void The_client_knows_of_the_database_only_how_to_find_silos() =>
        Types
            .InAssembly(Code.Of("Client"))
            .That()
            .HaveDependencyOn("Npgsql")
            .GetTypes()
            .Select(type => type.DeclaringType?.Name ?? type.Name)
            .Distinct()
            .ShouldBe([nameof(ProducerHosting)]);

    [Fact]
    public void A_feature_uses_only_the_root_Events_and_what_has_a_reason()
    {
        foreach (string from in Features.Except(["Context", "Activation"]))
        {
            foreach (string to in Features.Except([from, "Events"]))
            {
                string[] users = [.. UsersOf(from, to)];
                if (Uses.ContainsKey((from, to)))
                {
                    users.ShouldNotBeEmpty($"{from} uses {to} no more: drop the exception");
                }
                else
                {
                    users.ShouldBeEmpty($"{from} uses {to}");
                }
            }
        }
    }

    [Fact]
    public void The_domain_has_no_input_output_clock_chance_log_or_await()
    {
        var domain = Types
            .InAssembly(Code.Of("Domain"))
            .That()
            .ResideInNamespaceStartingWith(nameof(OrleansCdp))
            .ShouldNot()
            .HaveDependencyOnAny(BannedInDomain);
        Demand("Domain", domain.GetResult());

        using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(
            Code.Of("Domain").Location
        );
        assembly
            .MainModule.GetTypes()
            .SelectMany(type => type.Methods)
            .Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions, CallOf)
            .Where(call => BannedCalls.Any(call.Contains))
            .ShouldBeEmpty();
    }

    private static IEnumerable<string> UsersOf(string from, string to) =>
        Code.Assemblies.SelectMany(assembly =>
            Types
                .InAssembly(assembly)
                .That()
                .ResideInNamespace($"OrleansCdp.{from}")
                .And()
                .HaveDependencyOn($"OrleansCdp.{to}")
                .GetTypes()
                .Select(type => type.FullName!)
        );

    private static string CallOf(MethodDefinition method, Instruction instruction) =>
        instruction.Operand is MethodReference called
            ? $"{method.FullName}: {called.FullName}"
            : "";

    private static void Demand(string what, TestResult result) =>
        result.IsSuccessful.ShouldBeTrue(
            $"{what}: {string.Join(", ", result.FailingTypeNames ?? [])}"
        );
}
