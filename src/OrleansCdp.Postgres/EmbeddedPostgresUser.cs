using System.Diagnostics;
using System.Text;

namespace OrleansCdp;

/// <summary>
/// Runs the server's programs as a user that may: PostgreSQL refuses to run as root, so then another account is used.
/// </summary>
internal sealed class EmbeddedPostgresUser
{
    private static readonly string[] Accounts = ["postgres", "nobody"];
    private readonly string? account;
    private readonly string group = "";

    private EmbeddedPostgresUser(string? account) => this.account = account;

    private EmbeddedPostgresUser(string account, string group)
    {
        this.account = account;
        this.group = group;
    }

    /// <summary>This process's own user, or for root an account without rights.</summary>
    public static async Task<EmbeddedPostgresUser> FindAsync(CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess || OperatingSystem.IsWindows())
        {
            return new EmbeddedPostgresUser(account: null);
        }

        EmbeddedPostgresUser self = new(account: null);
        foreach (string name in Accounts)
        {
            (int exit, string output) = await self.RunAsync("id", ["-gn", name], "/", cancel);
            if (exit == 0)
            {
                return new EmbeddedPostgresUser(name, output.Trim());
            }
        }

        throw new EmbeddedPostgresException(
            "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' to run "
                + "it as. Start this program as another user."
        );
    }

    /// <summary>Gives files, and folders with everything in them, to the user. They must be the server's own.</summary>
    public async Task OwnAsync(string[] paths, CancellationToken cancel)
    {
        if (account is null)
        {
            return;
        }

        EmbeddedPostgresUser root = new(account: null);
        string owner = $"{account}:{group}";
        (int exit, string output) = await root.RunAsync(
            "chown",
            ["-R", owner, .. paths],
            "/",
            cancel
        );
        if (exit != 0)
        {
            throw new EmbeddedPostgresException(
                $"Cannot give {string.Join(", ", paths)} to {owner}: {output}"
            );
        }
    }

    /// <summary>Fails early, and plainly, when the user cannot get at the folder.</summary>
    public async Task RequireAccessAsync(string folder, CancellationToken cancel)
    {
        (int exit, _) = await RunAsync("test", ["-x", folder], "/", cancel);
        if (exit != 0)
        {
            string who = account is null ? "this user" : $"user '{account}'";
            throw new EmbeddedPostgresException(
                $"The data folder {folder} cannot be used by {who}, who runs PostgreSQL. Choose a "
                    + "folder whose parents everybody may enter, e.g. under /var/lib."
            );
        }
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code and everything it wrote.</returns>
    public async Task<(int Exit, string Output)> RunAsync(
        string program,
        IReadOnlyCollection<string> arguments,
        string workingFolder,
        CancellationToken cancel
    )
    {
        List<string> command = account is null
            ? [program, .. arguments]
            :
            [
                "setpriv",
                $"--reuid={account}",
                $"--regid={group}",
                "--init-groups",
                program,
                .. arguments,
            ];
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingFolder,
        };
        using Process process =
            Process.Start(start)
            ?? throw new EmbeddedPostgresException($"Cannot start {command[0]}.");
        StringBuilder output = new();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(output, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.WaitForExitAsync(cancel);
        lock (output)
        {
            return (process.ExitCode, output.ToString().Trim());
        }
    }

    private static void Append(StringBuilder output, string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
