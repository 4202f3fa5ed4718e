using System.Data.Common;
using System.Net.Sockets;
using Orleans.Runtime;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Comparing failed because of what was said or stored, and not because something is away: it would fail again. Nothing
/// of the turn was decided.
/// </summary>
internal sealed class MatchFailedException(Exception inner)
    : Exception("What was said cannot be compared.", inner)
{
    /// <summary>Whether a failure follows from data. Anything that may be over after a while does not.</summary>
    public static bool FollowsFromData(Exception failure) =>
        failure switch
        {
            DbException e => IsOfData(e.SqlState),
            OperationCanceledException
            or TimeoutException
            or IOException
            or SocketException
            or ObjectDisposedException
            or OutOfMemoryException
            or OrleansException
            or LogUnavailableException => false,
            _ => true,
        };

    // SQLSTATE classes: data exception, integrity constraint violation, program limit exceeded.
    private static bool IsOfData(string? state) =>
        state is not null && (state[..2] is "22" or "23" or "54");
}
