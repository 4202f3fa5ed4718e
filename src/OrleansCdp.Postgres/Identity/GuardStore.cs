using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>Identifiers that stopped identifying or began to again, and who has them.</summary>
internal sealed class GuardStore(DataSources sources) : IGuardStore
{
    private const string Due = """
        select g.space, g.identifier, g.change, g.reviewed
        from cdp.match_guard g
            join cdp.match_space s on s.space = g.space and s.replaced_by is null
        where g.reviewed is not null and ($1 is null or g.space = $1) order by g.change limit 1
        """;

    private const string Holders = """
        select r.id, r.subject
        from (
            select record_id from cdp.match_identifier
            where space = $1 and identifier = $2 and record_id > $3
            order by record_id limit $4
        ) i join cdp.match_record r on r.id = i.record_id
        order by r.id
        """;

    private const string NoteReviewed = """
        update cdp.match_guard set reviewed = $4
        where space = $1 and identifier = $2 and change = $3
        """;

    private const string Unlisted = """
        select s.space, r.id, r.subject
        from (
            select space, identifiers_to from cdp.match_space
            where identifiers_to is not null and replaced_by is null order by space limit 1
        ) s left join lateral (
            select id, subject from cdp.match_record
            where space = s.space and id > s.identifiers_to and (owner is null or owner = subject)
            order by id limit $1
        ) r on true
        order by r.id
        """;

    private const string NoteListed = """
        update cdp.match_space set identifiers_to = $2 where space = $1
        """;

    public async Task<GuardReviewDue?> FindDueAsync(int? space, CancellationToken cancel)
    {
        var found = await sources
            .Storage.CreateCommand(Due)
            .With(space)
            .RowsAsync(
                static row => new GuardReviewDue(
                    row.GetInt32(0),
                    row.GetInt64(1),
                    row.GetInt64(2),
                    row.GetInt64(3)
                ),
                cancel
            );
        return found.IsEmpty ? null : found[0];
    }

    public Task<ImmutableArray<Holder>> ReadHoldersAsync(
        GuardReviewDue due,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Holders)
            .With(due.Space)
            .With(due.Identifier)
            .With(due.Reviewed)
            .With(limit)
            .RowsAsync(static row => new Holder(row.GetInt64(0), row.GetString(1)), cancel);

    public async Task NoteReviewedAsync(
        GuardReviewDue due,
        long? reviewed,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(NoteReviewed)
            .With(due.Space)
            .With(due.Identifier)
            .With(due.Change)
            .With(reviewed);
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task<(int Space, ImmutableArray<Holder> Records)?> ReadUnlistedAsync(
        int limit,
        CancellationToken cancel
    )
    {
        var rows = await sources
            .Storage.CreateCommand(Unlisted)
            .With(limit)
            .RowsAsync(
                static row =>
                    (
                        Space: row.GetInt32(0),
                        Record: row.Number(1) is { } id ? new Holder(id, row.GetString(2)) : default
                    ),
                cancel
            );
        return rows.IsEmpty
            ? null
            : (
                rows[0].Space,
                [.. rows.Select(row => row.Record).Where(record => record.Record > 0)]
            );
    }

    public async Task NoteListedAsync(int space, long? listed, CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(NoteListed)
            .With(space)
            .With(listed);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
