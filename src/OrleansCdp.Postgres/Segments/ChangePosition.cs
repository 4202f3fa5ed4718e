using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;

namespace OrleansCdp.Segments;

/// <summary>Where an entry or exit is in the order in which they are followed.</summary>
/// <param name="Transaction">The transaction that wrote it; no two of a server ever have the same.</param>
/// <param name="Number">Its number, from 1; 0 stands before all of its transaction.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ChangePosition(ulong Transaction, long Number)
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="ChangePositionException">It is something else.</exception>
    public static ChangePosition Parse(string text)
    {
        string[] parts = text.Split('-');
        return
            parts.Length == 2
            && ulong.TryParse(
                parts[0],
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out ulong transaction
            )
            && long.TryParse(
                parts[1],
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out long number
            )
            && new ChangePosition(transaction, number) is var position
            && position.ToString() == text
            ? position
            : throw new ChangePositionException(
                "This is no position of a membership change. Give one back as it was given out, "
                    + "or begin without one."
            );
    }

    /// <summary>Gives a command its two parts, in this order.</summary>
    public NpgsqlCommand Bind(NpgsqlCommand command)
    {
        command.Parameters.Add(
            new NpgsqlParameter<ulong>
            {
                TypedValue = Transaction,
                NpgsqlDbType = NpgsqlDbType.Xid8,
            }
        );
        return command.With(Number);
    }

    /// <summary>As it is given out.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Transaction}-{Number}");
}
