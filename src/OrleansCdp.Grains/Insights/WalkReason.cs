using System.Globalization;
using OrleansCdp.Events;
using OrleansCdp.Segments;

namespace OrleansCdp.Insights;

/// <summary>
/// Why everybody has to be looked at: insights that are written, that accounts ask their people for, or that segments ask for, and
/// segments that can be evaluated.
/// </summary>
/// <param name="Signature">As long as it is the same, nothing but events and time changes anybody. Empty for no reason.</param>
/// <param name="Newest">The version of the catalogue that every silo has to know first.</param>
internal sealed record WalkReason(string Signature, long Newest)
{
    /// <summary>The reason that these insights and segments are.</summary>
    public static WalkReason Of(InsightSet insights, SegmentSet segments)
    {
        string computed = InsightSignature.Of(insights);
        string evaluated =
            segments.Newest == 0
                ? ""
                : Partitions
                    .HashOf(
                        string.Join(
                            ';',
                            segments
                                .ReadyWith(insights)
                                .Select(segment =>
                                    $"{segment.Definition.Name} {segment.Activation}"
                                )
                                .Concat(
                                    segments
                                        .AskedOf(insights)
                                        .Select(asked => $"asks {asked.Revision} {asked.ModelHash}")
                                )
                                .Prepend($"{segments.Newest}")
                        )
                    )
                    .ToString("x16", CultureInfo.InvariantCulture);
        return new(computed + evaluated, Math.Max(insights.Newest, segments.Newest));
    }
}
