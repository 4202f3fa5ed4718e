namespace OrleansCdp;

/// <summary>The private PostgreSQL alone: silos and gateways that are processes of their own share it.</summary>
internal static class DatabaseProcess
{
    /// <summary>Where, in the data folder, it says how to reach it. Only its owner may read that: it has the password.</summary>
    public const string ConnectionFile = "connection";

    /// <summary>Says how to reach it, and waits until told to stop.</summary>
    public static async Task RunAsync(
        HostArguments arguments,
        string connection,
        CancellationToken told
    )
    {
        string path = Path.Combine(arguments.DataFolder, ConnectionFile);
        File.Delete(path); // An earlier one's; the new one has its rights from the start.
        await using (
            FileStream file = new(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        {
            await using StreamWriter writer = new(file);
            await writer.WriteLineAsync(connection.AsMemory(), told);
        }

        Console.WriteLine($"The database is ready: {path} says how to reach it");
        TaskCompletionSource end = new();
        await using CancellationTokenRegistration stop = told.Register(() => end.TrySetResult());
        await end.Task;
        File.Delete(path);
    }
}
