using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>The versions of one segment, oldest first, and what may be done with them. Immutable.</summary>
/// <param name="Versions">Them; at most <see cref="IDefinitionsGrain.VersionsMax"/>.</param>
internal sealed record SegmentReview(ImmutableArray<SegmentVersion> Versions)
{
    /// <summary>The version that decides who is a member; null for none.</summary>
    public SegmentVersion? Active => Versions.Active();

    /// <summary>The version that is active again when the active one is taken back; null for none.</summary>
    public SegmentVersion? Former =>
        Active is { } active
            ? Versions.FirstOrDefault(version =>
                version.State == ReviewState.Superseded && version.Version == active.Base
            )
            : null;

    /// <summary>Names of the insights that have to be computed for these versions.</summary>
    public IEnumerable<string> Derived =>
        Versions
            .Where(version =>
                version.State switch
                {
                    ReviewState.Active => true,
                    // What was written against another one can never be activated.
                    ReviewState.Submitted or ReviewState.Approved => version.Base
                        == (Active?.Version ?? 0),
                    _ => version == Former,
                }
            )
            .SelectMany(version => version.Derived);

    /// <summary>A version of a number; null for none.</summary>
    public SegmentVersion? Find(int version) =>
        Versions.FirstOrDefault(one => one.Version == version);

    /// <summary>Writes a version. The same text as that of the last one that is not decided about makes none.</summary>
    public (SegmentReview Next, SegmentVersion Version, bool Changed) Draft(
        string name,
        string text,
        string hash,
        string author,
        DateTimeOffset at
    )
    {
        SegmentVersion? last = Versions.LastOrDefault();
        int active = Active?.Version ?? 0;
        bool isOpen = last is { IsOpen: true } && last.Base == active;
        SegmentVersion? same =
            isOpen && last!.Hash == hash ? last
            : !isOpen && Active?.Hash == hash ? Active
            : null;
        if (same is not null)
        {
            return (this, same, false);
        }

        SegmentVersion draft = new()
        {
            Name = name,
            Version = (last?.Version ?? 0) + 1,
            Text = text,
            Hash = hash,
            State = ReviewState.Draft,
            Base = active,
            Steps = [new ReviewStep(ReviewStepKind.Draft, author, at, Reason: null)],
        };
        return (new SegmentReview(Kept().Add(draft)), draft, true);
    }

    /// <summary>Why a step cannot be taken; null where it can.</summary>
    public ReviewRefusal? Refuses(int version, ReviewRequest request)
    {
        if (Find(version) is not { } found)
        {
            return new(ReviewRefusalKind.Unknown, $"There is no version {version} of it.");
        }

        ReviewState[] from = FromOf(request.Kind);
        if (!from.Contains(found.State))
        {
            string states = string.Join(" or ", from.Select(NameOf));
            return new(
                ReviewRefusalKind.WrongState,
                $"Version {version} is {NameOf(found.State)}; that can be done to what is {states}."
            );
        }

        return request.Kind switch
        {
            ReviewStepKind.Approve when IsOf(found, request.By) => new(
                ReviewRefusalKind.OwnWork,
                $"`{request.By}` wrote or submitted version {version}; another person approves it."
            ),
            ReviewStepKind.Reject
            or ReviewStepKind.Rollback
            or ReviewStepKind.Retire when string.IsNullOrWhiteSpace(request.Reason) => new(
                ReviewRefusalKind.BadReason,
                "Say the `reason`."
            ),
            _ when request.Reason?.Length > ReviewRequest.ReasonMax => new(
                ReviewRefusalKind.BadReason,
                $"A `reason` has at most {ReviewRequest.ReasonMax} characters."
            ),
            ReviewStepKind.Submit
            or ReviewStepKind.Approve
            or ReviewStepKind.Activate when found.Base != (Active?.Version ?? 0) => new(
                ReviewRefusalKind.Stale,
                $"Version {version} was written when {NameOf(found.Base)} was active, and {NameOf(Active?.Version ?? 0)} is "
                    + "now. Put the text again, and have it reviewed against that."
            ),
            _ => null,
        };
    }

