using System.Text;

namespace OrleansCdp.Governance;

/// <summary>Builds keys out of fields.</summary>
internal static class Keys
{
    /// <summary>
    /// The key, or null when no field has a value. Several fields are joined with <c>/</c>; one in a value is
    /// written <c>%2F</c>, so that different values never make equal keys.
    /// </summary>
    public static string? Of(KeyPlan key, RecordView record)
    {
        if (key.Slots.Length == 1)
        {
            return PartOf(record, key.Slots[0]) is { Length: > 0 } only ? only : null;
        }

        StringBuilder? joined = null;
        int empty = 0;
        foreach (int slot in key.Slots)
        {
            string part = PartOf(record, slot);
            if (part.Length == 0)
            {
                empty++;
                continue;
            }

            joined = joined is null ? new StringBuilder() : joined.Append('/');
            joined.Append('/', empty);
            joined.Append(Escape(part));
            empty = 0;
        }

        return joined?.ToString();
    }

    private static string PartOf(RecordView record, int slot)
    {
        if (record.TextOf(slot) is not { } text)
        {
            return "";
        }

        return text.Length > 0 && (char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]))
            ? text.Trim()
            : text;
    }

    private static string Escape(string part) =>
        part.AsSpan().ContainsAny('/', '%')
            ? part.Replace("%", "%25", StringComparison.Ordinal)
                .Replace("/", "%2F", StringComparison.Ordinal)
            : part;
}
