using System.Data.Common;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What may be over after a while costs no event its place: the chunk comes again.</summary>
public sealed class MatchFailureTests
{
    public static TheoryData<Exception, bool> Failures =>
        new()
        {
            { new FormatException("These bytes say nothing."), true },
            { new KeyNotFoundException(), true },
            { new InvalidCastException(), true },
            { new DatabaseFailure("22021"), true },
            { new DatabaseFailure("23514"), true },
            { new DatabaseFailure("54000"), true },
            { new DatabaseFailure("40001"), false },
            { new DatabaseFailure("53300"), false },
            { new DatabaseFailure("57P01"), false },
            { new DatabaseFailure(null), false },
            { new TimeoutException(), false },
            { new IOException(), false },
            { new OperationCanceledException(), false },
            { new LogUnavailableException("Claims keep changing."), false },
        };

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_failure_follows_from_data_or_from_something_that_is_away(
        Exception failure,
        bool isOfData
    ) => MatchFailedException.FollowsFromData(failure).ShouldBe(isOfData);

    private sealed class DatabaseFailure(string? state) : DbException
    {
        public override string? SqlState => state;
    }
}
