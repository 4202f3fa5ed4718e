using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Segments;

/// <summary>How memberships of segments are kept.</summary>
public sealed class SegmentOptions
{
    /// <summary>Where these options are in the configuration.</summary>
    public const string Section = "Cdp:Segments";

    /// <summary>
    /// How long it is known who entered a segment and who left it, and why. Who is in one now is known as long as that is so.
    /// </summary>
    /// <value>From 1 day to 10 years (3,650 days). Default: 90 days.</value>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan ChangesKept { get; init; } = TimeSpan.FromDays(90);

    /// <summary>For how much of the time a preview looks at people; the rest of it that work rests, for events and reads.</summary>
    /// <value>From 0.001 to 1, which is without a rest. Default: 0.5.</value>
    [Range(0.001, 1.0)]
    public double PreviewShare { get; init; } = 0.5;

    internal Pace PreviewPace => new(PreviewShare);
}

[OptionsValidator]
internal sealed partial class SegmentOptionsValidator : IValidateOptions<SegmentOptions>;