    /// <summary>Takes a step that nothing refuses.</summary>
    /// <param name="version">The version.</param>
    /// <param name="step">The step.</param>
    /// <param name="derived">The insights that the version makes, when it is submitted or active.</param>
    public SegmentReview Take(int version, ReviewStep step, ImmutableArray<string> derived)
    {
        SegmentVersion found = Find(version)!;
        SegmentReview next = this;
        if (step.Kind == ReviewStepKind.Activate && Active is { } superseded)
        {
            next = next.With(superseded with { State = ReviewState.Superseded });
        }

        if (step.Kind == ReviewStepKind.Rollback && Former is { } former)
        {
            next = next.With(
                former with
                {
                    State = ReviewState.Active,
                    Derived = derived,
                    Steps = Noted(former, step with { Kind = ReviewStepKind.Activate }),
                }
            );
        }

        return next.With(
            found with
            {
                State = ToOf(step.Kind),
                Derived = step.Kind
                    is ReviewStepKind.Submit
                        or ReviewStepKind.Approve
                        or ReviewStepKind.Activate
                    ? derived
                    : found.Derived,
                Steps = Noted(found, step),
            }
        );
    }

    private static ReviewState[] FromOf(ReviewStepKind kind) =>
        kind switch
        {
            ReviewStepKind.Submit => [ReviewState.Draft],
            ReviewStepKind.Approve => [ReviewState.Submitted],
            ReviewStepKind.Reject => [ReviewState.Submitted, ReviewState.Approved],
            ReviewStepKind.Activate => [ReviewState.Approved],
            ReviewStepKind.Rollback or ReviewStepKind.Retire => [ReviewState.Active],
            _ => [],
        };

    private static ReviewState ToOf(ReviewStepKind kind) =>
        kind switch
        {
            ReviewStepKind.Submit => ReviewState.Submitted,
            ReviewStepKind.Approve => ReviewState.Approved,
            ReviewStepKind.Reject => ReviewState.Rejected,
            ReviewStepKind.Activate => ReviewState.Active,
            ReviewStepKind.Rollback => ReviewState.RolledBack,
            _ => ReviewState.Superseded,
        };

    private static string NameOf(ReviewState state) =>
        state switch
        {
            ReviewState.Draft => "a draft",
            ReviewState.Submitted => "submitted",
            ReviewState.Approved => "approved",
            ReviewState.Active => "active",
            ReviewState.Superseded => "superseded",
            ReviewState.Rejected => "rejected",
            _ => "rolled back",
        };

    private static string NameOf(int version) => version == 0 ? "none" : $"version {version}";

    private static ImmutableArray<ReviewStep> Noted(SegmentVersion version, ReviewStep step) =>
        (
            version.Steps.Length < SegmentVersion.StepsMax
                ? version.Steps
                : version.Steps.RemoveAt(1)
        ).Add(step);

    private static bool IsOf(SegmentVersion version, string by) =>
        version.Steps.Any(step =>
            step.Kind is ReviewStepKind.Draft or ReviewStepKind.Submit && step.By == by
        );

    private SegmentReview With(SegmentVersion version) =>
        new(
            Versions.SetItem(
                Versions.Select(one => one.Version).ToList().IndexOf(version.Version),
                version
            )
        );

    /// <summary>The versions without the oldest that nobody needs, where one more would be too many.</summary>
    private ImmutableArray<SegmentVersion> Kept()
    {
        if (Versions.Length < IDefinitionsGrain.VersionsMax)
        {
            return Versions;
        }

        SegmentVersion? former = Former;
        SegmentVersion? oldest = Versions.FirstOrDefault(version =>
            version.State
                is not (ReviewState.Active or ReviewState.Submitted or ReviewState.Approved)
            && version != former
        );
        return Versions.Remove(
            oldest ?? Versions.First(version => version.State != ReviewState.Active)
        );
    }
}
