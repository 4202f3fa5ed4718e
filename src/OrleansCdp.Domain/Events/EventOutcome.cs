namespace OrleansCdp.Events;

/// <summary>What became of one event at its individual or account.</summary>
public enum OutcomeKind
{
    /// <summary>Folded into the state.</summary>
    Applied = 0,

    /// <summary>It said nothing new; the reason is in the code.</summary>
    Suppressed = 1,

    /// <summary>It cannot be folded; it belongs in quarantine under the code.</summary>
    Refused = 2,

    /// <summary>The link lives at another individual now, whose id is in the code; send it there.</summary>
    Moved = 3,

    /// <summary>The link met it before and changed nothing now; what became of it was noted then.</summary>
    Known = 4,

    /// <summary>
    /// The link is not here, and the individual in the code knows where: its merge was made or taken back. Send it there.
    /// </summary>
    NotMine = 5,
}

/// <summary>What became of one event.</summary>
/// <param name="Kind">The outcome.</param>
/// <param name="Code">The reason, from <see cref="ReasonCodes"/>; null when applied or known.</param>
[GenerateSerializer, Immutable, Alias("cdp.event-outcome")]
public readonly record struct EventOutcome(
    [property: Id(0)] OutcomeKind Kind,
    [property: Id(1)] string? Code
)
{
    /// <summary>Whether the event is to be brought to somebody else.</summary>
    public bool IsElsewhere => Kind is OutcomeKind.Moved or OutcomeKind.NotMine;

    /// <summary>The event is in the state.</summary>
    public static EventOutcome Applied { get; }

    /// <summary>The event was met before.</summary>
    public static EventOutcome Known { get; } = new(OutcomeKind.Known, null);

    /// <summary>The event said nothing new.</summary>
    public static EventOutcome Suppressed(string code) => new(OutcomeKind.Suppressed, code);

    /// <summary>The event's link lives at <paramref name="individual"/> now.</summary>
    public static EventOutcome Moved(string individual) => new(OutcomeKind.Moved, individual);

    /// <summary>The event's link is not here; <paramref name="individual"/> knows where it is.</summary>
    public static EventOutcome NotMine(string individual) => new(OutcomeKind.NotMine, individual);

    /// <summary>The event cannot be folded.</summary>
    public static EventOutcome Refused(string code) => new(OutcomeKind.Refused, code);

    /// <summary>Whether one of these is a refusal.</summary>
    public static bool AnyRefused(EventOutcome[]? outcomes) =>
        outcomes is not null && Array.Exists(outcomes, o => o.Kind == OutcomeKind.Refused);
}

/// <summary>Stable reasons, shown to people and counted. Never renamed.</summary>
public static class ReasonCodes
{
    /// <summary>The body is not JSON, CSV or UTF-8 as declared.</summary>
    public const string Malformed = "malformed";

    /// <summary>JSON nested deeper than <see cref="Limits.JsonDepthMax"/>.</summary>
    public const string TooDeep = "too_deep";

    /// <summary>One event larger than <see cref="Limits.EventBytesMax"/>.</summary>
    public const string EventTooLarge = "event_too_large";

    /// <summary>A required field is missing.</summary>
    public const string Required = "required";

    /// <summary>A value does not fit its field's type.</summary>
    public const string WrongType = "wrong_type";

    /// <summary>A date or time does not parse in the declared format.</summary>
    public const string BadTime = "bad_time";

    /// <summary>The event claims to have happened in the future.</summary>
    public const string FutureTime = "future_time";

    /// <summary>No subject: nobody the event could be about.</summary>
    public const string NoSubject = "no_subject";

    /// <summary>No record id where the definition asks for one.</summary>
    public const string NoRecordId = "no_record_id";

    /// <summary>A character that cannot be stored (NUL, a lone surrogate).</summary>
    public const string BadText = "bad_text";

    /// <summary>A bound of <see cref="Limits"/> was passed.</summary>
    public const string LimitExceeded = "limit_exceeded";

    /// <summary>
    /// The change concerns a record, or a status of one, that was folded into a number long ago.
    /// </summary>
    public const string RecordFolded = "record_folded";

    /// <summary>The individual or account has as many links as it may have.</summary>
    public const string LinksMax = "links_max";

    /// <summary>As many individuals are merged into one as may be.</summary>
    public const string MergedMax = "merged_max";

    /// <summary>The individual was merged into another one itself, or its links are on their way.</summary>
    public const string MergedElsewhere = "merged_elsewhere";

    /// <summary>Others are merged into the individual; it stays as long as they do.</summary>
    public const string HoldsOthers = "holds_others";

    /// <summary>A steward decided otherwise; what the event says counts once that is taken back.</summary>
    public const string Overruled = "overruled";

    /// <summary>No active definition under this name.</summary>
    public const string UnknownStream = "unknown_stream";

    /// <summary>The message's type is none the stream understands.</summary>
    public const string UnknownType = "unknown_type";

    /// <summary>Suppressed: no kept field changed.</summary>
    public const string NothingNew = "nothing_new";

    /// <summary>Suppressed: closed again with nothing new.</summary>
    public const string ClosedAgain = "closed_again";

    /// <summary>Suppressed at the edge: the definition does not keep this kind of event.</summary>
    public const string KindNotKept = "kind_not_kept";

    /// <summary>
    /// Suppressed at the edge: the source deleted what is no record, e.g. its contact or account. The profile stays as
    /// it is, for a person is more than that.
    /// </summary>
    public const string DeletionNotKept = "deletion_not_kept";

    /// <summary>
    /// An identifier that names nobody (<c>none</c>, <c>null@...</c>), as the stream's ruleset says. An event that could
    /// be about nobody else is refused under this code; others go on without it.
    /// </summary>
    public const string IdentifierBlocked = "identifier_blocked";

    /// <summary>An identifier that cannot be of its type, left out of its event.</summary>
    public const string IdentifierInvalid = "identifier_invalid";

    /// <summary>The fold failed: a defect. The event is kept and the partition goes on.</summary>
    public const string FoldFailed = "fold_failed";

    /// <summary>
    /// What the event says could not be compared with other records: a defect, or a stored record is damaged. The event is
    /// kept, and is in no profile; the partition goes on.
    /// </summary>
    public const string MatchFailed = "match_failed";

    /// <summary>The stored state of the individual or account is damaged and could not be rebuilt.</summary>
    public const string StateCorrupt = "state_corrupt";
}
