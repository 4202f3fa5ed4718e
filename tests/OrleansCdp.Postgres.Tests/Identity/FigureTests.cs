using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What operators watch: how stable identity is, and which limits are met.</summary>
[Collection(PostgresCollection.Name)]
public sealed class FigureTests(PostgresServer server) : IAsyncLifetime
{
    private const string Mail = "email:ada@example.com";
    private TestDatabase database = null!;
    private StoreHost silo = null!;
    private MeterListener listener = null!;
    private readonly Dictionary<string, long> seen = new(StringComparer.Ordinal);

    private IFigureStore Store => silo.Get<IFigureStore>();

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await StoreHost.StartAsync(database);
        IMeterFactory meters = silo.Get<IMeterFactory>();
        listener = new MeterListener
        {
            InstrumentPublished = (instrument, all) =>
            {
                if (instrument.Meter.Scope == meters)
                {
                    all.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
            {
                string name = instrument.Name + (tags.Length == 0 ? "" : $"/{tags[0].Value}");
                seen[name] = instrument.IsObservable ? value : seen.GetValueOrDefault(name) + value;
            }
        );
        listener.Start();
    }

    public async Task DisposeAsync()
    {
        listener.Dispose();
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Merges_unmerges_and_conflicts_are_measured()
    {
        BaseIndividual first = Contact("003A");
        BaseIndividual second = Contact("003B");
        BaseIndividual ada = new("ind_ada", 1, Mail);
        IMergeStore merges = silo.Get<IMergeStore>();

        await merges.ProveAsync([ProofOf("l1", first, ada)], [ada, first, second], default);
        await merges.ProveAsync([ProofOf("l2", first, second)], [], default);
        await silo.Get<IStewardStore>().SeparateAsync(ada.Id, new("steward", "two"), default);

        await SweepAsync();
        seen["cdp.identity.merges"].ShouldBe(1);
        seen["cdp.identity.unmerges"].ShouldBe(1);
        seen["cdp.identity.conflicts/two_contacts"].ShouldBe(1);
        seen["cdp.identity.conflicts/kept_apart"].ShouldBe(1);
        seen["cdp.identity.id_changes"].ShouldBe(0);
    }

    [Fact]
    public async Task What_waits_to_be_decided_is_measured_by_reason()
    {
        LinkKey link = new("crm", "Case", "1");
        OpenDecision open = new(
            ClaimKeys.Of(link),
            default,
            new SequencedEvent(1, LinkEvents.Of($"{link}", "e1")),
            ReasonCodes.Overruled
        );

        await silo.Get<IOpenDecisionStore>().NoteAsync([open], default);

        await SweepAsync();
        seen["cdp.identity.open_decisions/overruled"].ShouldBe(1);

        await silo.Get<IOpenDecisionStore>().CloseAsync([open], default);

        await SweepAsync();
        (await Store.ReadAsync(default)).ShouldNotContain(one => one.Name == Figures.OpenDecisions);
    }

    [Fact]
    public async Task An_anchor_that_names_another_individual_without_a_merge_would_be_seen()
    {
        await database.ExecuteAsync(
            $"""
            insert into cdp.claim
                (claim, owner, anchored_by, stamp_at, stamp_version, stamp_arrival)
            values ('{Mail}', 'ind_a', 1, 0, 0, 0), ('link:web/anonymous/1', 'ind_a', 1, 0, 0, 0)
            """
        );
        await database.ExecuteAsync(
            "update cdp.claim set owner = 'ind_b' where claim like 'link:%'"
        );
        await database.ExecuteAsync(
            "update cdp.claim set stamp_at = 7, owner = 'ind_a' where true"
        );
        await SweepAsync();
        seen["cdp.identity.id_changes"].ShouldBe(0, "a link may move, and an anchor be confirmed");

        await database.ExecuteAsync($"update cdp.claim set owner = 'ind_b' where claim = '{Mail}'");

        await SweepAsync();
        seen["cdp.identity.id_changes"].ShouldBe(1);
        await database.ExecuteAsync(
            "insert into cdp.identity_history (individual, other, what) values ('ind_a', 'ind_b', 'merged')"
        );
        await SweepAsync();
        seen["cdp.identity.id_changes"].ShouldBe(0, "a merge explains it");
    }

    [Fact]
    public async Task Soft_links_the_pool_and_identifiers_of_too_many_are_counted_and_listed()
    {
        MatchIndex index = new(
            silo,
            $"guards:\n  individualsPerIdentifierMax: 1\n{MatchIndex.Text}"
        );
        await index.SayAsync(
            index.Event(
                "crm/Case/1",
                "firstName",
                "Ada",
                "lastName",
                "Lovelace",
                "born",
                "1961-03-05"
            )
        );
        await index.SayAsync(index.Event("crm/Case/2", "city", "Nowhere"));
        for (int i = 1; i <= 2; i++)
        {
            await index.SayAsync(
                $"ind_{i}",
                index.Event(
                    Number("crm/Contact/", i),
                    "firstName",
                    i == 1 ? "Ada" : "Ottokar",
                    "lastName",
                    i == 1 ? "Lovelace" : "Zwilling",
                    "born",
                    i == 1 ? "1990-12-10" : "1950-01-01",
                    "email",
                    "desk@example.com"
                )
            );
        }

        await SweepAsync();

        seen["cdp.identity.unresolved/people"].ShouldBe(2);
        seen["cdp.identity.soft_links/people"]
            .ShouldBe(
                (await index.ListAsync()).Count(link =>
                    link.Individual is null && link.Possible is not null
                )
            );
        seen["cdp.identity.soft_links/people"].ShouldBe(1);
        seen["cdp.identity.shared_identifiers/people"].ShouldBe(1);
        MetLimit met = (await ListAsync(LimitKind.SharedIdentifier)).ShouldHaveSingleItem();
        (met.Ruleset, met.Subject, met.Detail, met.Amount).ShouldBe(
            (MatchIndex.Ruleset, "desk@example.com", "email", 2)
        );
    }

    [Fact]
    public async Task What_hangs_together_with_too_many_and_keys_of_too_many_are_listed()
    {
        MatchIndex index = new(
            silo,
            MatchIndex.Text.Replace(
                "fuzzy:",
                "fuzzy:\n  limits: { component: 3, bucket: 4 }",
                StringComparison.Ordinal
            )
        );
        for (int i = 1; i <= 3; i++)
        {
            await SayAdaAsync(index, i);
        }

        (await ListAsync(LimitKind.Component)).ShouldBeEmpty();
        await SayAdaAsync(index, 4);

        MetLimit met = (await ListAsync(LimitKind.Component)).ShouldHaveSingleItem();
        (met.Ruleset, met.Amount).ShouldBe((MatchIndex.Ruleset, 4));
        met.Subject.ShouldStartWith("crm/Case/");
        (await ListAsync(LimitKind.ClosedKey)).ShouldBeEmpty();
        await SayAdaAsync(index, 5);

        MetLimit[] keys = await ListAsync(LimitKind.ClosedKey);
        keys.ShouldAllBe(key => key.Amount == 5 && key.Detail!.StartsWith("crm/Case/"));
        await SweepAsync();
        seen["cdp.identity.closed_keys/people"].ShouldBe(keys.Length);
        MetLimit second = (
            await Store.ListAsync(
                LimitKind.ClosedKey,
                new LimitCursor(keys[0].Space, keys[0].Place),
                1,
                default
            )
        ).Single();
        second.ShouldBe(keys[1]);
    }

    [Fact]
    public async Task An_individual_that_gets_more_links_in_a_day_than_usual_is_listed()
    {
        MatchIndex index = new(
            silo,
            MatchIndex.Text.Replace(
                "fuzzy:",
                "fuzzy:\n  limits: { bucket: 100, candidates: 100, edges: 100 }",
                StringComparison.Ordinal
            )
        );
        await index.SayAsync("ind_ada", Ada(index, "crm/Contact/1"));
        await index.SayAsync([
            .. Enumerable
                .Range(0, Limits.LinksPerDayMax)
                .Select(i => Ada(index, Number("crm/Case/", i))),
        ]);
        (await ListAsync(LimitKind.Growth)).ShouldBeEmpty();

        await index.SayAsync(Ada(index, "crm/Case/one-more"));

        MetLimit met = (await ListAsync(LimitKind.Growth)).ShouldHaveSingleItem();
        (met.Subject, met.Amount).ShouldBe(("ind_ada", Limits.LinksPerDayMax + 1));
        await SweepAsync();
        seen["cdp.identity.growing/people"].ShouldBe(1);
        await database.ExecuteAsync("update cdp.match_growth set day = day - 8");
        await SweepAsync();
        (await database.NumberAsync("select count(*) from cdp.match_growth")).ShouldBe(0);
        seen["cdp.identity.growing/people"].ShouldBe(0);
    }

    [Fact]
    public async Task Alarms_are_kept_up_to_a_limit_and_those_raised_longest_ago_are_forgotten()
    {
        await database.ExecuteAsync(
            $"""
            insert into cdp.limit_alarm (kind, space, subject, amount, last_at)
            select 'Identifiers', 0, 'ind_' || i, 1, now() - interval '1 second' * i
            from generate_series(1, {Limits.AlarmsMax}) as i
            """
        );
        await SweepAsync();
        (await CountAsync()).ShouldBe(Limits.AlarmsMax);
        await Store.NoteAsync([new(LimitKind.Identifiers, 0, "ind_new", 3)], default);

        await SweepAsync();

        (await CountAsync()).ShouldBe(Limits.AlarmsMax);
        (
            await database.RowsAsync(
                $"select subject from cdp.limit_alarm where subject in ('ind_new', 'ind_{Limits.AlarmsMax}')"
            )
        ).ShouldBe(["ind_new"]);
        seen["cdp.identity.over_identifiers"].ShouldBeGreaterThanOrEqualTo(Limits.AlarmsMax);

        Task<long> CountAsync() => database.NumberAsync("select count(*) from cdp.limit_alarm");
    }

    [Fact]
    public async Task Who_has_too_many_identifiers_is_listed_once_with_their_types_and_keeps_its_place()
    {
        LimitAlarm ada = new(LimitKind.Identifiers, 0, "ind_ada", 7) { Detail = "phone" };
        LimitAlarm bob = new(LimitKind.Identifiers, 0, "ind_bob", 1) { Detail = "email" };
        await Store.NoteAsync([bob, ada], default);
        MetLimit first = (await Store.ListAsync(LimitKind.Identifiers, null, 1, default)).Single();
        (first.Subject, first.Detail).ShouldBe(("ind_ada", "phone"));

        await Store.NoteAsync([ada with { Amount = 2, Detail = "email, phone" }], default);

        LimitCursor after = new(first.Space, first.Place);
        (await Store.ListAsync(LimitKind.Identifiers, after, 10, default))
            .Select(met => (met.Subject, met.Detail))
            .ShouldBe([("ind_bob", "email")]);
        (await ListAsync(LimitKind.Identifiers))
            .Select(met => (met.Subject, met.Detail, met.Amount))
            .ShouldBe([("ind_ada", "email, phone", 7), ("ind_bob", "email", 1)]);
    }

    [Fact]
    public async Task In_a_period_one_silo_counts_and_the_others_show_what_it_counted()
    {
        (await Store.CountAsync(TimeSpan.FromHours(1), default)).ShouldBeTrue();
        (await Store.CountAsync(TimeSpan.FromHours(1), default)).ShouldBeFalse();
        (await Store.CountAsync(TimeSpan.Zero, default)).ShouldBeTrue();
    }

    /// <summary>Has everything counted and read, as a scrape would.</summary>
    private async Task SweepAsync()
    {
        using IdentityInstruments instruments = new(silo.Get<IMeterFactory>());
        MatchIndex rulesets = new(silo);
        using FigureSweep sweep = new(
            Store,
            new IdentifierWatch(rulesets, instruments),
            instruments,
            TimeProvider.System,
            NullLogger<FigureSweep>.Instance
        );
        await sweep.SweepAsync(TimeSpan.Zero, default);
        listener.RecordObservableInstruments();
    }

    private async Task<MetLimit[]> ListAsync(LimitKind kind) =>
        [.. await Store.ListAsync(kind, null, 1_000, default)];

    private static Task<List<MatchOutcome>> SayAdaAsync(MatchIndex index, int number)
    {
        LinkEvent ada = Ada(index, Number("crm/Case/", number));
        Field town = new("city", FieldValue.Of(Number("Town", number)));
        return index.SayAsync(ada with { Traits = ada.Traits.Add(town) });
    }

    private static LinkEvent Ada(MatchIndex index, string link) =>
        index.Event(
            link,
            "firstName",
            "Ada",
            "lastName",
            "Lovelace",
            "email",
            "ada@example.com",
            "born",
            "1990-12-10"
        );

    private static string Number(string of, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{of}{number}");

    private static BaseIndividual Contact(string id) => new($"ind_{id}", 0, $"contactId:{id}");

    private static AnchorProof ProofOf(string link, params BaseIndividual[] bases) =>
        new(new LinkKey("crm", "Contact", link), $"e-{link}", [.. bases]);
}
