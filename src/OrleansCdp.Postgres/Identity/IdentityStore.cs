using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Claims, and the index of identifiers.</summary>
internal sealed class IdentityStore(DataSources sources) : IIdentityStore
{
    private const string Columns =
        "claim, owner, anchored_by, stamp_at, stamp_version, stamp_arrival, rule, event_id";

    // Of an individual with no links of its own nothing has to move: whoever is its root has what it stands for.
    private const string Read = """
        select c.claim, c.owner, c.anchored_by, c.stamp_at, c.stamp_version, c.stamp_arrival,
            c.rule, c.event_id,
            nullif(case when b.live then coalesce(b.placed_at, b.id) else b.root end, c.owner),
            coalesce(b.live and not b.settled, false),
            coalesce(f.proven, false),
            coalesce(f.tied, false),
            coalesce(f.apart, false),
            case when k.record is not null then (
                select array_agg(g.id)
                from (
                    select other as id from cdp.steward_decision
                    where survivor in (k.record, k.individual) and not together and withdrawn_at is null
                    union
                    select survivor from cdp.steward_decision
                    where other in (k.record, k.individual) and not together and withdrawn_at is null
                ) d
                    join cdp.base_individual r on r.id = d.id
                    cross join lateral (
                        select r.root as id
                        union
                        select m.id from cdp.base_individual m where m.root = r.root and m.root <> m.id
                    ) g
            ) end
        from unnest($1, $2, $3) as k(claim, record, individual)
            join cdp.claim c on c.claim = k.claim
            left join cdp.base_individual b on b.id = c.owner
            left join lateral (
                select exists (select from cdp.anchor_statement where base = b.id) as proven,
                    coalesce(bool_or(d.together), false) as tied,
                    coalesce(bool_or(not d.together), false) as apart
                from (
                    select together from cdp.steward_decision
                    where survivor = b.id and withdrawn_at is null
                    union all
                    select together from cdp.steward_decision
                    where other = b.id and withdrawn_at is null
                ) d
            ) f on c.anchored_by >= $4 and b.id is not null
        """;

    // Sorted, so that two silos with the same claims do not wait for each other in a circle.
    private const string Make = $"""
        insert into cdp.claim ({Columns})
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8) as i({Columns}) order by claim
        on conflict do nothing
        returning {Columns}
        """;

    private const string LockClaims = """
        select 1 from cdp.claim where claim = any($1) order by claim for update
        """;

    // Never back to an older stamp, and only while the owner is who the caller thinks.
    private const string Restamp = $"""
        update cdp.claim c
        set anchored_by = i.anchored_by, stamp_at = i.stamp_at,
            stamp_version = i.stamp_version, stamp_arrival = i.stamp_arrival
        from unnest($1, $2, $3, $4, $5, $6, $7, $8) as i({Columns})
        where c.claim = i.claim and c.owner = i.owner
            and (c.stamp_at, c.stamp_version, c.stamp_arrival)
                < (i.stamp_at, i.stamp_version, i.stamp_arrival)
        """;

    // See ClaimMove.Applies.
    private const string Repoint = """
        update cdp.claim c
        set owner = i.owner, anchored_by = i.anchored_by, rule = i.rule, event_id = i.event_id
        from unnest($1, $2, $3, $4, $5, $6, $8)
            as i(claim, holder, owner, anchored_by, rule, event_id, match)
        where c.claim = i.claim and c.owner = i.holder
            and (c.anchored_by >= $7 or i.anchored_by < $7 or (i.holder <> i.owner and not i.match))
        """;

    // What an individual ever gave away or took is not told by the claims of today.
    private const string NoteMoved = """
        insert into cdp.moved_individual (id)
        select distinct m.id from unnest($1, $2) as i(holder, owner)
            cross join lateral (values (i.holder), (i.owner)) as m(id)
        order by 1 on conflict do nothing
        """;

    private const string Find = """
        select id from cdp.identifier
        where type = $1 and value = $2 and id >= $3 and id < $4
        order by id limit $5
        """;

    public async Task<IReadOnlyDictionary<string, Claim>> ReadAsync(
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    )
    {
        Dictionary<string, Claim> found = [];
        await ReadIntoAsync(found, claims, cancel);
        return found;
    }

