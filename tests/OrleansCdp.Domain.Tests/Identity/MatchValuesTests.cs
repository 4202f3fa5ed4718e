using CsCheck;

namespace OrleansCdp.Identity;

/// <summary>What is known of a record only grows, whatever the order, and is stored in few bytes.</summary>
public sealed class MatchValuesTests
{
    private static readonly Gen<MatchValues> Statements = Gen.Select(
            Gen.Int[0, 3],
            Gen.Int[0, 12],
            Gen.Int[0, 20]
        )
        .Array[0, 12]
        .Select(all =>
            MatchValues.Of(
                all.Select(s => ((ushort)s.Item1, new MatchValue($"v{s.Item2}", s.Item3)))
            )
        );

    [Fact]
    public void Joining_does_not_depend_on_order_grouping_or_repetition() =>
        Gen.Select(Statements, Statements, Statements)
            .Sample(
                (a, b, c) =>
                    a.Join(b).Equals(b.Join(a))
                    && a.Join(b).Join(c).Equals(a.Join(b.Join(c)))
                    && a.Join(b).Join(a).Equals(a.Join(b))
                    && a.Join(a).Equals(a),
                iter: 2_000 * Laws.Thoroughness
            );

    [Fact]
    public void Stored_values_come_back_equal() =>
        Statements.Sample(values =>
            MatchValues.Decode(values.Encode()).Equals(values)
            && MatchValues.Decode(values.Encode()).GetHashCode() == values.GetHashCode()
        );

    [Fact]
    public void The_stored_form_never_changes()
    {
        MatchValues values = MatchValues.Of([
            (0x1234, new MatchValue("müller", 1_700_000_000_000)),
            (0x1234, new MatchValue("miller", -1)),
            (0x0001, new MatchValue("19700301", 0)),
        ]);
        Convert
            .ToHexStringLower(values.Encode())
            .ShouldBe(
                "01020100010008313937303033303134120280a0abfef96207"
                    + "6dc3bc6c6c657201066d696c6c6572"
            );
    }

    [Fact]
    public void Eight_values_stay_and_of_nine_the_last_stated()
    {
        MatchValues eight = Stated(1, MatchValues.ValuesMax);
        eight.Of(1).Length.ShouldBe(MatchValues.ValuesMax);
        MatchValues nine = eight.Join(Stated(9, 1));
        nine.Of(1).Length.ShouldBe(MatchValues.ValuesMax);
        nine.Of(1)[0].Text.ShouldBe("v9");
        nine.Of(1).ShouldNotContain(value => value.Text == "v1");
    }

    [Fact]
    public void What_is_said_again_is_nothing_new_but_its_time()
    {
        MatchValues once = Stated(1, 1);
        once.Join(Stated(1, 1)).ShouldBeSameAs(once);
        MatchValues later = once.Join(MatchValues.Of([(1, new MatchValue("v1", 99))]));
        later.Of(1).Single().At.ShouldBe(99);
    }

    [Fact]
    public void Said_again_in_the_same_month_is_nothing_new_and_in_the_next_it_is()
    {
        (Ruleset? service, _) = Ruleset.Compile("service", ShippedRulesets.All["service"]);
        DateTimeOffset first = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        MatchValues said = At(first);

        // The last moment of the month, written where it is another one already.
        At(first.AddMonths(1).AddTicks(-1).ToOffset(TimeSpan.FromHours(5))).ShouldBe(said);
        MatchValues next = At(first.AddMonths(1));
        next.ShouldNotBe(said);
        next.ComparesAs(said).ShouldBeTrue();
        said.Join(next).ShouldBe(next);

        MatchValues At(DateTimeOffset at) =>
            service!.ValuesOf(
                Spaces.Event(0, ("email", "a.b@mail.test")) with
                {
                    OccurredAt = at,
                }
            )!;
    }

    [Fact]
    public void What_is_compared_is_the_values_in_their_order()
    {
        MatchValues values = Stated(1, 3);
        values.ComparesAs(Stated(1, 3)).ShouldBeTrue();
        values.ComparesAs(Stated(1, 2)).ShouldBeFalse("a value less");
        values.ComparesAs(Stated(2, 3)).ShouldBeFalse("another value");
        values
            .ComparesAs(values.Join(MatchValues.Of([(1, new MatchValue("v1", 99))])))
            .ShouldBeFalse("the same in another order: the first few make the keys");
        values
            .ComparesAs(values.Join(MatchValues.Of([(2, new MatchValue("v1", 1))])))
            .ShouldBeFalse("another field");
    }

    [Theory]
    [InlineData("")]
    [InlineData("02")]
    [InlineData("01")]
    [InlineData("0101")]
    [InlineData("010101000101")]
    [InlineData("0100ff")]
    [InlineData("01ffffffffffffffffffffff")]
    [InlineData("010101000900")]
    public void Damaged_bytes_are_refused(string hex) =>
        Should.Throw<FormatException>(() => MatchValues.Decode(Convert.FromHexString(hex)));

    [Fact]
    public void An_event_says_what_its_traits_record_and_identifiers_say()
    {
        (Ruleset? service, _) = Ruleset.Compile("service", ShippedRulesets.All["service"]);
        var fields = service!.Fuzzy!.Fields.ToDictionary(field => field.Name);
        var said = service.ValuesOf(
            Some.Event(
                    Events.EventKind.Created,
                    "Case",
                    record: "1",
                    fields:
                    [
                        "suppliedName".Is("Ann Lee"),
                        "suppliedEmail".Is("ANN@mail.test"),
                        "suppliedPhone".Is("none"),
                    ]
                )
                .With(new Identifier("email", "ann.lee@mail.test", false))
        )!;
        said.Of(fields["firstName"].Id).Single().Text.ShouldBe("ann");
        said.Of(fields["lastName"].Id).Single().Text.ShouldBe("lee");
        said.Of(fields["email"].Id)
            .Select(value => value.Text)
            .ShouldBe(["ann.lee@mail.test", "ann@mail.test"]);
        said.Of(fields["phone"].Id).ShouldBeEmpty();
    }

    [Fact]
    public void A_whole_name_counts_only_where_none_is_taken_apart()
    {
        (Ruleset? service, _) = Ruleset.Compile("service", ShippedRulesets.All["service"]);
        ushort first = service!.Fuzzy!.Fields[0].Id;
        MatchValues both = service.Fuzzy.Values(("firstName", "Ann"), ("name", "Anna B Lee"));
        both.Of(first).Single().Text.ShouldBe("ann");
    }

    [Fact]
    public void An_event_without_any_of_them_or_about_an_account_or_blocked_says_nothing()
    {
        (Ruleset? service, _) = Ruleset.Compile("service", ShippedRulesets.All["service"]);
        service!.ValuesOf(Spaces.Event(0, ("title", "Director"))).ShouldBeNull();
        service.ValuesOf(Spaces.Event(0, ("email", "null@mail.test"))).ShouldBeNull();
        service.ValuesOf(Spaces.Event(0, ("firstName", "Unknown"))).ShouldBeNull();
        service
            .ValuesOf(
                Spaces.Event(0, ("email", "a.b@mail.test")) with
                {
                    Subject = Events.SubjectKind.Account,
                }
            )
            .ShouldBeNull();
    }

    private static MatchValues Stated(int first, int count) =>
        MatchValues.Of(
            Enumerable.Range(first, count).Select(i => ((ushort)1, new MatchValue($"v{i}", i)))
        );
}
