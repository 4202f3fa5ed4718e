namespace OrleansCdp.Identity;

/// <summary>The statements by which a turn reads.</summary>
internal static class MatchReading
{
    // The first key is this file's, the second the space's.
    public const int LockClass = 0x6d617463;

    public const string Columns =
        "id, subject, owner, group_id, individual, score, partner, event_id, said, guarded, twin, "
        + "print";

    // Of a row with its owner, behind the columns.
    public const int OwnerAt = 12;

    // A statement of its own: those after it see what was committed while it waited.
    public const string TakeLock = "select pg_advisory_xact_lock($1, $2)";

    public const string ReadVersion = """
        select version, exists (select from cdp.steward_pair), coalesce(
            (select max(change) from cdp.match_guard where space = $1), 0
        ), identifiers_to
        from cdp.match_space where space = $1 and replaced_by is null
        """;

    // One look per subject, whatever PostgreSQL thinks of the table: "= any" may walk through all of the space.
    public const string BySubject = $"""
        select r.* from unnest($2) as s(subject) cross join lateral (
            select {Columns} from cdp.match_record m
            where m.space = $1 and m.subject = s.subject limit 1
        ) r
        """;

    public const string ById = $"select {Columns} from cdp.match_record where id = any($1)";

    // Groups keep their numbers when another space takes over, so the number alone does not say which one is meant.
    public const string ByGroup = $"""
        select {Columns} from cdp.match_record
        where space = $1 and group_id = any($2) and group_id is not null
            and (twin is null or twin = id)
        """;

    public const string ByTwin = $"""
        select {Columns} from cdp.match_record where twin = any($1) and twin <> id
        """;

    public const string ByPrint = $"""
        select r.* from unnest($2) as s(print) cross join lateral (
            select {Columns} from cdp.match_record m
            where m.space = $1 and m.print = s.print and m.owner is null and m.twin is null
            order by m.id desc limit 1
        ) r
        """;

    public const string CountTwins = """
        select twin, count(*) from cdp.match_record
        where twin = any($1) and twin <> id group by twin
        """;

    public const string ByOwner = $"""
        select {Columns} from cdp.match_record
        where space = $1 and owner = any($2) and owner is not null and group_id is null
        """;

    public const string NextIds = """
        select nextval('cdp.match_id') from generate_series(1, $1)
        """;

    // A closed key comes back once, without a record.
    public const string ByKey = """
        select k.key_hash, r.record_id
        from unnest($2) as k(key_hash)
            left join cdp.match_bucket b on b.space = $1 and b.key_hash = k.key_hash
            left join lateral (
                select m.record_id from cdp.match_key m
                where m.space = $1 and m.key_hash = k.key_hash and b.key_hash is null
                limit $3
            ) r on true
        where r.record_id is not null or b.key_hash is not null
        """;

    public const string EdgesAround = """
        select a, b, score, levels from cdp.match_edge where a = any($1) and score >= $2
        union
        select a, b, score, levels from cdp.match_edge where b = any($1) and score >= $2
        """;

    // What was said of somebody who is merged holds for whoever has his links.
    public const string Verdicts = """
        with asked as (
            select subject from unnest($1) as s(subject)
            union
            select id from cdp.base_individual where root = any($1) and root <> id
        )
        select coalesce(a.root, p.link_a), coalesce(b.root, p.link_b), p.verdict,
            p.companion
        from (
            select p.* from asked s join cdp.steward_pair p on p.link_a = s.subject
            union
            select p.* from asked s join cdp.steward_pair p on p.link_b = s.subject
        ) p
            left join cdp.base_individual a on a.id = p.link_a
            left join cdp.base_individual b on b.id = p.link_b
        where p.verdict <> 0
        """;

    public const string ReadRoots = """
        select id, root from cdp.base_individual where id = any($1) and root <> id
        """;

    // As claims say now: whoever repoints one after this tells the space himself, once it has.
    public const string Claimed = """
        select s.subject, coalesce(b.root, c.owner)
        from unnest($1) as s(subject)
            join cdp.claim c on c.claim = 'link:' || s.subject
            left join cdp.base_individual b on b.id = c.owner
        where c.anchored_by <> $2
        """;

    public const string Owners = $"""
        select r.*, case when c.anchored_by <> $3 then coalesce(b.root, c.owner) end
        from (
            select {Columns} from cdp.match_record
            where space = $1 and owner = any($2) and owner is not null and group_id is null
            union
            select {Columns} from cdp.match_record
            where space = $1 and subject = any($2) and owner is not null and group_id is null
        ) r
            left join cdp.claim c on c.claim = 'link:' || r.subject
            left join cdp.base_individual b on b.id = c.owner
        """;
}
