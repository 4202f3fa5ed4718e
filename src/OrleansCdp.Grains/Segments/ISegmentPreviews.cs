namespace OrleansCdp.Segments;

/// <summary>Previews that were made.</summary>
internal interface ISegmentPreviews
{
    /// <summary>The preview of a version; null for none.</summary>
    /// <param name="version">The version.</param>
    Task<SegmentPreview?> FindAsync(SegmentVersion version);
}

/// <summary>The previews that grains keep.</summary>
internal sealed class GrainSegmentPreviews(IGrainFactory grains) : ISegmentPreviews
{
    public Task<SegmentPreview?> FindAsync(SegmentVersion version) =>
        grains.GetGrain<ISegmentPreviewGrain>(version.Name).FindAsync(version.Hash, version.Base);
}
