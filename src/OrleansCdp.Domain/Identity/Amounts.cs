using System.Globalization;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Reads numbers of a ruleset.</summary>
internal static class Amounts
{
    /// <summary>A whole number.</summary>
    public static int Whole(
        DefinitionReader reader,
        YamlNode? node,
        string path,
        int min,
        int max,
        int otherwise
    )
    {
        if (node is null)
        {
            return otherwise;
        }

        if (
            node is YamlScalar { Plain: true } scalar
            && int.TryParse(
                scalar.Text,
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out int number
            )
            && number >= min
            && number <= max
        )
        {
            return number;
        }

        reader.Add(path, $"Expected a whole number from {min} to {max}.", node);
        return otherwise;
    }

    /// <summary>A number.</summary>
    public static double Real(
        DefinitionReader reader,
        YamlNode? node,
        string path,
        double min,
        double max,
        double otherwise
    )
    {
        if (node is null)
        {
            return otherwise;
        }

        if (
            node is YamlScalar { Plain: true } scalar
            && double.TryParse(
                scalar.Text,
                NumberStyles.Float,
                CultureInfo.InvariantCulture,
                out double number
            )
            && number >= min
            && number <= max
        )
        {
            return number;
        }

        reader.Add(
            path,
            string.Create(CultureInfo.InvariantCulture, $"Expected a number from {min} to {max}."),
            node
        );
        return otherwise;
    }
}
