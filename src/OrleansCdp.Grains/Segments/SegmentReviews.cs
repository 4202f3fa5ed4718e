using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Takes steps with versions of segments: the definitions that follow, or why it is refused.</summary>
/// <param name="state">All definitions.</param>
internal sealed class SegmentReviews(DefinitionsState state)
{
    private readonly DefinitionCheck definitions = new(state);

    private SegmentCheck Check => definitions.Segments;

    /// <summary>Writes a version.</summary>
    /// <param name="name">The segment.</param>
    /// <param name="put">Text, hash, author and moment.</param>
    public (DefinitionsState Next, ReviewResult Result) Draft(string name, DefinitionVersion put)
    {
        var errors = definitions.Check(DefinitionKinds.Segment, name, put.Text);
        if (errors.IsEmpty)
        {
            errors = RefuseMuch(name, put.Text);
        }

        if (!errors.IsEmpty)
        {
            return Refused(errors);
        }

        var (review, version, changed) = state
            .ReviewOf(name)
            .Draft(name, put.Text, put.Hash, put.Author, put.At);
        return (
            changed ? state.With(name, review).WithoutUnneeded() : state,
            new ReviewResult { Version = version, Changed = changed }
        );
    }

    /// <summary>Takes a step.</summary>
    /// <param name="name">The segment.</param>
    /// <param name="version">The version.</param>
    /// <param name="request">The step.</param>
    /// <param name="at">When.</param>
    /// <param name="preview">Of an activation the preview; null for none.</param>
    public (DefinitionsState Next, ReviewResult Result) Take(
        string name,
        int version,
        ReviewRequest request,
        DateTimeOffset at,
        SegmentPreview? preview
    )
    {
        SegmentReview review = state.ReviewOf(name);
        ReviewRefusal? refusal =
            review.Refuses(version, request)
            ?? (
                request.Kind == ReviewStepKind.Activate
                    ? new PreviewCheck(state).Refuses(version, request, at, preview)
                    : null
            );
        if (refusal is not null)
        {
            return (state, new ReviewResult { Refusal = refusal });
        }

        SegmentVersion? deciding = request.Kind switch
        {
            ReviewStepKind.Submit or ReviewStepKind.Approve or ReviewStepKind.Activate =>
                review.Find(version),
            ReviewStepKind.Rollback => review.Former,
            _ => null,
        };
        bool isLess = request.Kind is ReviewStepKind.Rollback or ReviewStepKind.Retire;
        if (deciding is null && isLess && Check.CheckWithout(name) is { IsEmpty: false } users)
        {
            return Refused(users, ReviewRefusalKind.InUse, "Other segments ask for it.");
        }

        ImmutableArray<DefinitionError> errors = WrongWith(name, request, deciding);
        if (!errors.IsEmpty)
        {
            return Refused(errors);
        }

        ReviewStep step = new(request.Kind, request.By, at, request.Reason)
        {
            Previewed = PreviewCheck.MovesOf(preview),
        };
        ImmutableArray<DerivedInsight> derived = DerivedOf(deciding);
        review = review.Take(version, step, [.. derived.Select(one => one.Name)]);
        DefinitionsState next = Computing(state.With(name, review).WithoutUnneeded(), derived, at);
        next = Deciding(next, name, request, deciding);
        return TooMuchOf(next) is { } wrong
            ? Refused([Error(wrong)])
            : (
                next,
                new ReviewResult { Version = next.ReviewOf(name).Find(version), Changed = true }
            );
    }

    /// <summary>Compares two versions.</summary>
    /// <param name="name">The segment.</param>
    /// <param name="from">The one; null for the active one.</param>
    /// <param name="to">The other; null for the newest.</param>
    /// <returns>Null when there are no such versions.</returns>
    public ReviewDifference? Compare(string name, int? from, int? to)
    {
        SegmentReview review = state.ReviewOf(name);
        ReviewedText? before = TextOf(name, from);
        ReviewedText? after = TextOf(name, to ?? review.Versions.LastOrDefault()?.Version);
        return before is null || after is null
            ? null
            : new ReviewDifference(
                before,
                after,
                before.NormalForm is not null && before.NormalForm == after.NormalForm
            );
    }

    /// <summary>The text of a version, and what it means; null when there is none.</summary>
    /// <param name="name">The segment.</param>
    /// <param name="version">The version; null for the active one.</param>
    public ReviewedText? TextOf(string name, int? version)
    {
        SegmentReview review = state.ReviewOf(name);
        return (version is { } wanted ? review.Find(wanted) : review.Active) is { } found
            ? TextOf(found)
            : null;
    }

