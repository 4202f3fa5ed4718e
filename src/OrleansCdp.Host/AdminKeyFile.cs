using System.Buffers.Text;
using System.Security.Cryptography;

namespace OrleansCdp;

/// <summary>The administrator's key of a private start, kept beside its data so that the next start has the same.</summary>
internal static class AdminKeyFile
{
    /// <summary>Reads the key, or makes one.</summary>
    /// <exception cref="StartRefusedException">An existing database has no folder to keep a key in.</exception>
    public static async Task<string> ReadOrMakeAsync(
        HostArguments arguments,
        CancellationToken cancel
    )
    {
        if (arguments.ConnectionString is not null)
        {
            throw new StartRefusedException(
                "Set CDP_ADMIN_KEY to the administrator's key when ConnectionStrings__Cdp is set."
            );
        }

        string path = Path.Combine(arguments.DataFolder, "admin-key");
        if (File.Exists(path))
        {
            return (await File.ReadAllTextAsync(path, cancel)).Trim();
        }

        string key = "cdp_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        await PrivateFile.WriteAsync(path, key, cancel);
        return key;
    }
}
