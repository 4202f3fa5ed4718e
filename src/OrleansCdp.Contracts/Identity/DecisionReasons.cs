namespace OrleansCdp.Identity;

/// <summary>Why a compared link is whose it is, or with whom it forms a group. Stored; never renamed.</summary>
public static class DecisionReasons
{
    /// <summary>An anchor says whose it is.</summary>
    public const string Anchored = "anchored";

    /// <summary>It agrees with an individual, or with a group that has become one's.</summary>
    public const string Matched = "matched";

    /// <summary>It agrees with other records, and all of them are nobody's.</summary>
    public const string Grouped = "grouped";

    /// <summary>It is new, and agrees with nobody.</summary>
    public const string MatchesNobody = "matches_nobody";

    /// <summary>It has said nothing that could be compared.</summary>
    public const string NothingToCompare = "nothing_to_compare";

    /// <summary>What it says has changed: it is with others than before, or with nobody.</summary>
    public const string SaysOtherwise = "says_otherwise";

    /// <summary>Too many have an identifier of it, or not too many any more.</summary>
    public const string IdentifierShared = "identifier_shared";

    /// <summary>
    /// It left where it was because a merge, its end or a steward's word had it decided about again. One that a merge
    /// brought to somebody else is <see cref="Anchored"/> or <see cref="Matched"/> there.
    /// </summary>
    public const string DecidedAgain = "decided_again";

    /// <summary>Its group became an individual's with whom it does not agree.</summary>
    public const string GroupTaken = "group_taken";

    /// <summary>The individual it was with says something else, or is no more.</summary>
    public const string IndividualChanged = "individual_changed";

    /// <summary>The other records of its group changed, and left it or do not hold it any more.</summary>
    public const string GroupChanged = "group_changed";

    /// <summary>Another version of the rules is live.</summary>
    public const string RulesChanged = "rules_changed";
}
