namespace OrleansCdp;

/// <summary>The private PostgreSQL alone: silos and gateways that are processes of their own share it.</summary>
internal static class DatabaseProcess
{
    /// <summary>Where, in the data folder, it says how to reach it. Only its owner may read that: it has the password.</summary>
    public const string ConnectionFile = "connection";

    /// <summary>Says how to reach it, and waits until told to stop or until it dies.</summary>
    /// <returns>The exit code: 0 when told to stop.</returns>
    public static async Task<int> RunAsync(
        HostArguments arguments,
        EmbeddedPostgres postgres,
        CancellationToken told
    )
    {
        string path = Path.Combine(arguments.DataFolder, ConnectionFile);
        File.Delete(path); // An earlier one's; the new one has its rights from the start.
        await PrivateFile.WriteAsync(path, postgres.ConnectionString, told);
        Console.WriteLine($"The database is ready: {path} says how to reach it");
        try
        {
            await postgres.UntilEndAsync(told);
            await Console.Error.WriteLineAsync("PostgreSQL has ended; nobody told it to.");
            return 1;
        }
        catch (OperationCanceledException) when (told.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
