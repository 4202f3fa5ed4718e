using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>
/// Compares accounts with what their own events and those of their people say. People come from every partition, so
/// each pass compares what its links told.
/// </summary>
internal sealed class AccountCheck(Witnesses witnesses, VerifyFindings findings)
{
    /// <summary>Finds what accounts have of their own links.</summary>
    public Task FindAsync(IEnumerable<HeldLink> links, Dictionary<HeldLink, Found> served) =>
        Witnesses.ForEachAsync(
            links,
            async link =>
            {
                string id = SubjectIds.AccountOf(link.Key);
                AccountEvidence? evidence = await witnesses.AccountAsync(id);
                if (evidence is null)
                {
                    findings.Add(DifferenceKinds.Unreadable, id, link, "a state", "a damaged one");
                }
                else if (evidence.State.Links.Find(link.Key) is { } here)
                {
                    served[link] = new Found(id, here, Since: null);
                }
                else
                {
                    findings.Add(DifferenceKinds.MissingLink, id, link, "the link", "nothing");
                }
            }
        );

    /// <summary>Compares the facts that an account's own events told: a newer one may stand in place of each.</summary>
    public void CheckOwn(HeldLink link, Found found) =>
        CheckFacts(found.Id, link, link.State.Traits, found.Link.Traits);

    /// <summary>Compares accounts with what links of their people told them, as far as the checkpoint has passed it.</summary>
    public Task CheckToldAsync(Dictionary<HeldLink, Found> served)
    {
        Dictionary<LinkKey, List<HeldLink>> told = [];
        foreach (HeldLink link in served.Keys)
        {
            IEnumerable<LinkKey> accounts = link.Account is { } register
                ? register.Left.Select(left => left.Account).Append(register.Account)
                : [];
            foreach (LinkKey account in accounts.Concat(link.Told.Keys).Distinct())
            {
                if (!told.TryGetValue(account, out List<HeldLink>? tellers))
                {
                    told.Add(account, tellers = []);
                }

                tellers.Add(link);
            }
        }

        return Witnesses.ForEachAsync(
            told,
            async one => await CheckToldAsync(one.Key, one.Value, served)
        );
    }

    private async Task CheckToldAsync(
        LinkKey account,
        List<HeldLink> tellers,
        Dictionary<HeldLink, Found> served
    )
    {
        string id = SubjectIds.AccountOf(account);
        if ((await witnesses.AccountAsync(id))?.State is not { } state)
        {
            findings.Add(
                DifferenceKinds.Unreadable,
                id,
                tellers[0],
                "an account that knows this link",
                "a damaged one"
            );
            return;
        }

        Dictionary<LinkKey, Member> members = state.Members.ToDictionary(member => member.Link);
        ImmutableArray<Register> facts = state.Links.Find(account)?.Traits ?? [];
        foreach (HeldLink link in tellers)
        {
            bool isLast = link.Account?.Account == account;
            if (link.Account is { } register)
            {
                CheckMember(id, link, members.GetValueOrDefault(link.Key), isLast, register, state);
            }

            if (state.FactsNotKept == 0 && link.Told.TryGetValue(account, out var said))
            {
                CheckFacts(id, link, said, facts);
            }
        }
    }

    private void CheckMember(
        string id,
        HeldLink link,
        Member? member,
        bool belongs,
        AccountRegister register,
        Account state
    )
    {
        bool isFull = state.Members.Length >= Account.MembersMax;
        bool isKnown = member is not null || isFull || !belongs;
        // What is newer than the checkpoint may say otherwise, rightly.
        bool fits = member is null || member.Stamp > register.Stamp || member.Belongs == belongs;
        if (!isKnown || !fits)
        {
            findings.Add(
                DifferenceKinds.Member,
                id,
                link,
                belongs ? "belongs to the account" : "left the account",
                member is null ? "is not known there"
                    : member.Belongs ? "belongs to it"
                    : "left it"
            );
        }
    }

    private void CheckFacts(
        string id,
        HeldLink link,
        ImmutableArray<Register> said,
        ImmutableArray<Register> served
    )
    {
        foreach (Register fact in said)
        {
            Register? known = served.FirstOrDefault(other => other.Name == fact.Name);
            bool fits =
                known is not null
                && (
                    known.Stamp > fact.Stamp
                    || (known.Stamp == fact.Stamp && known.Value == fact.Value)
                );
            if (!fits)
            {
                findings.Add(
                    new VerifyDifference
                    {
                        Kind = DifferenceKinds.Fact,
                        Id = id,
                        Link = link.Key,
                        Pointer = $"/{fact.Name}",
                        Expected = $"what event {fact.EventId} said, or later",
                        Served = known is null ? "nothing" : $"what event {known.EventId} said",
                    }
                );
            }
        }
    }
}
