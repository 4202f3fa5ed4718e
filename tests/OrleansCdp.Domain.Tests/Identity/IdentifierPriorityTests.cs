using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>So many identifiers of a type name an individual: those stated last, whatever the order in which they came.</summary>
public sealed class IdentifierPriorityTests
{
    private static readonly IdentifierPriority Priority = new([new("email", 2), new("phone", 3)]);

    [Fact]
    public void Of_a_type_so_many_identify_and_of_one_more_the_one_stated_longest_ago_does_not()
    {
        LinkSet within = LinksOf(("email", "a", 1), ("email", "b", 2));
        SurplusOf(Priority, within).ShouldBe(0);
        Priority.Identifies(within, "email", "a").ShouldBeTrue();

        LinkSet beyond = LinksOf(("email", "a", 1), ("email", "b", 2), ("email", "c", 3));

        SurplusOf(Priority, beyond).ShouldBe(1);
        Priority.Identifies(beyond, "email", "a").ShouldBeFalse();
        Priority.Identifies(beyond, "email", "b").ShouldBeTrue();
        beyond.Identifiers().Count.ShouldBe(3, "what was said stays said");

        // Stated again it is one of the last, and another one is surplus.
        LinkSet again = LinksOf(("email", "b", 2), ("email", "c", 3), ("email", "a", 4));
        Priority.Identifies(again, "email", "a").ShouldBeTrue();
        Priority.Identifies(again, "email", "b").ShouldBeFalse();
    }

    [Fact]
    public void A_verified_one_comes_before_those_stated_later()
    {
        LinkSet links = LinkSet
            .Empty.With(LinkOf("1", new Identifier("email", "a", Verified: true), 1))
            .With(LinkOf("2", new Identifier("email", "b", Verified: false), 2))
            .With(LinkOf("3", new Identifier("email", "c", Verified: false), 3));

        Priority.Of(links).Select(identifier => identifier.Value).ShouldBe(["a", "c"]);
    }

    [Fact]
    public void Over_all_types_so_many_identify_and_the_types_that_matter_least_are_surplus()
    {
        IdentifierPriority all = new([new("phone", Limits.IdentifiersMax - 1), new("email", 5)]);
        var stated = Enumerable
            .Range(0, Limits.IdentifiersMax - 1)
            .Select(i => ("phone", $"p{i}", i))
            .Append(("device", "d", 999));

        LinkSet within = LinksOf([.. stated]);
        SurplusOf(all, within).ShouldBe(0);
        all.Identifies(within, "device", "d").ShouldBeTrue();

        LinkSet beyond = LinksOf([.. stated, ("email", "e", 0)]);

        SurplusOf(all, beyond).ShouldBe(1);
        all.Identifies(beyond, "email", "e").ShouldBeTrue();
        all.Identifies(beyond, "device", "d").ShouldBeFalse("no rule says that it matters");
        all.Of(beyond).Length.ShouldBe(Limits.IdentifiersMax);
    }

    [Fact]
    public void In_every_order_and_over_links_in_any_way_the_same_ones_identify() =>
        Gen.Select(
                (
                    from link in Gen.Int[0, 3]
                    from type in Gen.Int[0, 2]
                    from value in Gen.Int[0, 6]
                    from verified in Gen.Bool
                    select (
                        link,
                        new Identifier(type == 0 ? "email" : $"t{type}", $"v{value}", verified)
                    )
                ).Array[0, 40],
                Gen.Int
            )
            .Sample(
                (stated, seed) =>
                {
                    var said = stated.Select((one, at) => (one.link, one.Item2, at)).ToArray();
                    var shuffled = said.ToArray();
                    new Random(seed).Shuffle(shuffled);

                    Priority.Of(Folded(shuffled)).ShouldBe(Priority.Of(Folded(said)));
                },
                iter: 1_000 * Laws.Thoroughness
            );

    [Fact]
    public void Types_are_named_of_which_there_are_too_many_that_which_matters_most_first()
    {
        IdentifierPriority few = new([new("phone", 1), new("email", Limits.IdentifiersMax)]);
        LinkSet within = LinksOf(("phone", "p", 1), ("email", "e", 2));
        few.SurplusTypesOf(new IdentifierCounts(within)).ShouldBeEmpty();

        var emails = Enumerable
            .Range(0, Limits.IdentifiersMax - 1)
            .Select(i => ("email", $"e{i}", i));
        LinkSet phones = LinksOf([("phone", "p", 1), ("phone", "q", 2), .. emails]);
        few.SurplusTypesOf(new IdentifierCounts(phones)).ShouldBe(["phone"]);

        LinkSet all = phones.With(LinkOf("x", new Identifier("device", "d", false), 1));
        few.SurplusTypesOf(new IdentifierCounts(all)).ShouldBe(["phone", "device"]);
    }

