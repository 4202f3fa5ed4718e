using System.Collections.Immutable;
using Npgsql;

namespace OrleansCdp;

/// <summary>Statements with positional parameters, and what their failures mean.</summary>
internal static class Commands
{
    /// <summary>Appends the next positional parameter.</summary>
    public static NpgsqlBatchCommand With<T>(this NpgsqlBatchCommand command, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return command;
    }

    /// <summary>Appends the next positional parameter.</summary>
    public static NpgsqlCommand With<T>(this NpgsqlCommand command, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return command;
    }

    /// <summary>Appends a text parameter that may be null.</summary>
    public static NpgsqlCommand WithText(this NpgsqlCommand command, string? value)
    {
        command.Parameters.Add(
            new NpgsqlParameter
            {
                NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text,
                Value = (object?)value ?? DBNull.Value,
            }
        );
        return command;
    }

    /// <summary>A column of bytes. Rows are read whole, so this never waits.</summary>
    public static byte[] Bytes(this NpgsqlDataReader reader, int column) =>
        reader.GetFieldValue<byte[]>(column);

    /// <summary>A column with an instant.</summary>
    public static DateTimeOffset Instant(this NpgsqlDataReader reader, int column) =>
        reader.GetFieldValue<DateTimeOffset>(column);

    /// <summary>A column with an instant that may be null.</summary>
    public static DateTimeOffset? InstantOrNull(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.Instant(column);

    /// <summary>A column of text that may be null.</summary>
    public static string? Text(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>A column of a whole number that may be null.</summary>
    public static long? Number(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetInt64(column);

    /// <summary>A column of a number that may be null.</summary>
    public static double? Double(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetDouble(column);

    /// <summary>A column with texts; null for none.</summary>
    public static string[] Texts(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? [] : reader.GetFieldValue<string[]>(column);

    /// <summary>Runs a command and reads its rows; the command is used up.</summary>
    /// <param name="reading">The command.</param>
    /// <param name="rowOf">Reads the row that the reader is at.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<ImmutableArray<T>> RowsAsync<T>(
        this NpgsqlCommand reading,
        Func<NpgsqlDataReader, T> rowOf,
        CancellationToken cancel
    )
    {
        await using NpgsqlCommand command = reading;
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancel);
        return await reader.RowsAsync(rowOf, cancel);
    }

    /// <summary>Reads the rows of the result that a reader is at.</summary>
    public static async Task<ImmutableArray<T>> RowsAsync<T>(
        this NpgsqlDataReader reader,
        Func<NpgsqlDataReader, T> rowOf,
        CancellationToken cancel
    )
    {
        var rows = ImmutableArray.CreateBuilder<T>();
        while (await reader.ReadAsync(cancel))
        {
            rows.Add(rowOf(reader));
        }

        return rows.ToImmutable();
    }

    /// <summary>
    /// Runs an action again when PostgreSQL rolled it back to solve a conflict between transactions: nothing was
    /// done then.
    /// </summary>
    public static async Task<T> RetryConflictsAsync<T>(Func<Task<T>> action)
    {
        const int triesMax = 5;
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await action();
            }
            catch (PostgresException e) when (tries < triesMax && IsConflict(e))
            {
                // Rolled back as a whole; the other transaction has gone through.
            }
        }
    }

    private static bool IsConflict(PostgresException e) =>
        e.SqlState
            is PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.SerializationFailure;
}