    public async Task<IReadOnlyDictionary<string, Claim>> ClaimAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> claims,
        CancellationToken cancel
    )
    {
        // Of the same claim twice the first counts, as it would in two calls.
        KeyValuePair<string, Claim>[] wanted = [.. claims.DistinctBy(claim => claim.Key)];
        Dictionary<string, Claim> held = await Commands.RetryConflictsAsync(async () =>
        {
            Dictionary<string, Claim> made = [];
            await using NpgsqlCommand command = Bind(sources.Storage.CreateCommand(Make), wanted);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
            await CollectAsync(reader, made, cancel);
            return made;
        });

        // A statement of its own: it also sees what another transaction committed while ours waited for it.
        string[] others =
        [
            .. wanted.Select(claim => claim.Key).Where(key => !held.ContainsKey(key)),
        ];
        if (others.Length > 0)
        {
            await ReadIntoAsync(held, others, cancel);
        }

        return held;
    }

    public async Task RestampAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> claims,
        CancellationToken cancel
    )
    {
        // Of the same claim twice the newest stamp counts.
        KeyValuePair<string, Claim>[] newest =
        [
            .. claims
                .GroupBy(claim => claim.Key, StringComparer.Ordinal)
                .Select(same => same.MaxBy(claim => claim.Value.AnchoredAt)),
        ];
        NpgsqlBatchCommand restamp = new(Restamp);
        foreach (NpgsqlParameter parameter in ParametersOf(newest))
        {
            restamp.Parameters.Add(parameter);
        }

        await ChangeAsync(Array.ConvertAll(newest, claim => claim.Key), [restamp], cancel);
    }

    public Task RepointAsync(IReadOnlyCollection<ClaimMove> moves, CancellationToken cancel)
    {
        ClaimMove[] wanted = [.. moves];
        string[] claims = Array.ConvertAll(wanted, move => move.Claim);
        NpgsqlBatchCommand repoint = new NpgsqlBatchCommand(Repoint)
            .With(claims)
            .With(Array.ConvertAll(wanted, move => move.From))
            .With(Array.ConvertAll(wanted, move => move.To))
            .With(Array.ConvertAll(wanted, move => move.Rank))
            .With(Array.ConvertAll(wanted, move => move.Cause.Rule))
            .With(Array.ConvertAll(wanted, move => move.Cause.EventId))
            .With(AnchorPolicy.Matched)
            .With(Array.ConvertAll(wanted, move => move.Cause.IsMatch));
        NpgsqlBatchCommand note = new NpgsqlBatchCommand(NoteMoved)
            .With(Array.ConvertAll(wanted, move => move.From))
            .With(Array.ConvertAll(wanted, move => move.To));
        return ChangeAsync(claims, [note, repoint], cancel);
    }

    /// <summary>Changes claims once they are locked, in their order.</summary>
    private async Task ChangeAsync(
        string[] claims,
        NpgsqlBatchCommand[] changes,
        CancellationToken cancel
    )
    {
        await using NpgsqlBatch batch = sources.Storage.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(LockClaims).With(claims));
        foreach (NpgsqlBatchCommand change in changes)
        {
            batch.BatchCommands.Add(change);
        }

        await Commands.RetryConflictsAsync(() => batch.ExecuteNonQueryAsync(cancel));
    }

    public Task<ImmutableArray<string>> FindAsync(
        SubjectKind subject,
        string type,
        string value,
        int limit,
        CancellationToken cancel
    )
    {
        string prefix =
            subject == SubjectKind.Individual
                ? SubjectIds.IndividualPrefix
                : SubjectIds.AccountPrefix;
        string beyond = prefix[..^1] + (char)(prefix[^1] + 1);
        return sources
            .Storage.CreateCommand(Find)
            .With(type)
            .With(value)
            .With(prefix)
            .With(beyond)
            .With(limit)
            .RowsAsync(row => row.GetString(0), cancel);
    }

    private static NpgsqlCommand Bind(NpgsqlCommand command, KeyValuePair<string, Claim>[] claims)
    {
        foreach (NpgsqlParameter parameter in ParametersOf(claims))
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static NpgsqlParameter[] ParametersOf(KeyValuePair<string, Claim>[] claims)
    {
        return
        [
            Column(claim => claim.Key),
            Column(claim => claim.Value.Owner),
            Column(claim => claim.Value.Rank),
            Column(claim => claim.Value.AnchoredAt.At),
            Column(claim => claim.Value.AnchoredAt.Version),
            Column(claim => claim.Value.AnchoredAt.Arrival),
            Column(claim => claim.Value.Cause.Rule),
            Column(claim => claim.Value.Cause.EventId),
        ];

        NpgsqlParameter<T[]> Column<T>(Converter<KeyValuePair<string, Claim>, T> of) =>
            new() { TypedValue = Array.ConvertAll(claims, of) };
    }

    private static async Task CollectAsync(
        NpgsqlDataReader reader,
        Dictionary<string, Claim> found,
        CancellationToken cancel
    )
    {
        while (await reader.ReadAsync(cancel))
        {
            Stamp stamp = new(reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5));
            found[reader.GetString(0)] = new Claim(reader.GetString(1), reader.GetInt32(2), stamp)
            {
                Cause = new ClaimCause(reader.Text(6), reader.Text(7)),
            };
            if (reader.FieldCount > 8)
            {
                found[reader.GetString(0)] = WithOwner(reader, found[reader.GetString(0)]);
            }
        }
    }

    /// <summary>A claim with what is known of its owner.</summary>
    private static Claim WithOwner(NpgsqlDataReader reader, Claim claim) =>
        claim with
        {
            PlacedAt = reader.Text(8),
            IsMoving = reader.GetBoolean(9),
            IsProven = reader.GetBoolean(10),
            IsTied = reader.GetBoolean(11),
            IsFixed = reader.GetBoolean(10) || reader.GetBoolean(11) || reader.GetBoolean(12),
            KeptFrom = ImmutableArray.Create(reader.Texts(13)),
        };

    private async Task ReadIntoAsync(
        Dictionary<string, Claim> found,
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    )
    {
        LinkKey?[] links = [.. claims.Select(ClaimKeys.LinkOf)];
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Read)
            .With(claims.ToArray())
            .With(
                Array.ConvertAll(links, link => link is { } key ? SubjectIds.RecordOf(key) : null)
            )
            .With(
                Array.ConvertAll(
                    links,
                    link => link is { } key ? SubjectIds.IndividualOf(key) : null
                )
            )
            .With(AnchorPolicy.Matched);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        await CollectAsync(reader, found, cancel);
    }
}
