using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// What is known of a record for matching: of each field of a match space the values that its events stated,
/// normalised. Joining is commutative, associative and idempotent, so the order of events does not matter.
/// </summary>
public sealed class MatchValues : IEquatable<MatchValues>
{
    /// <summary>Values of one field; beyond it those stated in the latest months stay, of one month the first by their text.</summary>
    public const int ValuesMax = 8;

    /// <summary>Characters of one normalised value; longer texts are compared by their beginning.</summary>
    public const int TextMax = 120;

    private const byte Format = 1;

    private readonly ImmutableArray<FieldValues> fields;

    private MatchValues(ImmutableArray<FieldValues> fields)
    {
        this.fields = fields;
    }

    /// <summary>Nothing at all.</summary>
    public static MatchValues Empty { get; } = new([]);

    /// <summary>Whether no field has a value.</summary>
    public bool IsEmpty => fields.IsEmpty;

    /// <summary>
    /// When an event states its values, as <see cref="MatchValue.At"/>: the beginning of its month in UTC. So the same words
    /// again say something new once a month, and what is kept beyond <see cref="ValuesMax"/> does not depend on how often or
    /// in which order they were said.
    /// </summary>
    public static long MonthOf(LinkEvent linkEvent)
    {
        DateTime at = linkEvent.OccurredAt.UtcDateTime;
        DateTimeOffset month = new(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero);
        return month.ToUnixTimeMilliseconds();
    }

    /// <summary>Puts normalised values together; of a value stated twice the later statement counts.</summary>
    /// <param name="values">Of each value its field's <see cref="MatchField.Id"/>.</param>
    internal static MatchValues Of(IEnumerable<(ushort Field, MatchValue Value)> values) =>
        new([
            .. values
                .GroupBy(value => value.Field, value => value.Value)
                .Select(field => new FieldValues(field.Key, Newest(field)))
                .OrderBy(field => field.Id),
        ]);

    /// <summary>The values of a field, the last stated first; none when it is missing.</summary>
    internal ImmutableArray<MatchValue> Of(ushort field)
    {
        int at = fields.IndexOf(field, static (f, id) => f.Id.CompareTo(id));
        return at < 0 ? [] : fields[at].Values;
    }

    /// <summary>Only some of the values.</summary>
    internal MatchValues Where(Func<ushort, MatchValue, bool> isWanted) =>
        Of(
            fields.SelectMany(field =>
                field
                    .Values.Where(value => isWanted(field.Id, value))
                    .Select(value => (field.Id, value))
            )
        );

    /// <summary>Adds what another statement says; nothing is taken away but the oldest beyond the limit.</summary>
    public MatchValues Join(MatchValues other)
    {
        if (other.IsEmpty || ReferenceEquals(this, other))
        {
            return this;
        }

        MatchValues joined = Of(
            fields
                .Concat(other.fields)
                .SelectMany(field => field.Values.Select(value => (field.Id, value)))
        );
        return joined.Equals(this) ? this : joined;
    }

    /// <summary>The compact form that is stored; equal values have equal bytes.</summary>
    public byte[] Encode() => Write(static value => value.At);

    /// <summary>
    /// A hash of what is compared, stored with records: equal where <see cref="ComparesAs"/> is true, and hardly ever else.
    /// </summary>
    public long Print() => (long)XxHash3.HashToUInt64(Write(static _ => 0));

