using System.Security.Cryptography;
using System.Text;

namespace OrleansCdp.Events;

/// <summary>Ids of events that are made of more than their sender gave.</summary>
internal static class EventIds
{
    /// <summary>The id, or its hash where it is longer than the log takes with what comes behind it.</summary>
    /// <param name="id">The id.</param>
    /// <param name="behind">Characters that come behind it.</param>
    public static string Fit(string id, int behind = 0) =>
        id.Length + behind <= Limits.EventIdMax
            ? id
            : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}
