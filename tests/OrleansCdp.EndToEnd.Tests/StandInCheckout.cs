using System.Diagnostics;

namespace OrleansCdp;

/// <summary>A folder with the scripts of the checkout, and a stand-in for the SDK in place of everything else.</summary>
internal sealed class StandInCheckout : IDisposable
{
    /// <summary>Makes one.</summary>
    /// <param name="dotnet">What <c>dotnet</c> does, as a shell script.</param>
    /// <param name="scripts">Names of the scripts in <c>deploy</c>.</param>
    public StandInCheckout(string dotnet, params string[] scripts)
    {
        foreach (string script in scripts.Append("prepare.sh"))
        {
            Write(
                $"deploy/{script}",
                File.ReadAllText(Path.Combine(Checkout.Root, "deploy", script))
            );
        }

        Write("src/OrleansCdp.Cli/bin/Release/net10.0/cdp.dll", "");
        Write("bin/dotnet", dotnet);
    }

    /// <summary>Where it is.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("cdp-scripts-").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>Puts a file there that can be run.</summary>
    public void Write(string file, string text)
    {
        string path = Path.Combine(Root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(
            path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
    }

    /// <summary>Starts a script.</summary>
    /// <param name="script">Its name.</param>
    /// <param name="connectionString">An existing database; null for one of its own.</param>
    /// <param name="arguments">Its arguments.</param>
    public Process Start(string script, string? connectionString, params string[] arguments)
    {
        ProcessStartInfo info = new("bash", [Path.Combine(Root, "deploy", script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        };
        info.Environment["PATH"] =
            Path.Combine(Root, "bin")
            + Path.PathSeparator
            + Environment.GetEnvironmentVariable("PATH");
        if (connectionString is not null)
        {
            info.Environment["ConnectionStrings__Cdp"] = connectionString;
        }

        return Process.Start(info)!;
    }

    /// <summary>Runs a script to its end.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string script,
        string? connectionString,
        params string[] arguments
    )
    {
        using Process run = Start(script, connectionString, arguments);
        Task<string> errors = run.StandardError.ReadToEndAsync();
        string output = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        return (run.ExitCode, output, await errors);
    }
}
