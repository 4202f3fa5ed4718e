using Orleans.Concurrency;
using OrleansCdp.Context;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What is decided in tables becomes true in individuals, wherever a crash comes between.</summary>
[Collection(PostgresCollection.Name)]
public sealed class MatchMovesTests(PostgresServer server) : IAsyncLifetime
{
    private const string Service = "service";
    private const string Ada = "ind_00000000000000000000000000000ada";
    private const string Bob = "ind_00000000000000000000000000000b0b";
    private static readonly LinkKey Case = new("crm", "Case", "1");
    private static readonly LinkKey Contact = new("crm", "Contact", "1");
    private static readonly string Record = SubjectIds.RecordOf(Case);

    private TestDatabase database = null!;
    private TestSilo silo = null!;

    /// <summary>How far a move had come when its silo died.</summary>
    public enum Progress
    {
        Decided = 0,
        Frozen = 1,
        Taken = 2,
        Released = 3,
        Made = 4,
    }

    private IMatchStore Store => silo.Get<IMatchStore>();

    public async Task InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        silo = await TestSilo.StartProductAsync(database);
        await BeginAsync();
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData(Progress.Decided)]
    [InlineData(Progress.Frozen)]
    [InlineData(Progress.Taken)]
    [InlineData(Progress.Released)]
    [InlineData(Progress.Made)]
    public async Task A_link_arrives_with_all_it_has_wherever_the_silo_died(Progress progress)
    {
        await CompareBothAsync();
        await ComeAsFarAsAsync(progress);

        await MakeAsync();

        await ShouldBeAtAsync(Ada, AnchorPolicy.Matched);
        (await Store.ReadMovesAsync(0, 10, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_link_that_leaves_goes_back_to_its_own_record_and_may_come_again()
    {
        await CompareBothAsync();
        await MakeAsync();

        for (int time = 0; time < 3; time++)
        {
            await KeepApartAsync();
            await ReconsiderAsync();
            await MakeAsync();
            await ShouldBeAtAsync(Record, AnchorPolicy.Unanchored);

            await database.ExecuteAsync("delete from cdp.steward_pair");
            await ReconsiderAsync();
            await MakeAsync();
            await ShouldBeAtAsync(Ada, AnchorPolicy.Matched);
        }
    }

    [Fact]
    public async Task A_move_that_was_decided_is_not_made_once_an_anchor_has_said_otherwise()
    {
        await CompareBothAsync();
        LinkMove anchored = new(Record, Case, Bob, ToRank: 0);
        await new LinkMover(silo.Grains).MoveAsync(anchored, anchored.From);

        await MakeAsync();

        await ShouldBeAtAsync(Bob, rank: 0);
        (await Store.ReadMovesAsync(0, 10, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_move_that_an_anchor_got_ahead_of_leaves_the_link_anchored()
    {
        await CompareBothAsync();
        await silo
            .Grains.GetGrain<IUnifiedIndividualGrain>(Record)
            .DetachAsync([Case], Bob, rank: 0, Record, default, isSentByOwner: false);

        await MakeAsync();

        await ShouldBeAtAsync(Bob, rank: 0);
    }

    [Fact]
    public async Task A_move_waits_for_another_of_the_same_link_and_is_made_after_it()
    {
        await CompareBothAsync();
        IAsyncDisposable other = await Store.LockLinksAsync(
            [Case.ToString(), Contact.ToString()],
            default
        );

        Task move = MakeAsync();

        await SomebodyWaitsAsync();
        await ShouldBeAtAsync(Record, AnchorPolicy.Unanchored);
        await other.DisposeAsync();
        await move;
        await ShouldBeAtAsync(Ada, AnchorPolicy.Matched);
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_for_a_link_holds_none()
    {
        string[] both = ["crm/Case/1", "crm/Case/2"];
        foreach (string held in both)
        {
            await using IAsyncDisposable one = await Store.LockLinksAsync([held], default);
            using CancellationTokenSource enough = new();
            Task waiting = Store.LockLinksAsync(both, enough.Token);
            await SomebodyWaitsAsync();
            await enough.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        }

        await using IAsyncDisposable all = await Store.LockLinksAsync(both, default);
    }

    [Fact]
    public async Task A_link_that_an_anchor_confirmed_while_it_was_leaving_comes_back()
    {
        await CompareBothAsync();
        await MakeAsync();
        await KeepApartAsync();
        await ReconsiderAsync();
        // With the save that lets it go an event is decided about that confirms it.
        await database.ExecuteAsync(
            $"""
            create function public.confirm() returns trigger language plpgsql as $$
            begin
                update cdp.claim set anchored_by = 0, rule = 'contactId:1', event_id = 'e1'
                where claim = '{ClaimKeys.Of(Case)}' and anchored_by = {AnchorPolicy.Matched};
                return null;
            end $$;
            create trigger confirm after update on cdp.snapshot
                for each row when (new.id = '{Ada}') execute function public.confirm();
            """
        );

        await MakeAsync();

        await ShouldBeAtAsync(Ada, rank: 0);
    }

    [Fact]
    public async Task A_link_that_merely_matches_does_so_also_after_its_individual_was_absorbed()
    {
        await CompareBothAsync();
        await MakeAsync();

        LinkMove absorbed = new(Ada, Contact, Bob, ToRank: 0) { Whole = true };
        await new LinkMover(silo.Grains).MoveAsync(absorbed, absorbed.From);

        await ShouldBeAtAsync(Bob, AnchorPolicy.Matched);
    }

    [Fact]
    public async Task People_hear_of_records_that_may_be_theirs_also_after_a_crash()
    {
        await SayAsync(Contact, Ada);
        await database.ExecuteAsync(
            """
            insert into cdp.match_record (id, space, subject, group_id, event_id, said)
            select nextval('cdp.match_id'), space, 'crm/Case/9', 1000000, 'e9', said
            from cdp.match_record limit 1
            """
        );
        await database.ExecuteAsync(
            $"""
            insert into cdp.match_edge
            select i.id, o.id, 1.5, 0 from cdp.match_record i, cdp.match_record o
            where i.subject = '{Ada}' and o.subject = 'crm/Case/9'
            """
        );
        await database.ExecuteAsync(
            $"insert into cdp.match_news select space, '{Ada}', 7 from cdp.match_space"
        );

        await silo.Get<MatchMoves>().TellAsync(default);

        ContextAnswer? answer = await silo
            .Grains.GetGrain<IUnifiedIndividualGrain>(Ada)
            .GetProfileAsync(explain: false);
        string profile = System.Text.Encoding.UTF8.GetString(answer!.Json);
        profile.ShouldContain("\"possibleMatches\":[{\"link\":\"crm/Case/9\",\"score\":1.5,");
        profile.ShouldContain("\"field\":\"email\",\"agreement\":\"equal\"");
        (await Store.ReadNewsAsync(0, 10, default)).ShouldBeEmpty();
    }

    private static LinkEvent Event(LinkKey link) =>
        LinkEvents.Of(link.ToString(), $"of {link}") with
        {
            Kind = EventKind.Updated,
            Ruleset = Service,
            Fields = [],
            Traits =
            [
                new Field("firstName", FieldValue.Of("Ada")),
                new Field("lastName", FieldValue.Of("Lovelace")),
                new Field("email", FieldValue.Of("ada@example.com")),
            ],
        };

    private async Task BeginAsync()
    {
        await Eventually.BeAsync(async () =>
            await silo.Get<IRulesets>().FindAsync(Service) is not null
        );
        await silo.Get<IIdentityStore>()
            .ClaimAsync(
                [
                    new(ClaimKeys.Of(Case), new Claim(Record, AnchorPolicy.Unanchored, default)),
                    new(ClaimKeys.Of(Contact), new Claim(Ada, 0, default)),
                ],
                default
            );
        await ApplyAsync(Case, Record);
        await ApplyAsync(Contact, Ada);
    }

    /// <summary>Decides that the case is Ada's, and moves nothing.</summary>
    private async Task CompareBothAsync()
    {
        await SayAsync(Contact, Ada);
        await SayAsync(Case, null);
    }

    private async Task SayAsync(LinkKey link, string? owner) =>
        await silo.Get<Matcher>()
            .DecideAsync(
                Service,
                rules => [new($"{link}", owner, rules.ValuesOf(Event(link))!, "e")],
                [],
                default
            );

    private async Task ReconsiderAsync()
    {
        MatchSpace space = (await Store.FindAsync(Service, default))!;
        await silo.Get<Matcher>().ReconsiderAsync(space, [$"{Case}"], default);
    }

    private Task MakeAsync() => silo.Get<MatchMoves>().MakeAsync(default);

    private Task KeepApartAsync() =>
        database.ExecuteAsync($"insert into cdp.steward_pair values ('{Case}', '{Ada}', -1, 1)");

    private Task SomebodyWaitsAsync() =>
        Eventually.BeAsync(async () =>
            await database.NumberAsync(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            ) > 0
        );

    private async Task ApplyAsync(LinkKey link, string owner) =>
        await silo
            .Grains.GetGrain<IUnifiedIndividualGrain>(owner)
            .ApplyAsync(new SequencedEvent[] { new(7, Event(link)) }.AsImmutable(), owner);

    private async Task ComeAsFarAsAsync(Progress progress)
    {
        var record = silo.Grains.GetGrain<IUnifiedIndividualGrain>(Record);
        var ada = silo.Grains.GetGrain<IUnifiedIndividualGrain>(Ada);
        if (progress == Progress.Decided)
        {
            return;
        }

        LinkTransfer transfer = await record.DetachAsync(
            [Case],
            Ada,
            AnchorPolicy.Matched,
            Record,
            new ClaimCause(Service, null),
            isSentByOwner: false
        );
        if (progress >= Progress.Taken)
        {
            await ada.AttachAsync(transfer.AsImmutable());
        }

        if (progress >= Progress.Released)
        {
            await record.ReleaseAsync(MovedLink.Of(transfer.Links), Ada);
        }

        if (progress == Progress.Made)
        {
            LinkMove move = new(Record, Case, Ada, AnchorPolicy.Matched);
            await new LinkMover(silo.Grains).MoveAsync(move, move.From);
        }
    }

    private async Task ShouldBeAtAsync(string owner, int rank)
    {
        foreach (string id in new[] { Record, Ada, Bob })
        {
            var evidence = await silo
                .Grains.GetGrain<IUnifiedIndividualGrain>(id)
                .GetEvidenceAsync([Case]);
            evidence.Links.Length.ShouldBe(id == owner ? 1 : 0, id);
            if (id == owner)
            {
                evidence.Links[0].AppliedNormal.ShouldBe(7);
                evidence.Links[0].Traits.Length.ShouldBe(3);
            }
        }

        string claim = ClaimKeys.Of(Case);
        Claim held = (await silo.Get<IIdentityStore>().ReadAsync([claim], default))[claim];
        (held.Owner, held.Rank).ShouldBe((owner, rank));
    }
}
