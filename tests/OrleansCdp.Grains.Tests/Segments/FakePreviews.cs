namespace OrleansCdp.Segments;

/// <summary>Previews that move nobody, unless the test says otherwise.</summary>
internal sealed class FakePreviews : ISegmentPreviews
{
    /// <summary>The preview of a version; null for none.</summary>
    public Func<SegmentVersion, SegmentPreview?> Made { get; set; } =
        version => Of(version, DateTimeOffset.UtcNow);

    public Task<SegmentPreview?> FindAsync(SegmentVersion version) =>
        Task.FromResult(Made(version));

    /// <summary>One that has ended at a moment.</summary>
    public static SegmentPreview Of(SegmentVersion version, DateTimeOffset at) =>
        new()
        {
            Hash = version.Hash,
            Base = version.Base,
            State = PreviewState.Done,
            At = at,
            EndedAt = at,
            ConfirmAbove = SegmentDefinition.ConfirmAboveDefault,
        };
}
