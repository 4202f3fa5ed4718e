using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// Whoever is in a segment is who a recompute says is, at every moment, however events arrive; and what is told of it is one
/// story without gaps.
/// </summary>
public sealed class SegmentLawTests
{
    private static readonly SegmentSet Set = SegmentOracle.Set;
    private static readonly InsightSet Insights = Segmented.InsightsOf(Set);

    private static readonly Gen<LinkEvent> AnyWord =
        from said in Histories.AnyEvent
        from what in Gen.Int[0, 3]
        from bits in Gen.Int[0, 100]
        select said with
        {
            Object = "Individual",
            Kind = EventKind.Updated,
            RecordId = null,
            Fields = [],
            Lines = [],
            Traits =
            [
                what switch
                {
                    0 => new Field("vip", FieldValue.Of(bits % 2 == 0)),
                    1 => "city".Is(
                        (bits % 3) switch
                        {
                            0 => "paris",
                            1 => "rome",
                            _ => "oslo",
                        }
                    ),
                    2 => new Field("city", FieldValue.Null),
                    _ => new Field("renewsAt", FieldValue.Of(Histories.End.AddDays(bits - 20))),
                },
            ],
        };

    private static readonly Gen<LinkEvent[]> History = Gen.Frequency(
            (4, Histories.AnyEvent),
            (1, AnyWord)
        )
        .Array[1, 50]
        .Select(events =>
            (LinkEvent[])[.. events.Select((e, i) => e with { EventId = $"e{i}", Version = i + 1 })]
        );

    [Fact]
    public void Members_are_those_of_a_recompute_at_every_moment_however_events_arrive() =>
        Gen.Select(History, Gen.Int[0, int.MaxValue])
            .Sample(
                (history, seed) =>
                {
                    Random random = new(seed);
                    Person person = new();
                    HashSet<SequencedEvent> heard = [];
                    DateTimeOffset now = Histories.End;
                    foreach (
                        SequencedEvent[] batch in Histories.Batches(
                            Histories.Number(history),
                            random
                        )
                    )
                    {
                        if (heard.Count > 0)
                        {
                            person.PassTo(now, Heard(heard));
                        }

                        heard.UnionWith(batch);
                        person.Apply(batch, now);
                        person.ShouldBeIn(Heard(heard), now);
                        now = now.AddMinutes(random.Next(0, 5 * 24 * 60));
                    }

                    person.PassTo(now.AddDays(60), Heard(heard));
                },
                iter: 200 * Laws.Thoroughness
            );

    [Fact]
    public void Whoever_was_merged_and_unmerged_is_where_he_was() =>
        Gen.Select(History, History)
            .Sample(
                (history, others) =>
                {
                    Person root = new();
                    root.Apply(Histories.Number(history), Histories.End);
                    string[] before = root.Names;
                    int told = root.Story.Count;
                    UnifiedIndividual other = new UnifiedIndividual { Id = "ind_other" }
                        .Apply(Histories.Number(others.Select(Elsewhere)), Insights)
                        .Next;
                    UnifiedIndividual alone = root.State;

                    root.Become(
                        Moving.Merge(other, alone).Root,
                        Histories.End,
                        MembershipCause.Merge
                    );
                    root.ShouldBeIn([.. history, .. others.Select(Elsewhere)], Histories.End);
                    root.Become(alone, Histories.End, MembershipCause.Unmerge);

                    root.Names.ShouldBe(before);
                    root.Story.Skip(told)
                        .ShouldAllBe(change =>
                            change.Cause == MembershipCause.Merge
                            || change.Cause == MembershipCause.Unmerge
                            || change.Cause == MembershipCause.Segment
                        );
                },
                iter: 100 * Laws.Thoroughness
            );

    private static LinkEvent[] Heard(HashSet<SequencedEvent> heard) =>
        [.. heard.Select(e => e.Event)];

    private static LinkEvent Elsewhere(LinkEvent e) =>
        e with
        {
            Link = e.Link with { Id = e.Link.Id + "-other" },
            RecordId = e.RecordId is null ? null : e.RecordId + "-other",
            EventId = e.EventId + "-other",
            Version = e.Version + 1_000,
        };

    /// <summary>Somebody whose segments are followed step by step.</summary>
    private sealed class Person
    {
        private readonly SegmentLedger segments = new(Set);
        private readonly InsightLedger ledger = new(Insights, SubjectKind.Individual);
        private SegmentExplanation? foretold;
        private DateTimeOffset? freshDueAt;
        private int follows;

        public UnifiedIndividual State { get; private set; } = new() { Id = "ind_test" };

        public Memberships Memberships { get; private set; } = Memberships.None;

