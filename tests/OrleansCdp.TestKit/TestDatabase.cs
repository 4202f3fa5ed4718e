using System.Globalization;
using Npgsql;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>A database of one test.</summary>
public sealed class TestDatabase(string connectionString, LogShape shape, string name)
    : IAsyncDisposable
{
    /// <summary>How to reach it.</summary>
    public string ConnectionString => connectionString;

    /// <summary>Its log's shape.</summary>
    public LogShape Shape => shape;

    /// <summary>Its name on the server.</summary>
    public string Name => name;

    /// <summary>For a look at its tables.</summary>
    public NpgsqlDataSource Source { get; } = NpgsqlDataSource.Create(connectionString);

    /// <summary>Runs a statement.</summary>
    public async Task ExecuteAsync(string text)
    {
        await using NpgsqlCommand command = Source.CreateCommand(text);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Runs a query for one number.</summary>
    public async Task<long> NumberAsync(string text)
    {
        await using NpgsqlCommand command = Source.CreateCommand(text);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>Runs a query for rows; each becomes one text with its columns separated by bars.</summary>
    public async Task<string[]> RowsAsync(string text)
    {
        await using NpgsqlCommand command = Source.CreateCommand(text);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
        {
            object[] values = new object[reader.FieldCount];
            reader.GetValues(values);
            rows.Add(
                string.Join(
                    '|',
                    values.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture))
                )
            );
        }

        return [.. rows];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
