using CsCheck;

namespace OrleansCdp.Identity;

public sealed class IdentifierChangesTests
{
    private static readonly Gen<Link> AnyLink =
        from id in Gen.Int[0, 4]
        from identifiers in (
            from type in Gen.Int[0, 1]
            from value in Gen.Int[0, 9]
            from verified in Gen.Bool
            select new Identifier($"t{type}", $"v{value}", verified)
        ).Array[0, 6]
        select new Link
        {
            Key = new LinkKey("s", "o", $"{id}"),
            Identifiers =
            [
                .. identifiers
                    .DistinctBy(identifier => (identifier.Type, identifier.Value))
                    .Select(identifier => new LinkIdentifier(identifier, default)),
            ],
        };

    [Fact]
    public void The_changes_are_those_between_all_identifiers_then_and_now() =>
        Gen.Select(AnyLink.Array[0, 5], AnyLink.Array[0, 3])
            .Sample(
                (links, changed) =>
                {
                    LinkSet before = links.Aggregate(LinkSet.Empty, (set, link) => set.With(link));
                    LinkSet after = changed.Aggregate(before, (set, link) => set.With(link));
                    after = links.Length > 2 ? after.Without(links[0].Key) : after;

                    var (added, removed) = IdentifierChanges.Between(before, after);

                    IReadOnlySet<Identifier> then = before.Identifiers();
                    IReadOnlySet<Identifier> now = after.Identifiers();
                    added.ShouldBe(now.Except(then), ignoreOrder: true);
                    removed.ShouldBe(then.Except(now), ignoreOrder: true);
                },
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void Of_an_identifier_that_two_links_bear_the_verified_form_counts()
    {
        Identifier stated = new("email", "ada@example.com", Verified: false);
        Link first = new() { Key = new("s", "o", "1"), Identifiers = [new(stated, default)] };
        Link second = first with
        {
            Key = new("s", "o", "2"),
            Identifiers = [new(stated with { Verified = true }, default)],
        };
        LinkSet one = LinkSet.Empty.With(first);
        LinkSet both = one.With(second);

        IdentifierChanges.Between(one, both).Added.ShouldBe([stated with { Verified = true }]);
        IdentifierChanges.Between(one, both).Removed.ShouldBe([stated]);
        IdentifierChanges.Between(both, one).Added.ShouldBe([stated]);
        IdentifierChanges.Between(both, both.Without(first.Key)).Removed.ShouldBeEmpty();
    }
}
