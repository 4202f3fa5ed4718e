using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>
/// The options of all parts as an operator sets them, looked at before anything is started: what is wrong is then one
/// line with its name and its range, and a misspelt name does not go unnoticed.
/// </summary>
internal static class Settings
{
    private static readonly (string Section, Type Options)[] Sections =
    [
        (GatewayOptions.Section, typeof(GatewayOptions)),
        (IngestOptions.Section, typeof(IngestOptions)),
        (CdpPostgresOptions.Section, typeof(CdpPostgresOptions)),
        (IdentityOptions.Section, typeof(IdentityOptions)),
        (InsightOptions.Section, typeof(InsightOptions)),
        (SegmentOptions.Section, typeof(SegmentOptions)),
    ];

    /// <summary>Options that have a name of their own for operators.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new(
        StringComparer.OrdinalIgnoreCase
    )
    {
        [$"{GatewayOptions.Section}:{nameof(GatewayOptions.AdminKey)}"] = "CDP_ADMIN_KEY",
        [$"{CdpPostgresOptions.Section}:{nameof(CdpPostgresOptions.ConnectionString)}"] =
            "ConnectionStrings:Cdp",
    };

    /// <summary>Makes sure that every setting is known, of its type and within its range.</summary>
    /// <exception cref="StartRefusedException">Some are not; all of them are named.</exception>
    public static void Demand(IConfiguration configuration)
    {
        string[] wrong =
        [
            .. configuration
                .GetSection("Cdp")
                .GetChildren()
                .Where(child =>
                    !Sections.Any(known =>
                        known.Section.Equals(child.Path, StringComparison.OrdinalIgnoreCase)
                    )
                )
                .Select(child =>
                    $"{child.Path} is no setting. There are "
                    + string.Join(", ", Sections.Select(known => known.Section))
                    + "."
                ),
            .. Sections.SelectMany(known =>
                configuration
                    .GetSection(known.Section)
                    .GetChildren()
                    .Select(setting => FaultOf(setting, known.Options))
                    .OfType<string>()
            ),
        ];
        if (wrong.Length > 0)
        {
            throw new StartRefusedException(string.Join(Environment.NewLine, wrong));
        }
    }

    private static string? FaultOf(IConfigurationSection setting, Type options)
    {
        if (Elsewhere.TryGetValue(setting.Path, out string? name))
        {
            return $"{setting.Path} is set with {name}.";
        }

        PropertyInfo[] known = options.GetProperties();
        PropertyInfo? property = Array.Find(
            known,
            p => p.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)
        );
        return property is null
                ? $"{setting.Path} is no setting. There are {NamesOf(known, setting.Path)}."
            : IsFit(setting, property) ? null
            : $"{setting.Path} must be {WordsOf(property)}, not '{setting.Value}'.";
    }

    private static bool IsFit(IConfigurationSection setting, PropertyInfo property)
    {
        try
        {
            object? value = setting.Get(property.PropertyType);
            return value is not null
                && property
                    .GetCustomAttributes<ValidationAttribute>()
                    .All(attribute => attribute.IsValid(value));
        }
        catch (InvalidOperationException)
        {
            return false; // It cannot be converted.
        }
    }

    private static string WordsOf(PropertyInfo property) =>
        property.GetCustomAttribute<RangeAttribute>() is { } range
            ? $"from {range.Minimum} to {range.Maximum}"
        : property.GetCustomAttribute<ValidationAttribute>()?.ErrorMessage is { } words ? words
        : $"of the type {property.PropertyType.Name}";

    private static string NamesOf(PropertyInfo[] known, string path)
    {
        string section = path[..path.LastIndexOf(':')];
        return string.Join(
            ", ",
            known
                .Select(property => property.Name)
                .Where(name => !Elsewhere.ContainsKey($"{section}:{name}"))
        );
    }
}
