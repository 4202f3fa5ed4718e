using System.Security.Cryptography;

namespace OrleansCdp;

/// <summary>What stands beside the database in its data folder: a lock and a password.</summary>
internal static class EmbeddedPostgresFolder
{
    /// <summary>Takes the folder until the stream is disposed.</summary>
    /// <exception cref="EmbeddedPostgresException">Another program has it, or it cannot be written.</exception>
    public static FileStream Lock(string folder)
    {
        try
        {
            // The operating system lets go of it even after a kill, so it tells a crash from a program that runs.
            string path = Path.Combine(folder, "lock");
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException e)
        {
            throw new EmbeddedPostgresException(
                $"The data folder {folder} is in use by another running program.",
                e
            );
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EmbeddedPostgresException(
                $"The data folder {folder} cannot be written by this user.",
                e
            );
        }
    }

    /// <summary>The password of the database's user, made at the first start.</summary>
    public static async Task<string> PasswordOfAsync(string folder, CancellationToken cancel)
    {
        string path = Path.Combine(folder, "password");
        if (!File.Exists(path))
        {
            FileStreamOptions create = new()
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
            };
            if (!OperatingSystem.IsWindows())
            {
                create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            await using StreamWriter writer = new(path, create);
            await writer.WriteAsync(RandomNumberGenerator.GetHexString(32, lowercase: true));
        }

        return (await File.ReadAllTextAsync(path, cancel)).Trim();
    }
}
