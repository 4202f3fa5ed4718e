using System.Collections.Concurrent;
using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp.Identity;

/// <summary>The identifiers of a space that identify nobody.</summary>
/// <param name="Change">Number of the last change that it knows.</param>
/// <param name="Identifiers">By <see cref="IdentifierValue.Key"/>.</param>
internal sealed record GuardSet(long Change, ImmutableHashSet<long> Identifiers)
{
    public static GuardSet Empty { get; } = new(0, []);
}

/// <summary>
/// What this silo knows of the identifiers that identify nobody, space by space. Whoever has the turn of a space sees in
/// passing whether that is all, and reads what is new only if it is not. Each has more individuals than may have one, so
/// there are fewer of them than individuals.
/// </summary>
internal sealed class GuardSets
{
    private const string Changes = """
        select identifier, guarded, change from cdp.match_guard where space = $1 and change > $2
        """;

    private const string ByIdentifier = """
        select k.identifier, r.record_id
        from unnest($2) as k(identifier) cross join lateral (
            select m.record_id from cdp.match_identifier m
            where m.space = $1 and m.identifier = k.identifier and m.individual
            limit $3
        ) r
        """;

    private readonly ConcurrentDictionary<int, GuardSet> known = new();

    /// <summary>The individuals that have identifiers.</summary>
    public static async Task<ILookup<long, long>> ReadIndividualsAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int space,
        IReadOnlyCollection<long> keys,
        int limit,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = new NpgsqlCommand(ByIdentifier, connection, transaction)
            .With(space)
            .With(keys.ToArray())
            .With(limit);
        var read = await command.RowsAsync(
            static row => (Key: row.GetInt64(0), Record: row.GetInt64(1)),
            cancel
        );
        return read.ToLookup(one => one.Key, one => one.Record);
    }

    /// <summary>The identifiers of a space, as of a change. Only for whoever has the turn: nobody else changes them.</summary>
    public async Task<ImmutableHashSet<long>> ReadAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        int space,
        long change,
        CancellationToken cancel
    )
    {
        GuardSet set = known.GetValueOrDefault(space, GuardSet.Empty);
        if (set.Change == change)
        {
            return set.Identifiers;
        }

        // A number below what is known is of a database that was put back.
        set = set.Change > change ? GuardSet.Empty : set;
        await using NpgsqlCommand command = new NpgsqlCommand(Changes, connection, transaction)
            .With(space)
            .With(set.Change);
        var identifiers = set.Identifiers.ToBuilder();
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            _ = reader.GetBoolean(1)
                ? identifiers.Add(reader.GetInt64(0))
                : identifiers.Remove(reader.GetInt64(0));
        }

        known[space] = new GuardSet(change, identifiers.ToImmutable());
        return known[space].Identifiers;
    }
}
