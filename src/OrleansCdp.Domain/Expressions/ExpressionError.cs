using System.Runtime.InteropServices;

namespace OrleansCdp.Expressions;

/// <summary>Something wrong in an expression.</summary>
/// <param name="At">Where: characters from the start of the text.</param>
/// <param name="Message">What, and what would be right.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ExpressionError(int At, string Message)
{
    /// <summary>The line and column of its place in a text, both from 1.</summary>
    public (int Line, int Column) PlaceIn(string text)
    {
        int line = 1;
        int from = 0;
        for (int i = 0; i < At && i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                line++;
                from = i + 1;
            }
        }

        return (line, At - from + 1);
    }
}
