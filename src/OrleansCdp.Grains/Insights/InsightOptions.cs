using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Insights;

/// <summary>How insights are made.</summary>
public sealed class InsightOptions
{
    /// <summary>Where these options are in the configuration.</summary>
    public const string Section = "Cdp:Insights";

    /// <summary>
    /// For how much of the time a new version is told of the past, and everybody is looked at after a change; the rest of it that
    /// work rests, for events and reads. Both go on in one silo at a time, whichever it is.
    /// </summary>
    /// <value>From 0.001 to 1, which is without a rest. Default: 0.2.</value>
    [Range(0.001, 1.0)]
    public double WorkShare { get; init; } = 0.2;

    internal Pace Pace => new(WorkShare);
}

[OptionsValidator]
internal sealed partial class InsightOptionsValidator : IValidateOptions<InsightOptions>;
