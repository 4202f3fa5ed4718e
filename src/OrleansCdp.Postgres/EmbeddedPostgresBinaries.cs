using System.Diagnostics;
using System.Globalization;

namespace OrleansCdp;

/// <summary>An installed PostgreSQL server.</summary>
/// <param name="Folder">Where its programs are.</param>
/// <param name="Major">Its major version.</param>
internal sealed record EmbeddedPostgresBinaries(string Folder, int Major)
{
    private const string DebianRoot = "/usr/lib/postgresql";

    /// <summary>Chooses the newest server, or the one that wrote a data folder.</summary>
    /// <param name="folder">Where to look, and nowhere else; null for the usual places.</param>
    /// <param name="dataMajor">Version that wrote the data folder; null for a new one.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="EmbeddedPostgresException">There is none that fits.</exception>
    public static async Task<EmbeddedPostgresBinaries> FindAsync(
        string? folder,
        int? dataMajor,
        CancellationToken cancel
    )
    {
        List<EmbeddedPostgresBinaries> found = [];
        foreach (string candidate in folder is null ? await UsualFoldersAsync(cancel) : [folder])
        {
            int? major = await MajorOfAsync(candidate, cancel);
            if (major is int known)
            {
                found.Add(new EmbeddedPostgresBinaries(candidate, known));
            }
        }

        EmbeddedPostgresBinaries? newest = found.MaxBy(binaries => binaries.Major);
        if (newest is null || newest.Major < DatabaseSetup.ServerVersionMin)
        {
            string seen = newest is null ? "none" : $"version {newest.Major}";
            throw new EmbeddedPostgresException(
                $"No PostgreSQL server programs of version {DatabaseSetup.ServerVersionMin} or "
                    + $"newer were found ({seen} in {folder ?? "the usual places"}). Install the "
                    + "package 'postgresql', or give a connection string to a running server."
            );
        }

        return dataMajor is not int wanted
            ? newest
            : found.Find(binaries => binaries.Major == wanted)
                ?? throw new EmbeddedPostgresException(
                    $"The data folder was written by PostgreSQL {wanted}, but version "
                        + $"{newest.Major} is installed. Install PostgreSQL {wanted}, or move the "
                        + "data with pg_upgrade."
                );
    }

    /// <summary>Path of one of the programs.</summary>
    public string PathOf(string program) => Path.Combine(Folder, program);

    private static async Task<List<string>> UsualFoldersAsync(CancellationToken cancel)
    {
        List<string> folders = [];
        string? configured = await TryRunAsync("pg_config", "--bindir", cancel);
        if (configured is not null)
        {
            folders.Add(configured.Trim());
        }

        if (Directory.Exists(DebianRoot))
        {
            folders.AddRange(
                Directory.GetDirectories(DebianRoot).Select(version => Path.Combine(version, "bin"))
            );
        }

        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        folders.AddRange(path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        return
        [
            .. folders
                .Where(folder => File.Exists(Path.Combine(folder, "postgres")))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    private static async Task<int?> MajorOfAsync(string folder, CancellationToken cancel)
    {
        // "postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)"
        string? text = await TryRunAsync(Path.Combine(folder, "postgres"), "--version", cancel);
        string? version = text?.Split(' ').ElementAtOrDefault(2);
        string digits = new([.. (version ?? "").TakeWhile(char.IsAsciiDigit)]);
        return int.TryParse(digits, CultureInfo.InvariantCulture, out int major) ? major : null;
    }

    private static async Task<string?> TryRunAsync(
        string program,
        string argument,
        CancellationToken cancel
    )
    {
        ProcessStartInfo start = new(program, [argument])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process? process = Process.Start(start);
            if (process is null)
            {
                return null;
            }

            string output = await process.StandardOutput.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // The program is not there, or not ours to run: the next place is tried.
        }
    }
}
