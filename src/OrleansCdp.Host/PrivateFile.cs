namespace OrleansCdp;

/// <summary>A file with a secret: only its owner may read it, from the moment it is there.</summary>
internal static class PrivateFile
{
    /// <summary>Writes a new file of one line.</summary>
    /// <exception cref="IOException">There is one already.</exception>
    public static async Task WriteAsync(string path, string line, CancellationToken cancel)
    {
        await using FileStream file = new(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );
        await using StreamWriter writer = new(file);
        await writer.WriteLineAsync(line.AsMemory(), cancel);
    }
}
