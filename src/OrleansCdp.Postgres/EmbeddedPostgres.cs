using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Npgsql;

namespace OrleansCdp;

/// <summary>
/// A private PostgreSQL server on loopback, run from the installed programs in a folder of its own, as an ordinary
/// user. It keeps its data; disposing stops it.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    private const string User = "cdp";
    private const string Database = "cdp";
    private const int StartTriesMax = 3;
    private readonly EmbeddedPostgresOptions options;
    private readonly FileStream folderLock;
    private readonly EmbeddedPostgresUser user;
    private readonly EmbeddedPostgresBinaries binaries;
    private readonly string password;
    private bool running;

    private EmbeddedPostgres(
        EmbeddedPostgresOptions options,
        FileStream folderLock,
        EmbeddedPostgresUser user,
        EmbeddedPostgresBinaries binaries,
        string password
    )
    {
        this.options = options;
        this.folderLock = folderLock;
        this.user = user;
        this.binaries = binaries;
        this.password = password;
    }

    /// <summary>How to reach its database.</summary>
    public string ConnectionString => ConnectionStringTo(Database);

    /// <summary>The port it listens on.</summary>
    public int Port { get; private set; }

    private string Folder => Path.GetFullPath(options.DataFolder);

    private string Data => Path.Combine(Folder, "pg");

    private string PidFile => Path.Combine(Data, "postmaster.pid");

    private string PasswordFile => Path.Combine(Folder, "password");

    private string LogFile => Path.Combine(Folder, "server.log");

    /// <summary>Starts the server, making its data folder first if need be.</summary>
    /// <exception cref="EmbeddedPostgresException">It cannot be started; the message says why.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        EmbeddedPostgresOptions options,
        CancellationToken cancel
    )
    {
        ValidateOptionsResult valid = new EmbeddedPostgresOptionsValidator().Validate(
            null,
            options
        );
        if (valid.Failed)
        {
            throw new EmbeddedPostgresException(valid.FailureMessage);
        }

        string folder = Path.GetFullPath(options.DataFolder);
        string data = Path.Combine(folder, "pg");
        string versionFile = Path.Combine(data, "PG_VERSION");
        int? dataMajor = File.Exists(versionFile)
            ? int.Parse(
                await File.ReadAllTextAsync(versionFile, cancel),
                CultureInfo.InvariantCulture
            )
            : null;
        var programs = await EmbeddedPostgresBinaries.FindAsync(
            options.BinariesFolder,
            dataMajor,
            cancel
        );
        EmbeddedPostgresUser runner = await EmbeddedPostgresUser.FindAsync(cancel);
        Directory.CreateDirectory(folder);
        bool isFresh = !Directory.EnumerateFileSystemEntries(folder).Any();
        FileStream held = EmbeddedPostgresFolder.Lock(folder);
        try
        {
            string secret = await EmbeddedPostgresFolder.PasswordOfAsync(folder, cancel);
            EmbeddedPostgres server = new(options, held, runner, programs, secret);
            if (isFresh)
            {
                await runner.OwnAsync([folder], cancel);
            }

            await runner.RequireAccessAsync(folder, cancel);
            if (dataMajor is null)
            {
                await server.InitialiseAsync(cancel);
            }

            await File.AppendAllTextAsync(server.LogFile, "", cancel);
            await runner.OwnAsync([data, server.LogFile], cancel);
            await server.StopLeftoverAsync(cancel);
            await server.StartServerAsync(cancel);
            return server;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>How to reach another database of this server.</summary>
    public string ConnectionStringTo(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Username = User,
            Password = password,
            Database = database,
        }.ConnectionString;

    /// <summary>Stops the server and starts it again on the same port.</summary>
    public async Task RestartAsync(PostgresStop how, CancellationToken cancel)
    {
        await StopAsync(how, cancel);
        await StopLeftoverAsync(cancel);
        await StartOnAsync(Port, cancel);
    }

    /// <summary>Stops the server. The object can only be disposed or restarted then.</summary>
    public async Task StopAsync(PostgresStop how, CancellationToken cancel)
    {
        if (!running)
        {
            return;
        }

        running = false;
        string mode = how == PostgresStop.Fast ? "fast" : "immediate";
        (int exit, string output) = await RunAsync(
            "pg_ctl",
            ["stop", "-D", Data, "-m", mode, "-w", "-t", "120"],
            cancel
        );
        if (exit != 0 && File.Exists(PidFile))
        {
            throw new EmbeddedPostgresException($"PostgreSQL in {Folder} did not stop: {output}");
        }
    }

    /// <summary>Waits until the server has ended, for whatever reason.</summary>
    public async Task UntilEndAsync(CancellationToken cancel)
    {
        string first = (await File.ReadAllLinesAsync(PidFile, cancel))[0];
        using Process server = Process.GetProcessById(
            int.Parse(first, CultureInfo.InvariantCulture)
        );
        await server.WaitForExitAsync(cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync(PostgresStop.Fast, CancellationToken.None);
        }
        finally
        {
            await folderLock.DisposeAsync();
        }
    }

    /// <summary>Forgets the server without stopping it, as a kill of this program does.</summary>
    internal void AbandonForTest() => running = false;

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void RequireFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException e)
        {
            throw new EmbeddedPostgresException(
                $"Port {port} on 127.0.0.1 is taken by another program. Choose another port, or none "
                    + "to take any free one.",
                e
            );
        }
    }

    private async Task InitialiseAsync(CancellationToken cancel)
    {
        if (Path.Exists(Data))
        {
            throw new EmbeddedPostgresException(
                $"{Data} is there and holds no database (it has no PG_VERSION). It is left as it is: "
                    + "choose another data folder, or move it away."
            );
        }

        // Made beside its place and moved there when whole: a kill half-way leaves nothing that looks ready.
        string half = Data + ".new";
        if (Directory.Exists(half))
        {
            Directory.Delete(half, recursive: true);
        }

        Directory.CreateDirectory(half);
        await user.OwnAsync([half, PasswordFile], cancel);
        (int exit, string output) = await RunAsync(
            "initdb",
            [
                "-D",
                half,
                "-U",
                User,
                "-A",
                "scram-sha-256",
                "--pwfile",
                PasswordFile,
                "-E",
                "UTF8",
                "--no-locale",
                "--no-instructions",
            ],
            cancel
        );
        if (exit != 0)
        {
            throw new EmbeddedPostgresException(
                $"initdb failed in {Folder}: {output.ReplaceLineEndings(" ")}"
            );
        }

        Directory.Move(half, Data);
    }

    /// <summary>
    /// We hold the folder's lock, so a server that runs here, or a pid file that stayed behind, belongs to a
    /// program that was killed.
    /// </summary>
    private async Task StopLeftoverAsync(CancellationToken cancel)
    {
        if (!File.Exists(PidFile))
        {
            return;
        }

        string first = (await File.ReadAllLinesAsync(PidFile, cancel)).FirstOrDefault("");
        if (int.TryParse(first, CultureInfo.InvariantCulture, out int pid) && IsServerOf(Data, pid))
        {
            running = true;
            await StopAsync(PostgresStop.Fast, cancel);
        }
        else
        {
            // The number may belong to some other process by now; the server would refuse to start then.
            File.Delete(PidFile);
        }
    }

    private static bool IsServerOf(string data, int pid)
    {
        try
        {
            string command = File.ReadAllText($"/proc/{pid}/cmdline");
            return command.Contains("postgres", StringComparison.Ordinal)
                && command.Contains(data, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // No such process.
        }
    }

    private async Task StartServerAsync(CancellationToken cancel)
    {
        if (options.Port is int port)
        {
            await StartOnAsync(port, cancel);
            return;
        }

        for (int tries = 1; ; tries++)
        {
            try
            {
                await StartOnAsync(FreePort(), cancel);
                return;
            }
            catch (EmbeddedPostgresException) when (tries < StartTriesMax)
            {
                // Somebody else may have taken the port between our look and the server's: take another.
            }
        }
    }

    private async Task StartOnAsync(int port, CancellationToken cancel)
    {
        RequireFree(port);
        string settings =
            $"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' "
            + $"-c max_connections={options.ConnectionsMax} "
            + $"-c shared_buffers={options.SharedBuffers} "
            + "-c max_wal_size=2GB -c checkpoint_completion_target=0.9 -c jit=off "
            + "-c log_min_messages=warning -c log_min_error_statement=panic "
            + "-c log_error_verbosity=terse"; // statements and details would hold personal data
        (int exit, string output) = await RunAsync(
            "pg_ctl",
            ["start", "-D", Data, "-l", LogFile, "-o", settings, "-w", "-t", "120"],
            cancel
        );
        if (exit != 0)
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL did not start in {Folder} (its log is {LogFile}): "
                    + output.ReplaceLineEndings(" ")
            );
        }

        Port = port;
        running = true;
        await CreateDatabaseAsync(cancel);
    }

    private async Task CreateDatabaseAsync(CancellationToken cancel)
    {
        NpgsqlConnectionStringBuilder settings = new(ConnectionStringTo("postgres"))
        {
            Pooling = false,
        };
        await using NpgsqlConnection connection = new(settings.ConnectionString);
        await connection.OpenAsync(cancel);
        await using NpgsqlCommand exists = new(
            $"select 1 from pg_database where datname = '{Database}'",
            connection
        );
        if (await exists.ExecuteScalarAsync(cancel) is null)
        {
            await using NpgsqlCommand create = new($"create database {Database}", connection);
            await create.ExecuteNonQueryAsync(cancel);
        }
    }

    private Task<(int Exit, string Output)> RunAsync(
        string program,
        IReadOnlyCollection<string> arguments,
        CancellationToken cancel
    ) => user.RunAsync(binaries.PathOf(program), arguments, Folder, cancel);
}
