using System.Text;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

public sealed class AccountNewsTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly EventDelivery delivery = cluster.NewDelivery();
    private readonly LinkKey contact = new("crm", "Contact", Some.Unique("003"));

    [Fact]
    public async Task People_appear_in_their_account_and_leave_it_with_the_next_one()
    {
        LinkKey first = new("crm", "Account", Some.Unique("001"));
        LinkKey second = new("crm", "Account", Some.Unique("001"));
        LinkEvent e = Some.Event(contact, "e1") with { Account = first };
        await DeliverAsync(Some.Chunk(1, e));
        (await AccountAsync(first)).ShouldContain(SubjectIds.IndividualOf(contact));

        await DeliverAsync(
            Some.Chunk(
                2,
                Some.Event(contact, "e2") with
                {
                    Account = second,
                    OccurredAt = Some.Noon.AddHours(1),
                }
            )
        );

        (await AccountAsync(first)).ShouldNotContain(SubjectIds.IndividualOf(contact));
        (await AccountAsync(second)).ShouldContain(SubjectIds.IndividualOf(contact));
    }

    [Fact]
    public async Task Of_several_accounts_stated_in_one_batch_only_the_last_lists_the_person()
    {
        LinkKey[] accounts =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(_ => new LinkKey("crm", "Account", Some.Unique("001"))),
        ];
        LinkEvent at(int i) =>
            Some.Event(contact, $"e{i}") with
            {
                Account = accounts[i],
                AccountTraits = [new Field("tier", FieldValue.Of($"tier {i}"))],
                OccurredAt = Some.Noon.AddHours(i),
            };
        await DeliverAsync(Some.Chunk(1, at(0)));
        bool broken = false;
        cluster.Database.OnSave = (write, committed) =>
        {
            if (committed && !broken && write.Id == SubjectIds.IndividualOf(contact))
            {
                broken = true; // Before anybody is told.
                throw new TimeoutException("The connection broke.");
            }
        };

        await DeliverAsync(Some.Chunk(2, at(1), at(2)));

        string person = SubjectIds.IndividualOf(contact);
        broken.ShouldBeTrue();
        (await AccountAsync(accounts[0])).ShouldNotContain(person);
        (await AccountAsync(accounts[1])).ShouldNotContain(person);
        (await AccountAsync(accounts[1])).ShouldContain("tier 1");
        (await AccountAsync(accounts[2])).ShouldContain(person);
        (await AccountAsync(accounts[2])).ShouldContain("tier 2");
    }

    [Fact]
    public async Task A_late_event_s_facts_do_not_win_over_newer_ones_about_the_same_account()
    {
        LinkKey account = new("crm", "Account", Some.Unique("001"));
        LinkEvent at(int hour, string tier) =>
            Some.Event(contact, tier) with
            {
                Account = account,
                AccountTraits = [new Field("tier", FieldValue.Of(tier))],
                OccurredAt = Some.Noon.AddHours(hour),
            };
        await DeliverAsync(Some.Chunk(1, at(2, "gold")));

        await DeliverAsync(Some.Chunk(2, at(1, "tin")));

        (await AccountAsync(account)).ShouldContain("gold");
        (await AccountAsync(account)).ShouldNotContain("tin");
    }

    private async Task DeliverAsync(EventChunk chunk) =>
        await delivery.DeliverAsync(chunk, default);

    private async Task<string> AccountAsync(LinkKey link)
    {
        ContextAnswer? answer = await cluster
            .Grains.GetGrain<IAccountGrain>(SubjectIds.AccountOf(link))
            .GetProfileAsync();
        return Encoding.UTF8.GetString(answer!.Json);
    }
}
