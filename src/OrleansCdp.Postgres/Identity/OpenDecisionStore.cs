using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What events say of links and could not be carried out: a row for each link.</summary>
internal sealed class OpenDecisionStore(DataSources sources, ChunkCodec codec) : IOpenDecisionStore
{
    private const string Columns =
        "claim, weight_at, weight_version, weight_arrival, sequence, event, reason";

    // Sorted, so that two silos with the same links do not wait for each other in a circle.
    private const string Note = $"""
        insert into cdp.open_decision as o ({Columns}, record, individual)
        select i.* from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
            as i({Columns}, record, individual)
        order by i.claim
        on conflict (claim) do update set
            weight_at = excluded.weight_at, weight_version = excluded.weight_version,
            weight_arrival = excluded.weight_arrival, sequence = excluded.sequence,
            event = excluded.event, reason = excluded.reason
        where (o.weight_at, o.weight_version, o.weight_arrival)
            <= (excluded.weight_at, excluded.weight_version, excluded.weight_arrival)
        """;

    // Three lookups and no list of all.
    private const string Of = $"""
        select {Columns} from cdp.open_decision
        where claim in (
            select claim from cdp.open_decision where record = any($1)
            union
            select claim from cdp.open_decision where individual = any($1)
            union
            select 'link:' || i.subject from unnest($1) as i(subject)
        )
        order by claim
        """;

    // While a steward's word is in force nothing else is to be expected.
    private static readonly TimeSpan OverruledPeriod = TimeSpan.FromHours(1);

    private const string Overdue = $"""
        update cdp.open_decision o set tried_at = now()
        from (
            select claim from cdp.open_decision w
            where tried_at < now() - $1 and (
                reason <> $3 or tried_at < now() - $4 or not exists (
                    select from cdp.steward_decision d
                    where d.withdrawn_at is null and (
                        d.survivor in (w.record, w.individual)
                        or d.other in (w.record, w.individual)
                    )
                )
            )
            order by tried_at limit $2 for update skip locked
        ) due
        where o.claim = due.claim
        returning o.claim, weight_at, weight_version, weight_arrival, sequence, event, reason
        """;

    private const string Close = """
        delete from cdp.open_decision o
        using unnest($1, $2, $3, $4) as d(claim, weight_at, weight_version, weight_arrival)
        where o.claim = d.claim and o.weight_at = d.weight_at
            and o.weight_version = d.weight_version and o.weight_arrival = d.weight_arrival
        """;

    public async Task NoteAsync(IReadOnlyCollection<OpenDecision> open, CancellationToken cancel)
    {
        OpenDecision[] heaviest =
        [
            .. open.GroupBy(one => one.Claim, StringComparer.Ordinal)
                .Select(same => same.MaxBy(one => one.Weight)!),
        ];
        LinkKey[] links = Array.ConvertAll(heaviest, one => ClaimKeys.LinkOf(one.Claim)!.Value);
        await Commands.RetryConflictsAsync(async () =>
        {
            await using NpgsqlCommand command = WithKeys(
                    sources.Storage.CreateCommand(Note),
                    heaviest
                )
                .With(Array.ConvertAll(heaviest, one => one.Event.Sequence))
                .With(Array.ConvertAll(heaviest, one => ChunkCodec.Encode(one.Event.Event)))
                .With(Array.ConvertAll(heaviest, one => one.Reason))
                .With(Array.ConvertAll(links, SubjectIds.RecordOf))
                .With(Array.ConvertAll(links, SubjectIds.IndividualOf));
            return await command.ExecuteNonQueryAsync(cancel);
        });
    }

    public Task<ImmutableArray<OpenDecision>> ReadAsync(
        IReadOnlyCollection<string> homes,
        CancellationToken cancel
    ) => sources.Storage.CreateCommand(Of).With(homes.ToArray()).RowsAsync(DecisionOf, cancel);

    public Task<ImmutableArray<OpenDecision>> OverdueAsync(
        TimeSpan since,
        int limit,
        CancellationToken cancel
    ) =>
        sources
            .Storage.CreateCommand(Overdue)
            .With(since)
            .With(limit)
            .With(ReasonCodes.Overruled)
            .With(OverruledPeriod)
            .RowsAsync(DecisionOf, cancel);

    public async Task CloseAsync(IReadOnlyCollection<OpenDecision> done, CancellationToken cancel)
    {
        await using NpgsqlCommand command = WithKeys(
            sources.Storage.CreateCommand(Close),
            [.. done]
        );
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlCommand WithKeys(NpgsqlCommand command, OpenDecision[] decisions) =>
        command
            .With(Array.ConvertAll(decisions, one => one.Claim))
            .With(Array.ConvertAll(decisions, one => one.Weight.At))
            .With(Array.ConvertAll(decisions, one => one.Weight.Version))
            .With(Array.ConvertAll(decisions, one => one.Weight.Arrival));

    private OpenDecision DecisionOf(NpgsqlDataReader reader) =>
        new(
            reader.GetString(0),
            new Stamp(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)),
            new SequencedEvent(reader.GetInt64(4), codec.Decode(reader.Bytes(5)).Events[0]),
            reader.GetString(6)
        );
}
