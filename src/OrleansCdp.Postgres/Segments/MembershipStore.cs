using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Segments;

/// <summary>Who is in which segment, and who entered or left one.</summary>
internal sealed class MembershipStore(DataSources sources) : IMembershipStore
{
    private const string Columns =
        "segment, tier, entered, version, sequence, at, cause, events, asked";

    private const string History = $"""
        select {Columns} from cdp.membership_changes
        where individual = $1 and sequence < $2
        order by sequence desc limit $3
        """;

    private const string Of = """
        select segment, tier, since, version, sequence from cdp.members
        where individual = $1 order by segment
        """;

    private const string Last = """
        select sequence, at from cdp.membership_changes
        where individual = $1 order by sequence desc limit 1
        """;

    private const string LastOfSegment = $"""
        select {Columns} from cdp.membership_changes
        where individual = $1 and segment = $2
        order by sequence desc limit 1
        """;

    private const string Around = $"""
        (select {Columns}, true from cdp.membership_changes
            where individual = $1 and segment = $2 and at <= $3 order by sequence desc limit 1)
        union all
        (select {Columns}, false from cdp.membership_changes
            where individual = $1 and segment = $2 and at > $3 order by sequence limit 1)
        """;

    // What a transaction wrote that has a lower number than this one's and runs on is not seen yet, so nothing behind it may be.
    private const string Settled = "written_by < pg_snapshot_xmin(pg_current_snapshot())";

    private const string Follow = $"""
        select {Columns}, individual, written_by, number from cdp.membership_changes
        where (written_by, number) > ($1, $2) and {Settled}
        order by written_by, number limit $3
        """;

    private const string FollowSegment = $"""
        select {Columns}, individual, written_by, number from cdp.membership_changes
        where segment = $4 and (written_by, number) > ($1, $2) and {Settled}
        order by written_by, number limit $3
        """;

    // A dump that was restored elsewhere names transactions that are still to come there: they would stand behind all new ones, and
    // not be seen until then. Then all of them are put before the new ones, in their order: from 3 on transactions are real, so 1
    // are those that the stream has told, and 2 those that it has not.
    internal const string BringBack = """
        with elsewhere as materialized (
            select exists (select from cdp.membership_changes
                    where written_by >= pg_snapshot_xmax(pg_current_snapshot()))
                or exists (select from cdp.membership_stream
                    where written_by >= pg_snapshot_xmax(pg_current_snapshot()))
                or exists (select from cdp.membership_forgotten
                    where written_by >= pg_snapshot_xmax(pg_current_snapshot())) as is_so
        ), unforgotten as (
            -- Positions from there are no positions of this order any more.
            delete from cdp.membership_forgotten f using elsewhere e where e.is_so
        ), back as (
            update cdp.membership_changes c
            set written_by = case when (c.written_by, c.number) > (s.written_by, s.number) then '2' else '1' end::xid8
            from cdp.membership_stream s, elsewhere e where e.is_so
        )
        update cdp.membership_stream set written_by = '1', number = 9223372036854775807
        where (select is_so from elsewhere)
        """;

    private const string End = "select pg_snapshot_xmin(pg_current_snapshot())";

    private const string Members = """
        select individual, tier, since, version, sequence from cdp.members
        where segment = $1 and individual > $2
        order by individual limit $3
        """;

    private const string MembersOfTier = """
        select individual, tier, since, version, sequence from cdp.members
        where segment = $1 and individual > $2 and tier = $4
        order by individual limit $3
        """;

    private const string Count = """
        select tier, count(*) from cdp.members where segment = $1
        group by tier order by tier nulls first
        """;

    // Several silos may forget at the same time: none waits for rows of another, and all note segments in one order.
    private const string Forget = """
        with old as materialized (
            select individual, sequence from cdp.membership_changes
            where at < $1
                -- What the stream has not delivered yet stays, however old it is: who is subscribed would never hear of it.
                and (written_by, number) <= (select written_by, number from cdp.membership_stream)
            order by at limit $2 for update skip locked
        ), gone as (
            delete from cdp.membership_changes c using old
            where c.individual = old.individual and c.sequence = old.sequence
            returning c.segment, c.written_by, c.number
        ), noted as (
            insert into cdp.membership_forgotten as f (segment, written_by, number)
            select distinct on (segment) segment, written_by, number from gone
            order by segment, written_by desc, number desc
            on conflict (segment) do update
                set written_by = excluded.written_by, number = excluded.number
                where (f.written_by, f.number) < (excluded.written_by, excluded.number)
        )
        select count(*) from gone
        """;

