using Npgsql;
using OrleansCdp.Insights;

namespace OrleansCdp.Events;

/// <summary>
/// Contender B: PostgreSQL and one set-based function. Batches come straight from the producers (B), or over HTTP
/// through a small gateway of its own (BH).
/// </summary>
internal sealed class SetBasedContender : IContender
{
    private const string Answer = """
        select p.order_count, p.last_engagement_at, p.open_cases,
            array(select r.currency from b.revenue r where r.person = p.person order by 1),
            array(select r.amount from b.revenue r where r.person = p.person order by r.currency)
        from b.link k join b.profile p using (person)
        where k.link = $1
        """;

    private readonly ChildProgram? front;

    private SetBasedContender(string name, BenchmarkDatabase database, ChildProgram? front)
    {
        Name = name;
        Database = database;
        this.front = front;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public BenchmarkDatabase Database { get; }

    /// <inheritdoc/>
    public int? HostProcessId => front?.Id;

    /// <inheritdoc/>
    public IReadOnlyList<string> ProducerArguments =>
        [
            "--target",
            Name,
            "--connection",
            Database.ConnectionString,
            "--address",
            front?.Ready ?? "",
        ];

    /// <summary>Makes its schema and starts what else it needs.</summary>
    public static async Task<SetBasedContender> StartAsync(string name, BenchmarkDatabase database)
    {
        await database.ExecuteAsync(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "schema.sql"))
        );
        ChildProgram? gateway =
            name == "BH"
                ? await ChildProgram.StartAsync([
                    "front",
                    "--connection",
                    database.ConnectionString,
                ])
                : null;
        return new SetBasedContender(name, database, gateway);
    }

    /// <summary>A batch is acknowledged once it is applied; what it proved about browsers is merged right after.</summary>
    public Task DrainAsync() => Database.ExecuteAsync("select b.merge_people()");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PersonAnswer?>> AnswersAsync(IReadOnlyList<int> people)
    {
        List<PersonAnswer?> answers = [];
        foreach (int person in people)
        {
            await using NpgsqlCommand command = Database.Source.CreateCommand(Answer);
            command.Parameters.Add(
                new NpgsqlParameter<string> { TypedValue = "u:" + RecordWriter.UserOf(person) }
            );
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            answers.Add(await reader.ReadAsync() ? AnswerOf(reader) : null);
        }

        return answers;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (front is not null)
        {
            await front.DisposeAsync();
        }

        await Database.DisposeAsync();
    }

    private static PersonAnswer AnswerOf(NpgsqlDataReader row) =>
        new(
            row.GetInt32(0),
            PersonAnswer.RevenueOf(
                row.GetFieldValue<string[]>(3).Zip(row.GetFieldValue<decimal[]>(4))
            ),
            row.IsDBNull(1) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)),
            row.GetInt32(2)
        );
}
