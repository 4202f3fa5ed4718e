using System.Text.RegularExpressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Expressions;

/// <summary>Time zones by their names of the IANA database.</summary>
internal static partial class TimeZones
{
    /// <summary>Finds one, or says why there is none.</summary>
    /// <param name="name">E.g. <c>Europe/Berlin</c>.</param>
    /// <param name="at">Where it stands.</param>
    /// <param name="errors">Where it is added that there is none.</param>
    public static TimeZoneInfo? Find(string name, int at, ICollection<ExpressionError> errors)
    {
        if (
            IsName(name)
            && TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone)
            && zone.HasIanaId
            && zone.Id == name
        )
        {
            return zone;
        }

        string[] known =
        [
            .. TimeZoneInfo.GetSystemTimeZones().Select(one => one.Id).Where(IsName).Order(),
        ];
        errors.Add(
            new ExpressionError(
                at,
                $"There is no time zone `{name}`. {DefinitionReader.Suggest(name, known)}"
            )
        );
        return null;
    }

    // Not what another machine may take for another zone: `localtime`, a path of files, a name of another system.
    private static bool IsName(string name) => NamePattern.IsMatch(name) && name != "Factory";

    [GeneratedRegex(
        "^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*)*$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1_000
    )]
    private static partial Regex NamePattern { get; }
}