    /// <summary>The text of a version, stored or only planned, and what it means.</summary>
    public ReviewedText TextOf(SegmentVersion version) =>
        new(version.Version, version.Text, Check.Compile(version.Name, version.Text)?.NormalForm);

    /// <summary>With the version that decides from now on who is a member, where the step is about that.</summary>
    private static DefinitionsState Deciding(
        DefinitionsState next,
        string name,
        ReviewRequest request,
        SegmentVersion? deciding
    )
    {
        if (
            request.Kind
            is not (ReviewStepKind.Activate or ReviewStepKind.Rollback or ReviewStepKind.Retire)
        )
        {
            return next;
        }

        next = deciding is null
            ? next.WithoutActive(name)
            : next.With(
                new DefinitionVersion
                {
                    Kind = DefinitionKinds.Segment,
                    Name = name,
                    Version = deciding.Version,
                    Text = deciding.Text,
                    Hash = deciding.Hash,
                    Author = deciding.Author,
                    At = next.ReviewOf(name).Find(deciding.Version)!.Steps[^1].At,
                },
                isComplete: false
            );
        return next with { Activations = next.Version };
    }

    /// <summary>With insights that are computed from now on.</summary>
    private static DefinitionsState Computing(
        DefinitionsState next,
        ImmutableArray<DerivedInsight> derived,
        DateTimeOffset at
    )
    {
        foreach (DerivedInsight insight in derived)
        {
            if (next.Active(DefinitionKinds.Insight, insight.Name) is null)
            {
                DefinitionVersion version = DefinitionsGrain.FirstOf(insight, at);
                next = next.With(version, new DefinitionCheck(next).KnowsAll(version));
            }
        }

        return next;
    }

    /// <summary>What is wrong with the version that would decide, or is reviewed.</summary>
    private ImmutableArray<DefinitionError> WrongWith(
        string name,
        ReviewRequest request,
        SegmentVersion? deciding
    ) =>
        deciding is null ? []
        : request.Kind is ReviewStepKind.Submit or ReviewStepKind.Approve
            ? Check.CheckDraft(name, deciding.Text)
        : Check.Check(name, deciding.Text);

    private ImmutableArray<DerivedInsight> DerivedOf(SegmentVersion? version) =>
        version is null
            ? []
            :
            [
                .. Check
                    .Compile(version.Name, version.Text)!
                    .Inputs.SelectMany(input => input.Derived)
                    .DistinctBy(derived => derived.Name),
            ];

    /// <summary>Whether it would be one segment too many, or too much text of them.</summary>
    private ImmutableArray<DefinitionError> RefuseMuch(string name, string text)
    {
        string[] names = [.. state.Segments.Select(version => version.Name).Distinct()];
        if (!names.Contains(name) && names.Length >= IDefinitionsGrain.SegmentsMax)
        {
            return
            [
                Error($"There are {IDefinitionsGrain.SegmentsMax} segments already, with drafts."),
            ];
        }

        long kept = state.Segments.Where(state.IsNeeded).Sum(version => (long)version.Text.Length);
        return kept + text.Length <= IDefinitionsGrain.SegmentTextMax
            ? []
            :
            [
                Error(
                    "All versions of segments that are active or under review would have more than "
                        + $"{IDefinitionsGrain.SegmentTextMax} characters."
                ),
            ];
    }

    /// <summary>Why definitions would be more than there can be; null where they are not.</summary>
    private static string? TooMuchOf(DefinitionsState next)
    {
        int derived = next.Versions.Count(one => one.IsDerived);
        long text = next.AllActive().Sum(one => (long)one.Text.Length);
        return derived > IDefinitionsGrain.DerivedMax
                ? $"The measures and sequences of all segments would be {derived} insights; at most "
                    + $"{IDefinitionsGrain.DerivedMax} can be."
            : text > IDefinitionsGrain.ActiveTextMax
                ? $"All active definitions would have {text} characters; at most {IDefinitionsGrain.ActiveTextMax} can be."
            : null;
    }

    private (DefinitionsState Next, ReviewResult Result) Refused(
        ImmutableArray<DefinitionError> errors,
        ReviewRefusalKind kind = ReviewRefusalKind.DoesNotCompile,
        string detail = "The definition does not compile beside those that are active."
    ) => (state, new ReviewResult { Errors = errors, Refusal = new(kind, detail) });

    private static DefinitionError Error(string message) => new("", message, 0, 0);
}
