using System.Collections.Immutable;
using Npgsql;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Damaged states and what rebuilding one must know, in the database.</summary>
internal sealed class StateRepairs(DataSources sources) : IStateRepairs
{
    /// <summary>Rows of damaged states that are kept; beyond it the oldest go, those of rebuilt states first.</summary>
    internal const int RowsMax = 10_000;

    private const int TimeoutSeconds = 120;

    // Of a state that changed since nothing is kept: whoever changed it could read it.
    private const string Keep = """
        with rows as (
            select '' as part, s.ver, s.data from cdp.snapshot s where s.id = $1 and s.ver = $2
            union all
            select p.part, s.ver, p.data
            from cdp.snapshot_part p join cdp.snapshot s on s.id = p.id and s.ver = $2
            where p.id = $1
        )
        insert into cdp.corrupt_state (id, part, digest, ver, data, flaw)
        select $1, part, sha256(data), ver, data, case when part = $3 then $4 end from rows
        on conflict (id, part, digest) do update
            set flaw = coalesce(cdp.corrupt_state.flaw, excluded.flaw), ver = excluded.ver
        returning part, outcome
        """;

    private const string Trim = """
        delete from cdp.corrupt_state c using (
            select id, part, digest from cdp.corrupt_state
            order by outcome <> 1 desc, found_at desc, id, part offset $1
        ) surplus
        where (c.id, c.part, c.digest) = (surplus.id, surplus.part, surplus.digest)
        """;

    private const string Settle = """
        update cdp.corrupt_state set outcome = $3, reason = $4
        where id = $1 and ver = $2 and outcome <> $3
        """;

    // Through all claims: they are found by what they claim. Damages are too rare for an index that every claim pays.
    private const string LinksOf = """
        select claim, since from cdp.claim
        where owner = $1 and claim >= 'link:' and claim < 'link;' limit $2
        """;

    private const string HasMoved =
        "select exists (select from cdp.moved_individual where id = $1)";

    private const string List = """
        select id, flaw, outcome, reason, found_at from cdp.corrupt_state
        where flaw is not null
        order by outcome = 1, found_at desc, id limit $1
        """;

    public async Task<DamageOutcome> KeepAsync(StateDamage damage, CancellationToken cancel)
    {
        DamageOutcome outcome = DamageOutcome.Found;
        await using NpgsqlCommand keep = sources
            .Storage.CreateCommand(Keep)
            .With(damage.Id)
            .With(damage.Version)
            .With(damage.Part)
            .With(damage.Flaw);
        await using (NpgsqlDataReader reader = await keep.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                outcome =
                    reader.GetString(0) == damage.Part
                        ? (DamageOutcome)reader.GetInt16(1)
                        : outcome;
            }
        }

        await using NpgsqlCommand trim = sources.Storage.CreateCommand(Trim).With(RowsMax);
        await trim.ExecuteNonQueryAsync(cancel);
        return outcome;
    }

    public async Task<bool> SettleAsync(
        StateDamage damage,
        DamageOutcome outcome,
        string? reason,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(Settle)
            .With(damage.Id)
            .With(damage.Version)
            .With((short)outcome)
            .WithText(reason);
        return await command.ExecuteNonQueryAsync(cancel) > 0;
    }

    public async Task<IReadOnlyDictionary<LinkKey, DateTimeOffset?>?> LinksOfAsync(
        string individual,
        CancellationToken cancel
    )
    {
        Dictionary<LinkKey, DateTimeOffset?> links = [];
        await using NpgsqlCommand claims = sources
            .Storage.CreateCommand(LinksOf)
            .With(individual)
            .With(Limits.LinksMax + 1);
        claims.CommandTimeout = TimeoutSeconds;
        await using (NpgsqlDataReader reader = await claims.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                if (ClaimKeys.LinkOf(reader.GetString(0)) is { } key)
                {
                    links[key] = reader.InstantOrNull(1);
                }
            }
        }

        // After the claims: a link that moved meanwhile has left its mark by then.
        await using NpgsqlCommand moved = sources.Storage.CreateCommand(HasMoved).With(individual);
        return await moved.ExecuteScalarAsync(cancel) is true ? null : links;
    }

    public async Task<ImmutableArray<DamagedState>> ListAsync(CancellationToken cancel)
    {
        await using NpgsqlCommand command = sources
            .Storage.CreateCommand(List)
            .With(ClusterStatus.DamagesMax);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        var damages = ImmutableArray.CreateBuilder<DamagedState>();
        while (await reader.ReadAsync(cancel))
        {
            damages.Add(
                new DamagedState(
                    reader.GetString(0),
                    reader.GetString(1),
                    (DamageOutcome)reader.GetInt16(2),
                    reader.Text(3),
                    reader.Instant(4)
                )
            );
        }

        return damages.ToImmutable();
    }
}
