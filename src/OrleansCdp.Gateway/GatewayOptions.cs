using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansCdp;

/// <summary>How the HTTP API behaves.</summary>
public sealed class GatewayOptions
{
    /// <summary>Where these options are in the configuration.</summary>
    public const string Section = "Cdp:Gateway";

    /// <summary>
    /// The administrator's key, with every scope, put in place at start-up: a new value takes the place of the former.
    /// One that was revoked stays so, and the start fails. Null for none.
    /// </summary>
    public string? AdminKey { get; set; }

    /// <summary>OpenID issuer whose JWTs are keys too, with scopes in the claim <c>scope</c>; null for none.</summary>
    public string? JwtAuthority { get; set; }

    /// <summary>Audience such a token must name.</summary>
    public string JwtAudience { get; set; } = "orleanscdp";

    /// <summary>Identifiers whose individual is remembered, so that a read needs no lookup.</summary>
    /// <value>From 100 to 10 million. Default: 200,000.</value>
    [Range(100, 10_000_000)]
    public int IdentifiersRememberedMax { get; set; } = 200_000;

    /// <summary>How long the bearer of an identifier that is no anchor (a phone, a visitor) is remembered.</summary>
    /// <value>From 0 to 10 minutes. Default: 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan UnsettledIdentifiersRemembered { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Requests that bring events and are taken in at once, whatever their address.</summary>
    /// <value>From 1 to 10,000. Default: 256.</value>
    [Range(1, 10_000)]
    public int IngestRequestsMax { get; set; } = 256;

    /// <summary>Further ones that wait for their turn, their bodies unread; one more is answered with 429.</summary>
    /// <value>From 0 to 10,000. Default: 256.</value>
    [Range(0, 10_000)]
    public int IngestRequestsWaitingMax { get; set; } = 256;

    /// <summary>
    /// Requests of the tracking API that show their key in their body and not in a header, whose bodies are read at
    /// once to find it. As many as <see cref="IngestRequestsWaitingMax"/> wait; one more is answered with 429.
    /// </summary>
    /// <value>From 1 to 10,000. Default: 64.</value>
    [Range(1, 10_000)]
    public int UnkeyedRequestsMax { get; set; } = 64;

    /// <summary>How long such a body may take to come in; later it is answered with 408.</summary>
    /// <value>From 1 second to 10 minutes. Default: 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan UnkeyedBodyTimeMax { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a gateway that is told to stop goes on answering while <c>/health/ready</c> says no, so that a load
    /// balancer takes it out before it closes.
    /// </summary>
    /// <value>From 0 to 30 seconds. Default: 0.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan DrainTime { get; set; }

    /// <summary>Seconds a turned-away client is told to wait.</summary>
    /// <value>From 1 to 60. Default: 1.</value>
    [Range(1, 60)]
    public int RetryAfterSeconds { get; set; } = 1;

    /// <summary>
    /// Clients that follow the entries and exits of segments as server-sent events at once; one more is answered with 429.
    /// </summary>
    /// <value>From 1 to 100,000. Default: 1,000.</value>
    [Range(1, 100_000)]
    public int ChangeStreamsMax { get; set; } = 1_000;

    /// <summary>Records taken into memory at once from a long body.</summary>
    /// <value>From 1 to 10,000. Default: 2,500.</value>
    [Range(1, 10_000)]
    public int SliceRecordsMax { get; set; } = 2_500;
}

[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
