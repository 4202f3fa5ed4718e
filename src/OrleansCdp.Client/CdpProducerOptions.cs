using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>
/// How a producer finds the cluster: by the addresses of silos, so that it needs no password of the database, or by
/// the database's own list of silos.
/// </summary>
public sealed class CdpProducerOptions : IValidatableObject
{
    /// <summary>Most <see cref="Gateways"/>.</summary>
    public const int GatewaysMax = 100;

    /// <summary>
    /// Addresses where silos take clients in, see the host's <c>--gateway-port</c>. One that lives is enough to
    /// send; several share the work.
    /// </summary>
    /// <value>Default: none. Exactly one of this and <see cref="ConnectionString"/> is given.</value>
    public IList<IPEndPoint> Gateways { get; } = [];

    /// <summary>The cluster's PostgreSQL; only the table of its silos is read.</summary>
    /// <value>Default: null. Exactly one of this and <see cref="Gateways"/> is given.</value>
    public string? ConnectionString { get; set; }

    /// <summary>Name of the cluster, and of the service, as the silos have it.</summary>
    /// <value>Default: <see cref="EventStreams.ClusterId"/>.</value>
    [Required]
    public string ClusterId { get; set; } = EventStreams.ClusterId;

    /// <summary>How long the start waits for a cluster that is not there yet; then the start fails.</summary>
    /// <value>Up to 1 day. Default: 1 minute. Once connected, a lost cluster is sought for ever.</value>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Gateways.Count > 0 == !string.IsNullOrEmpty(ConnectionString))
        {
            yield return new ValidationResult(
                $"Exactly one of {nameof(Gateways)} and {nameof(ConnectionString)} is needed."
            );
        }

        if (Gateways.Count > GatewaysMax)
        {
            yield return new ValidationResult($"At most {GatewaysMax} {nameof(Gateways)}.");
        }
    }
}

[OptionsValidator]
internal sealed partial class CdpProducerOptionsValidator : IValidateOptions<CdpProducerOptions>;
