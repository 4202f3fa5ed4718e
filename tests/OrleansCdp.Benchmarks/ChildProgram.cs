using System.Diagnostics;

namespace OrleansCdp;

/// <summary>This program once more, in a process of its own with another part to play. It ends when its input does.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    private readonly Process process;

    private ChildProgram(Process process) => this.process = process;

    /// <summary>Its process.</summary>
    public int Id => process.Id;

    /// <summary>The line it printed when it was ready.</summary>
    public string Ready { get; private set; } = "";

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<ChildProgram> StartAsync(IEnumerable<string> arguments)
    {
        ProcessStartInfo info = new("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "OrleansCdp.Benchmarks.dll"));
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        ChildProgram child = new(Process.Start(info)!);
        child.Ready = await child.ReadAsync();
        return child;
    }

    /// <summary>Sends a line and reads the answer.</summary>
    public async Task<string> AskAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
        return await ReadAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task<string> ReadAsync() =>
        await process.StandardOutput.ReadLineAsync()
        ?? throw new InvalidOperationException("The process ended; see its messages above.");
}
