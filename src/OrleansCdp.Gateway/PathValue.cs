using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansCdp;

/// <summary>Values that end a path, as the client wrote them.</summary>
internal static class PathValue
{
    /// <summary>
    /// A path's last part. Routing leaves a slash in it as <c>%2F</c> and decodes <c>%252F</c> to the same, so that a
    /// value with a slash cannot be told from one with <c>%2F</c>: what was sent can.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="bound">The part as routing gives it.</param>
    public static string LastOf(HttpContext http, string bound)
    {
        if (!bound.Contains('%', StringComparison.Ordinal))
        {
            return bound;
        }

        ReadOnlySpan<char> target = http
            .Features.GetRequiredFeature<IHttpRequestFeature>()
            .RawTarget;
        int query = target.IndexOf('?');
        ReadOnlySpan<char> path = (query < 0 ? target : target[..query]).TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }
}
