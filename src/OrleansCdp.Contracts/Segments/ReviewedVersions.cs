using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>What the versions of a segment tell, now and of the past.</summary>
public static class ReviewedVersions
{
    /// <summary>Whether nobody has decided about a version yet: it is a draft, or under review.</summary>
    /// <param name="state">How far it is.</param>
    public static bool IsOpen(this ReviewState state) =>
        state is ReviewState.Draft or ReviewState.Submitted or ReviewState.Approved;

    /// <summary>The version that decides who is a member; null for none.</summary>
    /// <param name="versions">All kept versions of a segment.</param>
    public static SegmentVersion? Active(this ImmutableArray<SegmentVersion> versions) =>
        versions.FirstOrDefault(version => version.State == ReviewState.Active);

    /// <summary>The version that decided at a moment; null for none, and where its steps are not kept any more.</summary>
    /// <param name="versions">All kept versions of a segment.</param>
    /// <param name="at">The moment.</param>
    public static int? ActiveAt(ImmutableArray<SegmentVersion> versions, DateTimeOffset at)
    {
        // One that is taken back ends at the moment at which the one before it begins again.
        var last = versions
            .SelectMany(version => version.Steps, (version, step) => (version.Version, Step: step))
            .Where(one =>
                one.Step.At <= at
                && one.Step.Kind
                    is ReviewStepKind.Activate
                        or ReviewStepKind.Rollback
                        or ReviewStepKind.Retire
            )
            .OrderBy(one => one.Step.At)
            .ThenBy(one => one.Step.Kind == ReviewStepKind.Activate)
            .LastOrDefault();
        return last.Step is { Kind: ReviewStepKind.Activate } ? last.Version : null;
    }
}
