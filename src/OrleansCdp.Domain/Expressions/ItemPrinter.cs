using System.Text;

namespace OrleansCdp.Expressions;

/// <summary>Writes what criteria say of items and segments, in the one way.</summary>
internal static class ItemPrinter
{
    /// <summary>Writes such a part.</summary>
    public static void Write(StringBuilder text, Syntax syntax)
    {
        switch (syntax)
        {
            case Syntax.Measured measured:
                text.Append(measured.Measure).Append('(');
                text.Append(measured.Value is { } of ? ExpressionPrinter.Print(of) + " of " : "");
                Write(text, measured.Items, within: null);
                text.Append(')');
                break;
            case Syntax.Sequence sequence:
                text.Append(ItemGrammar.SequenceWord).Append('(');
                Write(text, sequence.First, within: null);
                foreach (SequenceStep step in sequence.Steps)
                {
                    text.Append(step.IsMissing ? " then no " : " then ");
                    Write(text, step.Items, step.Within);
                }

                text.Append(')');
                break;
            case Syntax.InSegment test:
                text.Append("in segment ").Append(ExpressionPrinter.Print(test.Segment));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(syntax));
        }
    }

    private static void Write(StringBuilder text, SomeItems items, Syntax.Literal? within)
    {
        text.Append(ExpressionPrinter.Print(items.Source));
        if (items.Window is { } window)
        {
            text.Append(" within last ").Append(ExpressionPrinter.Print(window.Value));
        }

        if (within is not null)
        {
            text.Append(" within ").Append(ExpressionPrinter.Print(within.Value));
        }

        if (items.Where is { } where)
        {
            text.Append(" where ").Append(ExpressionPrinter.Print(where));
        }
    }
}
