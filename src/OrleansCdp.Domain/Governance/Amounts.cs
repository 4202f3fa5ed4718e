using System.Globalization;
using System.Numerics;

namespace OrleansCdp.Governance;

/// <summary>Reads numbers of a definition.</summary>
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
    ) =>
        Read(
            (reader, node, path),
            ("a whole number", NumberStyles.AllowLeadingSign),
            (min, max),
            otherwise
        );

    /// <summary>A number.</summary>
    public static double Real(
        DefinitionReader reader,
        YamlNode? node,
        string path,
        double min,
        double max,
        double otherwise
    ) => Read((reader, node, path), ("a number", NumberStyles.Float), (min, max), otherwise);

    private static T Read<T>(
        (DefinitionReader Reader, YamlNode? Node, string Path) from,
        (string Name, NumberStyles Styles) kind,
        (T Min, T Max) range,
        T otherwise
    )
        where T : INumber<T>
    {
        if (from.Node is null)
        {
            return otherwise;
        }

        if (
            from.Node is YamlScalar { Plain: true } scalar
            && T.TryParse(scalar.Text, kind.Styles, CultureInfo.InvariantCulture, out T? number)
            && number >= range.Min
            && number <= range.Max
        )
        {
            return number;
        }

        from.Reader.Add(
            from.Path,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Expected {kind.Name} from {range.Min} to {range.Max}."
            ),
            from.Node
        );
        return otherwise;
    }
}
