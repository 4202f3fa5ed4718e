using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>What accounts are told about their people.</summary>
internal static class AccountNews
{
    /// <summary>
    /// Tells accounts what they should know. Of events it is said again on every redelivery, so a crash after the save
    /// loses nothing.
    /// </summary>
    public static Task TellAsync(IGrainFactory grains, List<MemberChange> news) =>
        news.Count == 0
            ? Task.CompletedTask
            : Task.WhenAll(
                news.GroupBy(change => SubjectIds.AccountOf(change.Account))
                    .SelectMany(
                        account => account.Chunk(Limits.ApplyBatchMax),
                        (account, part) =>
                            grains
                                .GetGrain<IAccountGrain>(account.Key)
                                .NoteMembersAsync(part.AsImmutable())
                    )
            );

    /// <summary>
    /// What a batch of events means for accounts: facts for each that an event describes, and who belongs where. The
    /// accounts that a link left are told, the last <see cref="AccountRegister.LeftMax"/> before this batch and all within
    /// it: to say it again changes nothing.
    /// </summary>
    /// <param name="events">The batch.</param>
    /// <param name="outcomes">One outcome per event; empty when all were applied.</param>
    /// <param name="before">The individual's links before it.</param>
    /// <param name="individual">The individual after it.</param>
    public static List<MemberChange> Of(
        SequencedEvent[] events,
        ImmutableArray<EventOutcome> outcomes,
        LinkSet before,
        UnifiedIndividual individual
    )
    {
        List<MemberChange> news = [];
        Dictionary<LinkKey, HashSet<LinkKey>>? told = null;
        for (int i = 0; i < events.Length; i++)
        {
            LinkEvent e = events[i].Event;
            bool counts =
                outcomes.IsEmpty || outcomes[i].Kind is OutcomeKind.Applied or OutcomeKind.Known;
            if (
                e.Account is not { } stated
                || !counts
                || individual.Links.Find(e.Link)?.Account is not { } register
            )
            {
                continue;
            }

            told ??= [];
            if (!told.TryGetValue(e.Link, out HashSet<LinkKey>? accounts))
            {
                told.Add(e.Link, accounts = []);
                Tell(news, accounts, register.Account, e.Link, register, individual.Id);
                foreach (AccountStatement left in LeftBy(register, before.Find(e.Link)))
                {
                    Tell(news, accounts, left.Account, e.Link, register, individual.Id);
                }
            }

            Tell(news, accounts, stated, e.Link, register, individual.Id);
            if (!e.AccountTraits.IsEmpty)
            {
                news.Add(
                    ChangeOf(stated, e.Link, register, individual.Id) with
                    {
                        EventId = e.EventId,
                        AccountTraits = e.AccountTraits,
                        TraitsStamp = events[i].Stamp,
                    }
                );
            }
        }

        return news;
    }

    /// <summary>What the arrival of links at another individual means for accounts.</summary>
    public static List<MemberChange> Of(ImmutableArray<Link> arrived, string individual)
    {
        List<MemberChange> news = [];
        foreach (Link link in arrived)
        {
            if (link.Account is { } register)
            {
                news.Add(ChangeOf(register.Account, link.Key, register, individual));
                news.AddRange(
                    LeftBy(register, null)
                        .Select(left => ChangeOf(left.Account, link.Key, register, individual))
                );
            }
        }

        return news;
    }

    private static IEnumerable<AccountStatement> LeftBy(AccountRegister register, Link? before) =>
        before?.Account is not { } former
            ? register.Left
            : register.Left.Append(new AccountStatement(former.Account, former.Stamp));

    private static void Tell(
        List<MemberChange> news,
        HashSet<LinkKey> told,
        LinkKey account,
        LinkKey link,
        AccountRegister register,
        string individual
    )
    {
        if (told.Add(account))
        {
            news.Add(ChangeOf(account, link, register, individual));
        }
    }

    private static MemberChange ChangeOf(
        LinkKey account,
        LinkKey link,
        AccountRegister register,
        string individual
    ) =>
        new()
        {
            Account = account,
            Link = link,
            Individual = individual,
            Belongs = account == register.Account,
            Stamp = register.Stamp,
            EventId = "",
        };
}
