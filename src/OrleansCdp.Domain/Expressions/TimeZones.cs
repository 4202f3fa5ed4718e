using OrleansCdp.Governance;

namespace OrleansCdp.Expressions;

/// <summary>Time zones by their names of the IANA database.</summary>
internal static class TimeZones
{
    /// <summary>Finds one, or says why there is none.</summary>
    /// <param name="name">E.g. <c>Europe/Berlin</c>.</param>
    /// <param name="at">Where it stands.</param>
    /// <param name="errors">Where it is added that there is none.</param>
    public static TimeZoneInfo? Find(string name, int at, ICollection<ExpressionError> errors)
    {
        // Names of another system would mean another zone on another machine.
        if (
            TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone)
            && zone.HasIanaId
            && zone.Id == name
        )
        {
            return zone;
        }

        string[] known = [.. TimeZoneInfo.GetSystemTimeZones().Select(one => one.Id).Order()];
        errors.Add(
            new ExpressionError(
                at,
                $"There is no time zone `{name}`. {DefinitionReader.Suggest(name, known)}"
            )
        );
        return null;
    }
}
