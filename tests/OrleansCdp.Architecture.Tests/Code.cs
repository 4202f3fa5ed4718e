using System.Reflection;
using System.Runtime.CompilerServices;

namespace OrleansCdp;

/// <summary>The product's assemblies and the types people wrote in them.</summary>
internal static class Code
{
    /// <summary>Every assembly of <c>src</c>.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        .. Sources
            .Projects.Where(project => !project.IsTest)
            .Select(project => Assembly.Load(project.AssemblyName)),
    ];

    /// <summary>Types that are in the source, not made by a compiler or a generator.</summary>
    public static IReadOnlyList<Type> Types { get; } =
    [.. Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(IsWritten)];

    /// <summary>Grain interfaces.</summary>
    public static IEnumerable<Type> GrainInterfaces =>
        Types.Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type));

    /// <summary>Types that travel or are stored.</summary>
    public static IEnumerable<Type> WireTypes =>
        Types.Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null);

    /// <summary>An assembly by its short name.</summary>
    public static Assembly Of(string name) =>
        Assembly.Load(Sources.Projects.Single(project => project.Name == name).AssemblyName);

    private static bool IsWritten(Type type) =>
        type.Namespace?.StartsWith(nameof(OrleansCdp), StringComparison.Ordinal) == true
        && !type.Name.Contains('<', StringComparison.Ordinal)
        && type.GetCustomAttribute<CompilerGeneratedAttribute>() is null
        && type.GetCustomAttribute<System.CodeDom.Compiler.GeneratedCodeAttribute>() is null
        && (type.DeclaringType is null || IsWritten(type.DeclaringType));
}
