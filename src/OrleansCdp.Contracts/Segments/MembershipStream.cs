using Orleans.Runtime;

namespace OrleansCdp.Segments;

/// <summary>
/// The Orleans stream of all entries and exits, as <see cref="FollowedChange"/>: at least once, and of each individual in the order
/// of its numbers. A grain gets them that says <c>[ImplicitStreamSubscription(MembershipStream.Name)]</c> and resumes its
/// subscription; what it throws at comes again until it does not, so it keeps nobody from a later one by skipping.
/// </summary>
/// <remarks>
/// What was told twice has the same individual and number. Others follow changes over HTTP, from any position behind which none is
/// forgotten.
/// </remarks>
public static class MembershipStream
{
    /// <summary>Its provider, and its namespace.</summary>
    public const string Name = "memberships";

    /// <summary>Its only key: that of the grain that gets it.</summary>
    public const string Key = "all";

    /// <summary>Most changes that are delivered together.</summary>
    public const int BatchMax = 200;

    /// <summary>The stream.</summary>
    public static StreamId Id { get; } = StreamId.Create(Name, Key);
}
