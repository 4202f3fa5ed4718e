using System.Collections.Frozen;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>What the query of one insight answers.</summary>
/// <param name="Columns">Names of its columns.</param>
/// <param name="Rows">Its rows, by whose they are.</param>
internal sealed record SqlAnswer(
    IReadOnlySet<string> Columns,
    ILookup<string, IReadOnlyDictionary<string, object>> Rows
)
{
    /// <summary>Whether it has an amount for each currency.</summary>
    public bool IsMoney => Columns.Contains("currency");

    /// <summary>Whether it has parts.</summary>
    public bool IsDivided => Columns.Contains("part");
}

/// <summary>
/// The events of a log in plain tables, and one plain query for each shipped insight: <c>Insights/Sql</c>. What the queries say is
/// recomputed from nothing but the events, and shares no line with the product.
/// </summary>
internal sealed class OracleSql : IAsyncDisposable
{
    private static readonly string[] Shared = ["tables", "records", "predictions"];

    private readonly NpgsqlConnection connection;

    private OracleSql(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>The query of each shipped insight, by its name.</summary>
    public static FrozenDictionary<string, string> Queries { get; } =
        Directory
            .GetFiles(Path.Combine(AppContext.BaseDirectory, "Insights", "Sql"), "*.sql")
            .Where(file => !Shared.Contains(Path.GetFileNameWithoutExtension(file)))
            .ToFrozenDictionary(
                file => Path.GetFileNameWithoutExtension(file)!,
                File.ReadAllText,
                StringComparer.Ordinal
            );

    /// <summary>Copies a log into tables that are gone with the connection.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="tables">What it holds.</param>
    /// <param name="subjects">Everybody who will be asked about.</param>
    /// <param name="model">The model that is asked; null for none.</param>
    public static Task<OracleSql> ReadAsync(
        string connectionString,
        OracleTables tables,
        IEnumerable<string> subjects,
        PredictionModel? model
    ) => ReadAsync(connectionString, HeldOf(tables), subjects, model);

    /// <summary>Copies events into tables that are gone with the connection.</summary>
    /// <param name="connectionString">Any database.</param>
    /// <param name="events">The events, with whose they are.</param>
    /// <param name="subjects">Everybody who will be asked about.</param>
    /// <param name="model">The model that is asked; null for none.</param>
    public static async Task<OracleSql> ReadAsync(
        string connectionString,
        IEnumerable<(LogPosition At, LinkEvent Event, string Holder)> events,
        IEnumerable<string> subjects,
        PredictionModel? model
    )
    {
        OracleSql sql = new(new NpgsqlConnection(connectionString));
        await sql.connection.OpenAsync();
        await sql.ExecuteAsync("tables");
        await sql.CopyEventsAsync(events);
        await sql.CopySubjectsAsync(subjects);
        await sql.CopyModelAsync(model);
        await sql.ExecuteAsync("records");
        await sql.ExecuteAsync("predictions");
        return sql;
    }

    /// <summary>What every query says of a moment.</summary>
    public async Task<IReadOnlyDictionary<string, SqlAnswer>> AnswersAsync(DateTimeOffset at)
    {
        Dictionary<string, SqlAnswer> answers = new(StringComparer.Ordinal);
        foreach ((string name, string query) in Queries)
        {
            answers.Add(name, await AnswerAsync(query, at));
        }

        return answers;
    }

    /// <summary>Whom a query of a segment names, with the tier where it has one.</summary>
    public async Task<IEnumerable<string>> MembersAsync(string query, DateTimeOffset at)
    {
        SqlAnswer answer = await AnswerAsync(query, at);
        return answer.Rows.SelectMany(rows =>
            rows.Select(row =>
                row.TryGetValue("tier", out object? tier) ? $"{rows.Key} {tier}" : rows.Key
            )
        );
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task<SqlAnswer> AnswerAsync(string query, DateTimeOffset at)
    {
        await using NpgsqlCommand command = new(query, connection) { CommandTimeout = 300 };
        command.Parameters.AddWithValue("at", NpgsqlDbType.TimestampTz, at.UtcDateTime);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<IReadOnlyDictionary<string, object>> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(
                Enumerable
                    .Range(0, reader.FieldCount)
                    .Where(i => !reader.IsDBNull(i))
                    .ToDictionary(reader.GetName, reader.GetValue, StringComparer.Ordinal)
            );
        }

        return new SqlAnswer(
            Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToHashSet(),
            rows.ToLookup(row => (string)row["subject"], StringComparer.Ordinal)
        );
    }

    private async Task ExecuteAsync(string file)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Insights", "Sql", $"{file}.sql");
        await using NpgsqlCommand command = new(await File.ReadAllTextAsync(path), connection)
        {
            CommandTimeout = 300,
        };
        await command.ExecuteNonQueryAsync();
    }