    // What was forgotten goes by age, so a few that are kept may stand before the last of those: whoever begins does so behind it, or
    // would be told on the second page that something is missing.
    private const string Begin = """
        select written_by, number from cdp.membership_forgotten
        where $1::text is null or segment = $1
        order by written_by desc, number desc limit 1
        """;

    private const string Forgotten = """
        select exists (select from cdp.membership_forgotten
            where (written_by, number) > ($1, $2) and ($3::text is null or segment = $3))
        """;

    private ulong knownEnd;

    public async Task<ImmutableArray<MembershipChange>> HistoryAsync(
        string individual,
        long? before,
        int limit,
        CancellationToken cancel
    )
    {
        DemandLimit(limit);
        return await sources
            .Storage.CreateCommand(History)
            .With(individual)
            .With(before ?? long.MaxValue)
            .With(limit)
            .RowsAsync(ChangeOf, cancel);
    }

    public async Task<Memberships> OfAsync(string individual, CancellationToken cancel)
    {
        var segments = await sources
            .Storage.CreateCommand(Of)
            .With(individual)
            .RowsAsync(
                static row => new Membership
                {
                    Segment = row.GetString(0),
                    IsIn = true,
                    Tier = row.Text(1),
                    Since = row.Instant(2),
                    Version = row.GetInt32(3),
                    Sequence = row.GetInt64(4),
                },
                cancel
            );
        var last = await sources
            .Storage.CreateCommand(Last)
            .With(individual)
            .RowsAsync(static row => (Sequence: row.GetInt64(0), At: row.Instant(1)), cancel);
        // Changes are forgotten after a time, who is in a segment is not.
        return Memberships.None with
        {
            Segments = segments,
            Sequence = segments
                .Select(one => one.Sequence)
                .Concat(last.Select(one => one.Sequence))
                .DefaultIfEmpty()
                .Max(),
            ChangedAt = segments
                .Select(one => one.Since)
                .Concat(last.Select(one => one.At))
                .DefaultIfEmpty()
                .Max(),
        };
    }

    public async Task<ImmutableArray<FollowedChange>> FollowAsync(
        string? segment,
        string? after,
        int limit,
        CancellationToken cancel
    )
    {
        DemandLimit(limit);
        ChangePosition position = after is null
            ? await BeginAsync(segment, cancel)
            : await GivenAsync(after, cancel);
        NpgsqlCommand command = position
            .Bind(sources.Storage.CreateCommand(segment is null ? Follow : FollowSegment))
            .With(limit);
        return await (segment is null ? command : command.With(segment)).RowsAsync(
            static row => new FollowedChange(
                row.GetString(9),
                ChangeOf(row),
                new ChangePosition(row.GetFieldValue<ulong>(10), row.GetInt64(11)).ToString()
            ),
            cancel
        );
    }

    public async Task<MembershipChange?> LastAsync(
        string individual,
        string segment,
        CancellationToken cancel
    ) =>
        (
            await sources
                .Storage.CreateCommand(LastOfSegment)
                .With(individual)
                .With(segment)
                .RowsAsync(ChangeOf, cancel)
        ).FirstOrDefault();

    public async Task<(MembershipChange? Last, MembershipChange? Next)> AroundAsync(
        string individual,
        string segment,
        DateTimeOffset at,
        CancellationToken cancel
    )
    {
        var rows = await sources
            .Storage.CreateCommand(Around)
            .With(individual)
            .With(segment)
            .With(at.ToUniversalTime())
            .RowsAsync(static row => (IsLast: row.GetBoolean(9), Change: ChangeOf(row)), cancel);
        return (
            rows.FirstOrDefault(row => row.IsLast).Change,
            rows.FirstOrDefault(row => !row.IsLast).Change
        );
    }

