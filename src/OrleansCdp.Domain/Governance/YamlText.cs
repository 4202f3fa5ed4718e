using System.Globalization;
using System.Text;

namespace OrleansCdp.Governance;

/// <summary>Writes texts into a definition.</summary>
internal static class YamlText
{
    /// <summary>A text in double quotes on one line, which is read as the same text whatever it holds.</summary>
    public static string Quoted(string value)
    {
        StringBuilder text = new("\"", value.Length + 2);
        foreach (char c in value)
        {
            if (c is '"' or '\\')
            {
                text.Append('\\').Append(c);
            }
            else if (c == '\n')
            {
                text.Append("\\n");
            }
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF')
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            }
            else
            {
                text.Append(c);
            }
        }

        return text.Append('"').ToString();
    }
}