    private static IEnumerable<(LogPosition At, LinkEvent Event, string Holder)> HeldOf(
        OracleTables tables
    )
    {
        foreach ((LogPosition at, LinkEvent e) in tables.Events)
        {
            if (!tables.Quarantined.ContainsKey(at) && HolderOf(tables, e) is { } holder)
            {
                yield return (at, e, holder);
            }
        }
    }

    private async Task CopyEventsAsync(
        IEnumerable<(LogPosition At, LinkEvent Event, string Holder)> events
    )
    {
        await using NpgsqlBinaryImporter import = await connection.BeginBinaryImportAsync(
            "copy event from stdin (format binary)"
        );
        foreach ((LogPosition at, LinkEvent e, string holder) in events)
        {
            await WriteAsync(import, at, e, holder);
        }

        await import.CompleteAsync();
    }

    /// <summary>Who has the link of an event in the end; null for nobody.</summary>
    public static string? HolderOf(OracleTables tables, LinkEvent e) =>
        e.Subject == SubjectKind.Account
            ? SubjectIds.AccountOf(e.Link)
            : tables.HolderOf(ClaimKeys.Of(e.Link));

    private static async Task WriteAsync(
        NpgsqlBinaryImporter import,
        LogPosition at,
        LinkEvent e,
        string holder
    )
    {
        await import.StartRowAsync();
        await import.WriteAsync(holder, NpgsqlDbType.Text);
        await import.WriteAsync(e.Link.ToString(), NpgsqlDbType.Text);
        await import.WriteAsync(e.Link.Source, NpgsqlDbType.Text);
        await import.WriteAsync((short)at.Lane, NpgsqlDbType.Smallint);
        await import.WriteAsync(at.Sequence, NpgsqlDbType.Bigint);
        await import.WriteAsync(e.EventId, NpgsqlDbType.Text);
        await import.WriteAsync(e.Object, NpgsqlDbType.Text);
        await WriteAsync(import, e.RecordId, NpgsqlDbType.Text);
        await import.WriteAsync(e.Kind.ToString().ToLowerInvariant(), NpgsqlDbType.Text);
        await import.WriteAsync(e.OccurredAt.UtcDateTime, NpgsqlDbType.TimestampTz);
        await import.WriteAsync(e.ReceivedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
        await import.WriteAsync(e.Version, NpgsqlDbType.Bigint);
        bool isOfSubject = e.RecordId is null && e.Kind != EventKind.Engagement;
        await import.WriteAsync(JsonOf(isOfSubject ? e.Traits : e.Fields), NpgsqlDbType.Jsonb);
        bool speaksOfLines = e.LinesComplete || !e.Lines.IsEmpty;
        string? lines = speaksOfLines
            ? JsonSerializer.Serialize(e.Lines, JsonSerializerOptions.Web)
            : null;
        await WriteAsync(import, lines, NpgsqlDbType.Jsonb);
        await import.WriteAsync(e.LinesComplete, NpgsqlDbType.Boolean);
        string? account = e.Account is { } link ? SubjectIds.AccountOf(link) : null;
        await WriteAsync(import, account, NpgsqlDbType.Text);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter import, string? text, NpgsqlDbType type) =>
        text is null ? import.WriteNullAsync() : import.WriteAsync(text, type);

    private static string JsonOf(IEnumerable<Field> fields) =>
        $"{{{string.Join(',', fields.Select(one => $"{Quoted(one.Name)}:{JsonOf(one.Value)}"))}}}";

    private static string JsonOf(FieldValue value) =>
        value.Type switch
        {
            FieldType.Null => "null",
            FieldType.Number or FieldType.Boolean or FieldType.Json => value.Text,
            _ => Quoted(value.Text),
        };

    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    private async Task CopySubjectsAsync(IEnumerable<string> subjects)
    {
        await using NpgsqlBinaryImporter import = await connection.BeginBinaryImportAsync(
            "copy subject from stdin (format binary)"
        );
        foreach (string subject in subjects)
        {
            await import.WriteRowAsync(CancellationToken.None, subject);
        }

        await import.CompleteAsync();
    }

    private async Task CopyModelAsync(PredictionModel? model)
    {
        if (model is null)
        {
            return;
        }

        (model.Counting.Period, model.Counting.Offset).ShouldBe((TimeUnit.Day, TimeSpan.Zero));
        await using NpgsqlCommand insert = new(
            "insert into model values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            connection
        );
        BgNbd purchases = model.Purchases;
        object?[] values =
        [
            purchases.Unit == TimeUnit.Week ? 7 : 1,
            purchases.R,
            purchases.Alpha,
            purchases.A,
            purchases.B,
            model.Values?.P,
            model.Values?.Q,
            model.Values?.Gamma,
            model.Currency,
        ];
        foreach (object? value in values)
        {
            insert.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        await insert.ExecuteNonQueryAsync();
    }
}