    public async Task<string> EndAsync(CancellationToken cancel) =>
        new ChangePosition(await EndOfAllAsync(cancel), 0).ToString();

    public async Task<ImmutableArray<Member>> MembersAsync(
        string segment,
        string? tier,
        string? after,
        int limit,
        CancellationToken cancel
    )
    {
        DemandLimit(limit);
        NpgsqlCommand command = sources
            .Storage.CreateCommand(tier is null ? Members : MembersOfTier)
            .With(segment)
            .With(after ?? "")
            .With(limit);
        return await (tier is null ? command : command.With(tier)).RowsAsync(
            static row => new Member(
                row.GetString(0),
                row.Text(1),
                row.Instant(2),
                row.GetInt32(3),
                row.GetInt64(4)
            ),
            cancel
        );
    }

    public Task<ImmutableArray<TierCount>> CountAsync(string segment, CancellationToken cancel) =>
        sources
            .Storage.CreateCommand(Count)
            .With(segment)
            .RowsAsync(static row => new TierCount(row.Text(0), row.GetInt64(1)), cancel);

    public Task<SegmentActivity> ActivityAsync(
        string segment,
        DateTimeOffset now,
        int flapsAbove,
        int most,
        CancellationToken cancel
    ) => ActivityReading.ReadAsync(sources.Storage, segment, now, flapsAbove, most, cancel);

    public async Task<int> ForgetAsync(DateTimeOffset moment, int limit, CancellationToken cancel)
    {
        DemandLimit(limit);
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Forget)
            .With(moment.ToUniversalTime())
            .With(limit);
        return (int)(long)(await command.ExecuteScalarAsync(cancel))!;
    }

    public async Task<bool> IsForgottenAsync(
        string? segment,
        string after,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = ChangePosition
            .Parse(after)
            .Bind(sources.Storage.CreateCommand(Forgotten))
            .With(segment);
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static void DemandLimit(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, IMembershipStore.PageMax);
    }

    private static MembershipChange ChangeOf(NpgsqlDataReader row)
    {
        return new MembershipChange(
            row.Text(1) is { } tier ? $"{row.GetString(0)}.{tier}" : row.GetString(0),
            row.GetBoolean(2),
            row.GetInt32(3),
            row.GetInt64(4),
            row.Instant(5),
            CauseOf(row.GetInt16(6)),
            MembershipJson.ValuesOf(row.GetString(8))
        )
        {
            Events = MembershipJson.EventsOf(row.GetString(7)),
        };
    }

    /// <summary>A cause as it is stored.</summary>
    internal static MembershipCause CauseOf(short stored)
    {
        MembershipCause cause = (MembershipCause)stored;
        return Enum.IsDefined(cause)
            ? cause
            : throw new FormatException(
                $"A membership change has a cause that is not known: {cause}."
            );
    }

    /// <summary>A position that was given out. Every one is before the end or is it: the end only moves on.</summary>
    private async Task<ChangePosition> GivenAsync(string after, CancellationToken cancel)
    {
        ChangePosition position = ChangePosition.Parse(after);
        if (position.Transaction > Interlocked.Read(ref knownEnd))
        {
            ulong end = await EndOfAllAsync(cancel);
            if (position.Transaction > end)
            {
                throw new ChangePositionException(
                    "This position was given out by another database, or by this one before it was "
                        + "restored: begin without one."
                );
            }

            Interlocked.Exchange(ref knownEnd, end);
        }

        return position;
    }

    private async Task<ChangePosition> BeginAsync(string? segment, CancellationToken cancel) =>
        (
            await sources
                .Storage.CreateCommand(Begin)
                .With(segment)
                .RowsAsync(
                    static row => new ChangePosition(row.GetFieldValue<ulong>(0), row.GetInt64(1)),
                    cancel
                )
        ).FirstOrDefault();

    private async Task<ulong> EndOfAllAsync(CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources.Storage.CreateCommand(End);
        return (ulong)(await command.ExecuteScalarAsync(cancel))!;
    }
}
