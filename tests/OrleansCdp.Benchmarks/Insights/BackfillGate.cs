using Npgsql;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Demands that insights made while events went on know what was before, and that what they write is on its way.</summary>
/// <param name="contender">The product, drained.</param>
/// <param name="requests">Its insights.</param>
internal sealed class BackfillGate(OrleansContender contender, InsightRequests requests)
{
    private const string Written = """
        select id, convert_from(payload, 'UTF8')::jsonb ->> 'value' from cdp.outbox where topic = $1
        """;

    /// <summary>Compares the number of things done, as an insight has it, with what was sent.</summary>
    /// <returns>People compared.</returns>
    /// <exception cref="InvalidOperationException">A number is wrong.</exception>
    public async Task<int> DemandToldAsync(string insight, Oracle oracle, int people)
    {
        int wrong = 0;
        int[] chosen = [.. Gate.Choose(people)];
        foreach (int person in chosen)
        {
            CountOf told = await requests.CountAsync(person, insight);
            wrong += Differs(person, insight, told.Value, oracle.EngagementsOf(person));
        }

        return Demand(wrong, chosen.Length);
    }

    /// <summary>
    /// Compares the number of orders with what was sent, those included that the insight says are left out of it, and what is
    /// to be written with the insight.
    /// </summary>
    /// <returns>People compared.</returns>
    /// <exception cref="InvalidOperationException">A number is wrong, or missing.</exception>
    public async Task<int> DemandWrittenAsync(
        string insight,
        string topic,
        Oracle oracle,
        int people
    )
    {
        Dictionary<string, string> written = await WrittenAsync(topic);
        int wrong = 0;
        int[] chosen = [.. Gate.Choose(people)];
        foreach (int person in chosen)
        {
            CountOf kept = await requests.CountAsync(person, insight);
            int orders = oracle.AnswerOf(person).Orders;
            wrong += Differs(person, insight, kept.Value + kept.LeftOut, orders);
            wrong += Differs(person, topic, written.GetValueOrDefault(kept.Id), $"{kept.Value}");
        }

        return Demand(wrong, chosen.Length);
    }

    private static int Differs<T>(int person, string what, T found, T expected)
    {
        if (EqualityComparer<T>.Default.Equals(found, expected))
        {
            return 0;
        }

        Note.Write($"{what} of person {person}: {found}; expected {expected}");
        return 1;
    }

    private static int Demand(int wrong, int compared) =>
        wrong == 0
            ? compared
            : throw new InvalidOperationException(
                $"{wrong} values of {compared} people are wrong."
            );

    private async Task<Dictionary<string, string>> WrittenAsync(string topic)
    {
        Dictionary<string, string> written = [];
        await using NpgsqlCommand command = contender.Database.Source.CreateCommand(Written);
        command.Parameters.Add(new NpgsqlParameter { Value = topic });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            written.Add(reader.GetString(0), reader.GetString(1));
        }

        return written;
    }
}
