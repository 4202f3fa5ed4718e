using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Memberships and their changes as they are answered.</summary>
internal static class MembershipView
{
    /// <summary>Somebody who is in a segment.</summary>
    public static object Of(Member member) =>
        new
        {
            member.Individual,
            member.Tier,
            member.Since,
            member.Version,
        };

    /// <summary>An entry or exit that somebody follows.</summary>
    public static object Of(FollowedChange followed)
    {
        MembershipChange change = followed.Change;
        return new
        {
            followed.Position,
            followed.Individual,
            segment = SegmentOrder.SegmentOf(change.Segment),
            tier = SegmentOrder.TierOf(change.Segment),
            change = KindOf(change),
            change.Version,
            change.Sequence,
            change.At,
            cause = NameOf(change.Cause),
            events = EventsOf(change),
            values = ValuesOf(change.Values),
        };
    }

    /// <summary>An entry or exit of somebody who is known.</summary>
    public static object Of(MembershipChange change) =>
        new
        {
            segment = SegmentOrder.SegmentOf(change.Segment),
            tier = SegmentOrder.TierOf(change.Segment),
            change = KindOf(change),
            change.Version,
            change.Sequence,
            change.At,
            cause = NameOf(change.Cause),
            events = EventsOf(change),
            values = ValuesOf(change.Values),
        };

    /// <summary><c>entered</c> or <c>exited</c>.</summary>
    public static string KindOf(MembershipChange change) => change.Entered ? "entered" : "exited";

    /// <summary>A cause in small letters.</summary>
    public static string NameOf(MembershipCause cause) => cause.ToString().ToLowerInvariant();

    private static IEnumerable<object> EventsOf(MembershipChange change) =>
        change.Events.Select(one => new { one.Source, id = one.EventId });

    /// <summary>What criteria were told.</summary>
    public static IEnumerable<object> ValuesOf(ImmutableArray<AskedValue> values) =>
        values.Select(one => new { one.Asked, value = ValueOf(one.Value) });

    private static JsonNode? ValueOf(FieldValue? value) =>
        value switch
        {
            null or { Type: FieldType.Null } => null,
            { Type: FieldType.Number, Text: var text } => decimal.Parse(
                text,
                CultureInfo.InvariantCulture
            ),
            { Type: FieldType.Boolean, Text: var text } => text == "true",
            { Type: FieldType.Json, Text: var text } => JsonNode.Parse(text),
            { Text: var text } => text,
        };
}
