using System.Collections.Immutable;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>
/// Sends records of data streams. They are validated and filtered here by the active definitions, as over HTTP,
/// and published on the Orleans streams <c>ingest</c> and <c>ingest-low</c>. Safe for any number of threads.
/// </summary>
public interface ICdpProducer
{
    /// <summary>Sends records.</summary>
    /// <param name="stream">Name of the data stream, as in <c>/v1/streams/{stream}</c>.</param>
    /// <param name="records">
    /// At most <see cref="Limits.BatchItemsMax"/>, together at most <see cref="Limits.StreamBodyBytesMax"/> bytes of
    /// JSON. A <see cref="JsonElement"/> is taken as it is; anything else is serialised, its properties named as
    /// they are.
    /// </param>
    /// <param name="cancel">Stops waiting. What was sent by then may be stored; sending it again counts once.</param>
    /// <returns>Once every accepted event is committed and every refused one is in quarantine.</returns>
    /// <exception cref="ArgumentException">Too many records or bytes. Nothing was sent; send smaller batches.</exception>
    /// <exception cref="UnknownStreamException">There is no such data stream. Nothing was sent.</exception>
    /// <exception cref="LogUnavailableException">
    /// The cluster or its database is away, and not everything is durable. Send the same records again, with the
    /// same ids: what went in counts once.
    /// </exception>
    /// <exception cref="LogBehindException">
    /// Events come faster than they are applied, and not everything was taken. Wait for
    /// <see cref="LogBehindException.RetryAfter"/>, then send the same records again: what went in counts once.
    /// </exception>
    Task<SendResult> SendAsync<T>(
        string stream,
        IReadOnlyCollection<T> records,
        CancellationToken cancel = default
    );

    /// <summary>Sends a JSON record, or a JSON array of records, as it would be the body of a request.</summary>
    /// <param name="stream">Name of the data stream.</param>
    /// <param name="json">UTF-8, with the limits of <see cref="SendAsync"/>.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>As <see cref="SendAsync"/>.</returns>
    /// <exception cref="JsonException">The text is not JSON. Nothing was sent.</exception>
    /// <exception cref="ArgumentException">Too many records or bytes. Nothing was sent.</exception>
    /// <exception cref="UnknownStreamException">There is no such data stream. Nothing was sent.</exception>
    /// <exception cref="LogUnavailableException">Not everything is durable; send the same again.</exception>
    /// <exception cref="LogBehindException">Events come too fast; send the same again after as long as it says.</exception>
    Task<SendResult> SendJsonAsync(
        string stream,
        ReadOnlyMemory<byte> json,
        CancellationToken cancel = default
    );
}

/// <summary>What became of sent records.</summary>
/// <param name="Accepted">
/// Events that are in the log: since now, or, sent again within a day, since the first time. The log counts them
/// once either way.
/// </param>
/// <param name="Filtered">Events the definition does not keep.</param>
/// <param name="Refused">Refused records, kept in quarantine. Indexes count from 0.</param>
public sealed record SendResult(int Accepted, int Filtered, ImmutableArray<IntakeRefusal> Refused);

/// <summary>There is no data stream of this name. Nothing was sent.</summary>
public sealed class UnknownStreamException(string stream)
    : Exception($"There is no data stream `{stream}`.")
{
    /// <summary>The name.</summary>
    public string Stream { get; } = stream;
}