    [Fact]
    public void An_identifier_that_many_links_state_counts_once()
    {
        LinkSet links = LinkSet.Empty;
        for (int i = 0; i < 10; i++)
        {
            links = links.With(LinkOf($"{i}", new Identifier("email", "a", Verified: true), i));
        }

        SurplusOf(Priority, links).ShouldBe(0);
        SurplusOf(Priority, links.With(LinkOf("x", new Identifier("email", "b", false), 1)))
            .ShouldBe(0);
        Priority.Of(links).Length.ShouldBe(1);
    }

    [Fact]
    public void With_another_ones_links_some_are_surplus_and_without_them_none_is()
    {
        LinkSet own = LinksOf(("email", "a", 1), ("email", "b", 2));
        LinkSet merged = own.With(
            LinkOf("other", new Identifier("email", "c", Verified: false), 3)
        );

        Priority.Identifies(merged, "email", "a").ShouldBeFalse();
        LinkSet apart = merged.Without(new LinkKey("s", "o", "other"));

        Priority.Of(apart).ShouldBe(Priority.Of(own));
        Priority.Identifies(apart, "email", "a").ShouldBeTrue();
    }

    [Fact]
    public void Counts_that_are_kept_along_are_those_of_all_links() =>
        (
            from link in Gen.Int[0, 3]
            from type in Gen.Int[0, 2]
            from value in Gen.Int[0, 6]
            from verified in Gen.Bool
            select (link, new Identifier(type == 0 ? "email" : $"t{type}", $"v{value}", verified))
        )
            .Array[1, 40]
            .Sample(
                stated =>
                {
                    UnifiedIndividual person = new() { Id = "ind_a" };
                    IdentifierCounts counts = new(person.Links);
                    for (int i = 0; i < stated.Length; i++)
                    {
                        var becomes = person.Apply([Stated(stated[i].link, stated[i].Item2, i)]);
                        counts.Note(becomes.IdentifiersAdded, becomes.IdentifiersRemoved);
                        person = becomes.Next;
                    }

                    var gone = person.Detach([KeyOf("1")], "ind_b", rank: 0, out _);
                    counts.Note(gone.IdentifiersAdded, gone.IdentifiersRemoved);
                    counts
                        .ByType.Where(type => type.Value > 0)
                        .ShouldBe(new IdentifierCounts(gone.Next.Links).ByType, ignoreOrder: true);
                },
                iter: 1_000 * Laws.Thoroughness
            );

    [Fact]
    public void Counts_are_made_where_there_are_many_and_used_where_they_are_given()
    {
        IdentifierCounts? counts = null;
        Priority.SurplusOf(LinksOf(("email", "a", 1)), ref counts).ShouldBe(0);
        counts.ShouldBeNull();

        LinkSet links = LinksOf(("email", "a", 1), ("email", "b", 2), ("email", "c", 3));
        Priority.SurplusOf(links, ref counts).ShouldBe(1);
        counts.ShouldNotBeNull().Note([new Identifier("email", "d", Verified: false)], []);

        Priority.SurplusOf(links, ref counts).ShouldBe(2);
    }

    private static int SurplusOf(IdentifierPriority priority, LinkSet links)
    {
        IdentifierCounts? counts = null;
        return priority.SurplusOf(links, ref counts);
    }

    private static LinkKey KeyOf(string link) => new("s", "o", link);

    private static LinkSet Folded((int Link, Identifier Identifier, int At)[] stated)
    {
        LinkSet links = LinkSet.Empty;
        long[] sequences = new long[4];
        foreach ((int link, Identifier identifier, int at) in stated)
        {
            links = links.Fold(Stated(link, identifier, at, ++sequences[link]), out _);
        }

        return links;
    }

    private static SequencedEvent Stated(
        int link,
        Identifier identifier,
        int at,
        long? sequence = null
    ) =>
        Some.Event(
                EventKind.Updated,
                "Individual",
                KeyOf($"{link}"),
                minute: at,
                id: $"{link}/{identifier}/{at}"
            )
            .With(identifier)
            .At(sequence ?? at + 1);

    private static LinkSet LinksOf(params (string Type, string Value, int At)[] stated) =>
        stated
            .Select(
                (one, i) =>
                    LinkOf($"{i}", new Identifier(one.Type, one.Value, Verified: false), one.At)
            )
            .Aggregate(LinkSet.Empty, (links, link) => links.With(link));

    private static Link LinkOf(string id, Identifier identifier, int at) =>
        new()
        {
            Key = new LinkKey("s", "o", id),
            Identifiers = [new LinkIdentifier(identifier, new Stamp(at, 0, 0))],
        };
}