    private byte[] Write(Func<MatchValue, long> atOf)
    {
        List<byte> bytes = [Format];
        Append(bytes, (uint)fields.Length);
        foreach (FieldValues field in fields)
        {
            bytes.Add((byte)field.Id);
            bytes.Add((byte)(field.Id >> 8));
            Append(bytes, (uint)field.Values.Length);
            foreach (MatchValue value in field.Values)
            {
                long at = atOf(value);
                Append(bytes, ((ulong)at << 1) ^ (ulong)(at >> 63));
                byte[] text = Encoding.UTF8.GetBytes(value.Text);
                Append(bytes, (uint)text.Length);
                bytes.AddRange(text);
            }
        }

        return [.. bytes];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are damaged, or of a format not known here.</exception>
    public static MatchValues Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] != Format)
        {
            throw new FormatException(
                bytes.IsEmpty
                    ? "Match values have at least one byte."
                    : $"Match values of format {bytes[0]} are not known here."
            );
        }

        Reader reader = new(bytes[1..]);
        var decoded = new FieldValues[reader.Count(ushort.MaxValue)];
        for (int i = 0; i < decoded.Length; i++)
        {
            ushort id = reader.Id();
            var values = new MatchValue[reader.Count(ValuesMax)];
            for (int j = 0; j < values.Length; j++)
            {
                ulong at = reader.Number();
                values[j] = new MatchValue(reader.Text(), (long)(at >> 1) ^ -(long)(at & 1));
            }

            decoded[i] = new FieldValues(id, [.. values]);
        }

        reader.End();
        return new MatchValues([.. decoded]);
    }

    /// <inheritdoc/>
    public bool Equals(MatchValues? other) =>
        other is not null && IsLike(other, static (left, right) => left.Equals(right));

    /// <summary>Whether the same is compared: the same values in the same order, whenever they were stated.</summary>
    public bool ComparesAs(MatchValues other) =>
        IsLike(other, static (left, right) => left.Text == right.Text);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MatchValues);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (FieldValues field in fields)
        {
            hash.Add(field.Id);
            hash.Add(field.Values[0].Text, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    private bool IsLike(MatchValues other, Func<MatchValue, MatchValue, bool> isSame) =>
        fields.Length == other.fields.Length
        && fields
            .Zip(other.fields)
            .All(pair =>
                pair.First.Id == pair.Second.Id
                && pair.First.Values.Length == pair.Second.Values.Length
                && pair.First.Values.Zip(pair.Second.Values)
                    .All(two => isSame(two.First, two.Second))
            );

    private static ImmutableArray<MatchValue> Newest(IEnumerable<MatchValue> values) =>
        [
            .. values
                .GroupBy(value => value.Text, StringComparer.Ordinal)
                .Select(same => same.MaxBy(value => value.At)!)
                .OrderByDescending(value => value.At)
                .ThenBy(value => value.Text, StringComparer.Ordinal)
                .Take(ValuesMax),
        ];

    private static void Append(List<byte> bytes, ulong number)
    {
        while (number >= 0x80)
        {
            bytes.Add((byte)(number | 0x80));
            number >>= 7;
        }

        bytes.Add((byte)number);
    }

    private readonly record struct FieldValues(ushort Id, ImmutableArray<MatchValue> Values);

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> rest = bytes;

        public ulong Number()
        {
            ulong number = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte next = Take(1)[0];
                number |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return number;
                }
            }

            throw Damaged();
        }

        public int Count(int max)
        {
            ulong count = Number();
            return count <= (ulong)max ? (int)count : throw Damaged();
        }

        public ushort Id() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

        public string Text() => Encoding.UTF8.GetString(Take(Count(4 * TextMax)));

        public readonly void End()
        {
            if (!rest.IsEmpty)
            {
                throw Damaged();
            }
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > rest.Length)
            {
                throw Damaged();
            }

            ReadOnlySpan<byte> taken = rest[..count];
            rest = rest[count..];
            return taken;
        }

        private static FormatException Damaged() => new("The match values are damaged.");
    }
}

/// <summary>One normalised value.</summary>
/// <param name="text">What is compared.</param>
/// <param name="at">The month in which it was last stated by the source's clock, in milliseconds of Unix time.</param>
internal sealed class MatchValue(string text, long at) : IEquatable<MatchValue>
{
    private ValueForm? form;

    /// <summary>What is compared.</summary>
    public string Text => text;

    /// <summary>The month in which it was last stated by the source's clock, in milliseconds of Unix time.</summary>
    public long At => at;

    /// <summary>The text taken apart for comparison, once.</summary>
    public ValueForm FormOf(MatchType type)
    {
        ValueForm? known = form;
        if (known is null || known.Type != type)
        {
            form = known = ValueForm.Of(type, text);
        }

        return known;
    }

    /// <inheritdoc/>
    public bool Equals(MatchValue? other) =>
        other is not null && text == other.Text && at == other.At;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MatchValue);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(text, at);
}
