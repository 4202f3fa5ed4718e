using System.IO.Hashing;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What was compared once is not compared again, and then no query is made.</summary>
public sealed class ComparedLinkTests
{
    private const string Ada = "ind_ada";

    [Fact]
    public void What_was_compared_is_remembered_and_nothing_need_not_be()
    {
        KnownLink link = new(default);

        link.WasCompared(0, null).ShouldBeTrue("it says nothing that is compared");
        link.WasCompared(7, null).ShouldBeFalse();
        link.NoteCompared(7, null);

        link.WasCompared(7, null).ShouldBeTrue();
        link.WasCompared(8, null).ShouldBeFalse();
    }

    [Fact]
    public void An_anchor_that_says_whose_it_is_is_told_once_also_where_nothing_else_is_said()
    {
        KnownLink link = new(default);

        link.WasCompared(0, Ada).ShouldBeFalse();
        link.NoteCompared(0, Ada);

        link.WasCompared(0, Ada).ShouldBeTrue();
        link.WasCompared(0, "ind_bob").ShouldBeFalse();
    }

    [Fact]
    public void Thirty_two_statements_are_remembered_and_with_one_more_the_others_are_forgotten()
    {
        KnownLink link = new(default);
        for (ulong said = 1; said <= KnownLink.StatementsMax; said++)
        {
            link.NoteCompared(said, null);
        }

        link.WasCompared(1, null).ShouldBeTrue();
        link.NoteCompared(KnownLink.StatementsMax + 1, null);

        link.WasCompared(1, null).ShouldBeFalse();
        link.WasCompared(KnownLink.StatementsMax + 1, null).ShouldBeTrue();
    }

    [Fact]
    public void The_same_words_are_new_once_a_month()
    {
        (Ruleset? service, _) = Ruleset.Compile("service", ShippedRulesets.All["service"]);
        LiveSpace space = new(new MatchSpace(1, "service", 1, ""), service!.Fuzzy!);
        LinkEvent said = LinkEvents.Of("crm/Case/1", "e1") with
        {
            Traits = [new Field("email", FieldValue.Of("ada@example.com"))],
            OccurredAt = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        };

        PrintAt(said.OccurredAt.AddMonths(1).AddTicks(-1)).ShouldBe(PrintAt(said.OccurredAt));
        PrintAt(said.OccurredAt.AddMonths(1)).ShouldNotBe(PrintAt(said.OccurredAt));

        ulong PrintAt(DateTimeOffset at)
        {
            XxHash3 hash = new();
            space.AddTo(hash, said with { OccurredAt = at }).ShouldBeTrue();
            return hash.GetCurrentHashAsUInt64();
        }
    }

    [Fact]
    public void That_a_record_says_nothing_is_noted_once_and_never_of_one_that_said_something_or_is_anchored()
    {
        const ulong nothing = KnownLink.NothingToCompare;
        KnownLink silent = new(default) { IsAnchored = false };
        silent.WasCompared(nothing, null).ShouldBeFalse();
        silent.NoteCompared(nothing, null);
        silent.WasCompared(nothing, null).ShouldBeTrue();
        silent.WasCompared(7, null).ShouldBeFalse("it says something now");

        KnownLink spoken = new(default) { IsAnchored = false };
        spoken.NoteCompared(7, null);
        spoken.WasCompared(nothing, null).ShouldBeTrue();

        KnownLink anchored = new(default) { IsAnchored = true };
        anchored.WasCompared(nothing, null).ShouldBeTrue();
    }
}