        public List<MembershipChange> Story { get; } = [];

        public string[] Names =>
            [.. Memberships.Segments.Where(one => one.IsIn).Select(one => one.FullName)];

        public void Apply(SequencedEvent[] events, DateTimeOffset now) =>
            Become(State.Apply(events, Insights).Next, now, MembershipCause.Event);

        public void Become(UnifiedIndividual next, DateTimeOffset now, MembershipCause cause)
        {
            State = next;
            ledger.Become(next.Links);
            Follow(now, cause);
        }

        /// <summary>Time passes: whenever it says so it is looked at, and just before nothing is another.</summary>
        public void PassTo(DateTimeOffset moment, LinkEvent[] heard)
        {
            for (int looks = 0; segments.DueAt <= moment; looks++)
            {
                looks.ShouldBeLessThan(3_000);
                DateTimeOffset due = segments.DueAt.Value;
                if (freshDueAt < due)
                {
                    // One that knows everything looks earlier: it finds nothing.
                    ShouldBeIn(heard, freshDueAt.Value);
                }

                ShouldBeIn(heard, due.AddTicks(-1));
                Follow(due, MembershipCause.Time);
                ShouldBeIn(heard, due);
            }

            ShouldBeIn(heard, moment);
        }

        public void ShouldBeIn(LinkEvent[] heard, DateTimeOffset now)
        {
            PlainPerson plain = new(heard);
            string[] expected =
            [
                .. SegmentOracle
                    .All.Where(told => told.Oracle(plain, now))
                    .Select(told => told.Name)
                    .Order(StringComparer.Ordinal),
            ];
            Names.ShouldBe(expected, $"at {now:O}");
        }

        private void Follow(DateTimeOffset now, MembershipCause cause)
        {
            SegmentSubject subject = new(
                State.Links,
                ledger,
                AccountFacts.None,
                ReconciliationPolicy.Default
            );
            var (next, changes) = segments.Follow(Memberships, subject, now, cause);
            if (cause == MembershipCause.Time)
            {
                ShouldBeForetold(changes, now);
            }

            foreach (MembershipChange change in changes)
            {
                change.Sequence.ShouldBe(Story.Count + 1);
                MembershipChange? before = Story.LastOrDefault(one =>
                    one.Segment == change.Segment
                );
                change.Entered.ShouldBe(before is not { Entered: true }, change.Segment);
                // What is kept of it tells why, without anything else.
                SegmentDefinition definition = Set.All[Set.IndexOf(change.Segment)].Definition;
                (SegmentExplanation.Of(definition, change).Single().Root.Holds == true).ShouldBe(
                    change.Entered,
                    change.Segment
                );
                Story.Add(change);
            }

            Memberships = next;
            Memberships.Sequence.ShouldBe(Story.Count);

            ShouldBeExplained(subject, now);

            // One that has just been loaded, and evaluates all of them, finds nothing else.
            SegmentLedger fresh = new(Set);
            InsightLedger computed = new(Insights, SubjectKind.Individual);
            computed.Become(State.Links);
            fresh
                .Follow(Memberships, subject with { Ledger = computed }, now, cause)
                .Changes.ShouldBeEmpty();
            freshDueAt = fresh.DueAt;
        }

        /// <summary>What is explained is what is decided. Of one segment after the other, since each look ahead is work.</summary>
        private void ShouldBeExplained(SegmentSubject subject, DateTimeOffset now)
        {
            string name = Set.All[++follows % Set.All.Length].Definition.Name;
            foretold = SegmentExplanation.Of(Set, name, subject, Memberships, now)!;
            bool isIn = Memberships.IsIn(name);
            (foretold.Decided is { IsIn: true }).ShouldBe(isIn, name);
            (foretold.Tiers.Single().Root.Holds == true).ShouldBe(isIn, name);
        }

        /// <summary>What was foretold comes true when nothing but time passes, and nothing else does.</summary>
        private void ShouldBeForetold(IEnumerable<MembershipChange> changes, DateTimeOffset now)
        {
            if (foretold is null || (foretold.ChangesAt is null && now >= foretold.SameUntil))
            {
                return;
            }

            string name = foretold.Segment.Definition.Name;
            // What is scaled is told a little early.
            bool isDue = (now - foretold.ChangesAt)?.Duration() < TimeSpan.FromMilliseconds(1);
            bool changed = changes.Any(change => change.Segment == name);
            (changed && !isDue).ShouldBeFalse($"{name}: {foretold.Forecast} It changed {now:O}");
            (!changed && now > foretold.ChangesAt && !isDue).ShouldBeFalse(
                $"{name}: {foretold.Forecast} It did not by {now:O}"
            );
        }
    }
}
