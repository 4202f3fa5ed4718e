using System.Text.RegularExpressions;
using Npgsql;

namespace OrleansCdp;

[Collection(PostgresCollection.Name)]
public sealed partial class OrleansStatementsTests(PostgresServer server)
{
    /// <summary>Types that Orleans binds, by parameter name. The rest is text.</summary>
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["Status"] = "int",
        ["Port"] = "int",
        ["Generation"] = "int",
        ["ProxyPort"] = "int",
        ["Version"] = "int",
        ["StartTime"] = "timestamptz",
        ["IAmAliveTime"] = "timestamptz",
        ["GrainIdHash"] = "int",
        ["GrainTypeHash"] = "int",
        ["GrainIdN0"] = "bigint",
        ["GrainIdN1"] = "bigint",
        ["GrainStateVersion"] = "int",
        ["PayloadBinary"] = "bytea",
        ["Period"] = "bigint",
        ["GrainHash"] = "int",
        ["BeginHash"] = "int",
        ["EndHash"] = "int",
    };

    public static TheoryData<string> Keys =>
        [
            "GatewaysQueryKey",
            "MembershipReadRowKey",
            "MembershipReadAllKey",
            "InsertMembershipVersionKey",
            "UpdateIAmAlivetimeKey",
            "InsertMembershipKey",
            "UpdateMembershipKey",
            "DeleteMembershipTableEntriesKey",
            "CleanupDefunctSiloEntriesKey",
            "CleanupDefunctSiloEntryKey",
            "ReadFromStorageKey",
            "WriteToStorageKey",
            "ClearStorageKey",
            "DeleteStorageKey",
            "UpsertReminderRowKey",
            "ReadReminderRowsKey",
            "ReadReminderRowKey",
            "ReadRangeRows1Key",
            "ReadRangeRows2Key",
            "DeleteReminderRowKey",
            "DeleteReminderRowsKey",
        ];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Every_statement_prepares_with_the_types_Orleans_binds(string key)
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        string text = (
            await database.RowsAsync(
                $"select querytext from cdp.orleansquery where querykey = '{key}'"
            )
        )[0];
        List<string> names = [];
        string positional = Parameter()
            .Replace(
                text,
                match =>
                {
                    string name = match.Groups["name"].Value;
                    int at = names.IndexOf(name);
                    if (at < 0)
                    {
                        names.Add(name);
                        at = names.Count - 1;
                    }

                    return "$" + (at + 1).ToString(null, null);
                }
            );
        string types = string.Join(
            ", ",
            names.Select(name => Types.GetValueOrDefault(name, "text"))
        );

        NpgsqlConnectionStringBuilder settings = new(database.ConnectionString)
        {
            SearchPath = "cdp",
        };
        await using NpgsqlConnection connection = new(settings.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand prepare = new($"prepare q ({types}) as {positional}", connection);
        await prepare.ExecuteNonQueryAsync();
        string nulls = string.Join(", ", names.Select(_ => "null"));
        await using NpgsqlCommand describe = new($"explain execute q ({nulls})", connection);
        (await describe.ExecuteScalarAsync()).ShouldNotBeNull();
    }

    [GeneratedRegex(@"@(?<name>\w+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();
}
