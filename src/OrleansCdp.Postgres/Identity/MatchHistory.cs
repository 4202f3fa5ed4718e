using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>What is stored of single links in a match space: for those who ask why.</summary>
internal static class MatchHistory
{
    private const string Changes = """
        select at, version, event_id, from_individual, to_individual, from_group, to_group,
            to_score, partner, levels, reason, caused_by
        from cdp.match_change where space = $1 and subject = $2 order by id desc limit $3
        """;

    private const string Said = """
        select r.said, r.guarded
        from unnest($2) with ordinality as s(subject, place)
            join cdp.match_record r on r.space = $1 and r.subject = s.subject
        order by s.place
        """;

    public static Task<ImmutableArray<StoredDecision>> ChangesAsync(
        DataSources sources,
        int space,
        string link,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Changes)
            .With(space)
            .With(link)
            .With(limit)
            .RowsAsync(DecisionAt, cancel);

    public static Task<ImmutableArray<SaidOf>> SaidAsync(
        DataSources sources,
        int space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Said)
            .With(space)
            .With(subjects.ToArray())
            .RowsAsync(
                row => new SaidOf(
                    row.Bytes(0),
                    row.IsDBNull(1) ? null : row.GetFieldValue<long[]>(1)
                ),
                cancel
            );

    private static StoredDecision DecisionAt(NpgsqlDataReader row) =>
        new(
            new LinkDecision
            {
                At = row.Instant(0),
                Version = row.GetInt32(1),
                EventId = row.GetString(2),
                FromIndividual = row.Text(3),
                ToIndividual = row.Text(4),
                FromGroup = row.Number(5),
                ToGroup = row.Number(6),
                Score = row.Double(7),
                Partner = row.Text(8),
                Reason = row.Text(10),
                CausedBy = row.Text(11),
            },
            row.Number(9)
        );
}
