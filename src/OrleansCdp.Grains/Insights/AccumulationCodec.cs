namespace OrleansCdp.Insights;

/// <summary>How what insights know of a link is stored. Part of the stored format of links.</summary>
internal static class AccumulationCodec
{
    [Flags]
    private enum Has
    {
        None = 0,
        Part = 1,
        Sum = 2,
        Second = 4,
        Fading = 8,
        Picked = 16,
        Distinct = 32,
        Instants = 64,
        All = Part | Sum | Second | Fading | Picked | Distinct | Instants,
    }

    public static void Write(CompactWriter to, Accumulation known)
    {
        to.Number(known.Revision);
        to.Flag(known.IsWhole);
        to.Number(known.SinceNormal);
        to.Number(known.SinceLow);
        to.Ticks(known.HeardAt);
        to.Number(known.Records);
        to.Many(known.Tallies, WriteTally);
    }

    public static Accumulation Read(CompactReader from) =>
        new()
        {
            Revision = from.Number(),
            IsWhole = from.Flag(),
            SinceNormal = from.Number(),
            SinceLow = from.Number(),
            HeardAt = from.Ticks(),
            Records = checked((int)from.Number()),
            Tallies = from.Many(ReadTally),
        };

    public static void WriteTally(CompactWriter to, Tally tally)
    {
        Has has =
            (tally.Part is null ? Has.None : Has.Part)
            | (tally.Sum == 0 ? Has.None : Has.Sum)
            | tally.Beside switch
            {
                SecondSum => Has.Second,
                FadingSum => Has.Fading,
                Picked => Has.Picked,
                DistinctCount => Has.Distinct,
                LatestInstants => Has.Instants,
                _ => Has.None,
            };
        to.Unsigned((ulong)has);
        to.Number(tally.Stretch);
        to.Number(tally.Count);
        if (tally.Part is { } part)
        {
            to.Name(part);
        }

        if (tally.Sum != 0)
        {
            WriteWide(to, tally.Sum);
        }

        switch (tally.Beside)
        {
            case SecondSum second:
                WriteWide(to, second.Sum);
                break;
            case FadingSum fading:
                to.Ticks(BitConverter.DoubleToInt64Bits(fading.Amount));
                to.Ticks(fading.At);
                break;
            case Picked picked:
                to.Ticks(picked.At);
                WriteWide(to, picked.Value.Order);
                to.TextOrNull(picked.Value.Text);
                break;
            case DistinctCount distinct:
                to.Many(distinct.Hashes, static (to, hash) => to.Ticks((long)hash));
                to.Many(distinct.Ranks, static (to, rank) => to.Unsigned(rank));
                break;
            case LatestInstants latest:
                to.Many(latest.Ticks, static (to, at) => to.Ticks(at));
                break;
        }
    }

    public static Tally ReadTally(CompactReader from)
    {
        Has has = (Has)from.Unsigned();
        if ((has & ~Has.All) != Has.None)
        {
            throw new InvalidDataException("It knows something that only a newer program does.");
        }

        return new Tally
        {
            Stretch = from.Number(),
            Count = from.Number(),
            Part = has.HasFlag(Has.Part) ? from.Name() : null,
            Sum = has.HasFlag(Has.Sum) ? ReadWide(from) : 0,
            Beside = ReadBeside(from, has),
        };
    }

    private static IBeside? ReadBeside(CompactReader from, Has has)
    {
        if (has.HasFlag(Has.Second))
        {
            return new SecondSum(ReadWide(from));
        }

        if (has.HasFlag(Has.Fading))
        {
            return new FadingSum(BitConverter.Int64BitsToDouble(from.Ticks()), from.Ticks());
        }

        if (has.HasFlag(Has.Picked))
        {
            return new Picked(from.Ticks(), new Measured(ReadWide(from), from.TextOrNull()));
        }

        if (has.HasFlag(Has.Instants))
        {
            return new LatestInstants(from.Many(static from => from.Ticks()));
        }

        return has.HasFlag(Has.Distinct)
            ? new DistinctCount
            {
                Hashes = from.Many(static from => (ulong)from.Ticks()),
                Ranks = from.Many(static from => checked((byte)from.Unsigned())),
            }
            : null;
    }

    // Nearly every number fits into 64 bits.
    private static void WriteWide(CompactWriter to, Int128 number)
    {
        bool isWide = number < long.MinValue || number > long.MaxValue;
        to.Flag(isWide);
        to.Number((long)number);
        if (isWide)
        {
            to.Number((long)(number >> 64));
        }
    }

    private static Int128 ReadWide(CompactReader from)
    {
        bool isWide = from.Flag();
        long low = from.Number();
        return isWide ? new Int128((ulong)from.Number(), (ulong)low) : low;
    }
}
