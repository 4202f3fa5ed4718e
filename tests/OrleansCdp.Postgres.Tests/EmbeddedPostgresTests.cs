using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OrleansCdp;

public sealed class EmbeddedPostgresTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cdp-embedded-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task It_keeps_its_data_and_its_password_over_a_restart()
    {
        await using (EmbeddedPostgres first = await StartAsync())
        {
            await ExecuteAsync(first, "create table kept (x int); insert into kept values (7)");
        }

        await using EmbeddedPostgres second = await StartAsync();

        (await ExecuteAsync(second, "select x from kept")).ShouldBe(7);
        UnixFileMode mode = File.GetUnixFileMode(Path.Combine(folder, "password"));
        mode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task It_stops_when_disposed()
    {
        EmbeddedPostgres server = await StartAsync();

        await server.DisposeAsync();

        File.Exists(PidFile(folder)).ShouldBeFalse();
        using TcpClient client = new();
        await Should.ThrowAsync<SocketException>(() =>
            client.ConnectAsync(IPAddress.Loopback, server.Port)
        );
    }

    [Fact]
    public async Task It_wants_a_password()
    {
        await using EmbeddedPostgres server = await StartAsync();
        NpgsqlConnectionStringBuilder wrong = new(server.ConnectionString)
        {
            Password = "guess",
            Pooling = false,
        };
        await using NpgsqlConnection connection = new(wrong.ConnectionString);

        PostgresException refusal = await Should.ThrowAsync<PostgresException>(() =>
            connection.OpenAsync()
        );

        refusal.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task It_starts_although_the_server_was_killed_and_left_its_pid_file()
    {
        await using EmbeddedPostgres killed = await StartAsync();
        int pid = PidOf(folder);
        using (Process server = Process.GetProcessById(pid))
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        File.Exists(PidFile(folder)).ShouldBeTrue();
        await Eventually.SucceedAsync(async () =>
        {
            await killed.RestartAsync(PostgresStop.Fast, default);
            return true;
        });

        (await ExecuteAsync(killed, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task It_stops_the_server_that_a_killed_program_left_behind()
    {
        int orphan;
        await using (EmbeddedPostgres first = await StartAsync())
        {
            // A killed program lets go of its lock, and its server runs on: the same, seen from the next start.
            orphan = PidOf(folder);
            first.AbandonForTest();
        }

        await using EmbeddedPostgres second = await StartAsync();

        PidOf(folder).ShouldNotBe(orphan);
        (await ExecuteAsync(second, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task It_ignores_a_pid_file_whose_number_belongs_to_another_process()
    {
        await (await StartAsync()).DisposeAsync();
        string own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(PidFile(folder), own + "\n" + folder);

        await using EmbeddedPostgres server = await StartAsync();

        (await ExecuteAsync(server, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task It_makes_its_data_anew_when_that_was_interrupted()
    {
        Directory.CreateDirectory(Path.Combine(folder, "pg.new"));
        await File.WriteAllTextAsync(Path.Combine(folder, "pg.new", "half"), "done");
        LetEverybodyEnter();

        await using EmbeddedPostgres server = await StartAsync();

        (await ExecuteAsync(server, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_folder_in_use_is_refused()
    {
        await using EmbeddedPostgres first = await StartAsync();

        (await RefusalAsync(new() { DataFolder = folder })).ShouldContain("is in use");
    }

    [Fact]
    public async Task A_port_in_use_is_refused()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        string message = await RefusalAsync(new() { DataFolder = folder, Port = port });

        message.ShouldContain($"Port {port} on 127.0.0.1 is taken");
    }

    [Fact]
    public async Task Data_of_another_major_version_is_refused()
    {
        string data = Directory.CreateDirectory(Path.Combine(folder, "pg")).FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "PG_VERSION"), "9\n");

        (await RefusalAsync(new() { DataFolder = folder })).ShouldContain("by PostgreSQL 9, but");
    }

    [Fact]
    public async Task A_folder_that_is_somebody_else_s_is_refused_and_left_as_it_is()
    {
        string foreign = Path.Combine(folder, "pg", "thesis.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(foreign)!);
        await File.WriteAllTextAsync(foreign, "years of work");
        LetEverybodyEnter();

        string message = await RefusalAsync(new() { DataFolder = folder });

        message.ShouldContain("holds no database");
        (await File.ReadAllTextAsync(foreign)).ShouldBe("years of work");
    }

    [Fact]
    public async Task What_else_is_in_the_folder_keeps_its_owner()
    {
        string other = Path.Combine(folder, "other");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(other, "");
        LetEverybodyEnter();
        string before = await OwnersAsync(folder, other);

        await (await StartAsync()).DisposeAsync();

        (await OwnersAsync(folder, other)).ShouldBe(before);
    }

    // What is not empty is nobody's to give away, and PostgreSQL runs as another user when we are root.
    private void LetEverybodyEnter() =>
        File.SetUnixFileMode(
            folder,
            UnixFileMode.UserRead
                | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute
                | UnixFileMode.OtherExecute
        );

    private static async Task<string> OwnersAsync(params string[] paths)
    {
        ProcessStartInfo start = new("stat", ["-c", "%U", .. paths])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using Process stat = Process.Start(start)!;
        return await stat.StandardOutput.ReadToEndAsync();
    }

    [Fact]
    public async Task A_folder_without_server_programs_is_refused()
    {
        string message = await RefusalAsync(
            new() { DataFolder = folder, BinariesFolder = Path.Combine(folder, "nothing") }
        );

        message.ShouldContain("No PostgreSQL server programs of version 14 or newer");
    }

    [Fact]
    public async Task Server_programs_that_are_too_old_are_refused()
    {
        string binaries = Directory.CreateDirectory(Path.Combine(folder, "bin")).FullName;
        string postgres = Path.Combine(binaries, "postgres");
        await File.WriteAllTextAsync(postgres, "#!/bin/sh\necho 'postgres (PostgreSQL) 13.4'\n");
        File.SetUnixFileMode(postgres, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        string message = await RefusalAsync(
            new() { DataFolder = folder, BinariesFolder = binaries }
        );

        message.ShouldContain("version 13");
    }

    [Theory]
    [InlineData(9)]
    [InlineData(1_001)]
    public async Task A_number_of_connections_out_of_range_is_refused(int connections) =>
        (
            await RefusalAsync(new() { DataFolder = folder, ConnectionsMax = connections })
        ).ShouldContain(nameof(EmbeddedPostgresOptions.ConnectionsMax));

    [Theory]
    [InlineData(10)]
    [InlineData(1_000)]
    public async Task As_few_or_as_many_connections_as_may_be_are_what_the_server_admits(
        int connections
    )
    {
        await using EmbeddedPostgres server = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions
            {
                DataFolder = folder,
                SharedBuffers = "16MB",
                ConnectionsMax = connections,
            },
            default
        );

        (await ExecuteAsync(server, "show max_connections")).ShouldBe(
            connections.ToString(CultureInfo.InvariantCulture)
        );
    }

    private static async Task<string> RefusalAsync(EmbeddedPostgresOptions options)
    {
        EmbeddedPostgresException refusal = await Should.ThrowAsync<EmbeddedPostgresException>(() =>
            EmbeddedPostgres.StartAsync(options, default)
        );
        refusal.Message.ShouldNotContain("\n");
        return refusal.Message;
    }

    private static async Task<object?> ExecuteAsync(EmbeddedPostgres server, string text)
    {
        NpgsqlConnectionStringBuilder settings = new(server.ConnectionString) { Pooling = false };
        await using NpgsqlConnection connection = new(settings.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(text, connection);
        return await command.ExecuteScalarAsync();
    }

    private static string PidFile(string folder) => Path.Combine(folder, "pg", "postmaster.pid");

    private static int PidOf(string folder) =>
        int.Parse(File.ReadLines(PidFile(folder)).First(), CultureInfo.InvariantCulture);

    private Task<EmbeddedPostgres> StartAsync() =>
        EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions { DataFolder = folder, SharedBuffers = "16MB" },
            default
        );
}
