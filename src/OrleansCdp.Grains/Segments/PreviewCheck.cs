using System.Globalization;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Says whether what a preview told is known to whoever activates a version.</summary>
/// <param name="state">All definitions.</param>
internal sealed class PreviewCheck(DefinitionsState state)
{
    /// <summary>Why a version cannot be activated; null where it can.</summary>
    /// <param name="version">The version.</param>
    /// <param name="request">The activation.</param>
    /// <param name="now">The moment.</param>
    /// <param name="preview">Its preview; null for none.</param>
    public ReviewRefusal? Refuses(
        int version,
        ReviewRequest request,
        DateTimeOffset now,
        SegmentPreview? preview
    ) =>
        preview is not { State: PreviewState.Done, EndedAt: { } ended }
            ? NotPreviewed($"Version {version} has no preview that has ended. Ask for it first.")
        : now - ended > SegmentPreview.ValidFor
            ? NotPreviewed(
                $"The preview of version {version} is from {Rfc3339.Format(preview.At)}, more than "
                    + $"{SegmentPreview.ValidFor.TotalHours} hours ago. Ask for it `anew`."
            )
        : preview.Beside.FirstOrDefault(one => DecidingOf(one) != one.Version) is { } another
            ? NotPreviewed(
                $"The {another.Kind} `{another.Name}` is another than when version {version} was previewed. Ask for that "
                    + "preview `anew`."
            )
        : preview.NeedsConfirmation && request.ConfirmedMoves != preview.Counts.Moved
            ? new(ReviewRefusalKind.NotConfirmed, NotConfirmed(version, preview))
        : null;

    /// <summary>What is noted of a preview.</summary>
    public static PreviewedMoves? MovesOf(SegmentPreview? preview) =>
        preview is { Counts: var counts }
            ? new(
                preview.At,
                counts.Individuals,
                counts.Entering,
                counts.Leaving,
                counts.ChangingTier
            )
            : null;

    /// <summary>The version that is shown, or decides; null where there is none.</summary>
    private int? DecidingOf(PreviewedWith one) =>
        one.Kind == DefinitionKinds.Insight
        && state.Former().FirstOrDefault(former => former.Name == one.Name) is { } shown
            ? shown.Version
            : state.Active(one.Kind, one.Name)?.Version;

    private static ReviewRefusal NotPreviewed(string detail) =>
        new(ReviewRefusalKind.NotPreviewed, detail);

    private static string NotConfirmed(int version, SegmentPreview preview)
    {
        string share = preview.Counts.Share.ToString("P1", CultureInfo.InvariantCulture);
        string bound = preview.ConfirmAbove.ToString("P0", CultureInfo.InvariantCulture);
        return $"Version {version} would move {preview.Counts.Moved} of {preview.Counts.Individuals} people ({share}; above "
            + $"{bound} that has to be confirmed). Say `confirmMoves`: {preview.Counts.Moved}.";
    }
}
