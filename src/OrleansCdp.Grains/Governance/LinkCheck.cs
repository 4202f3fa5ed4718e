using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Governance;

/// <summary>Compares the links of a pass with what individuals and accounts have of them.</summary>
internal sealed class LinkCheck(
    ILogHistory log,
    Witnesses witnesses,
    AccountCheck accounts,
    VerifyFindings findings,
    IInsightSets insights,
    TimeProvider clock
)
{
    private const int GroupMax = 1_000;
    private const int RoundsMax = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Compares them, group by group.</summary>
    public async Task RunAsync(LogPass pass, CancellationToken cancel)
    {
        foreach (HeldLink[] group in pass.Links.Chunk(GroupMax))
        {
            Dictionary<HeldLink, Found> served = [];
            HeldLink[] ofIndividuals =
            [
                .. group.Where(link => link.Subject == SubjectKind.Individual),
            ];
            await FindAsync(ofIndividuals, served, cancel);
            await accounts.FindAsync(group.Except(ofIndividuals), served);
            await pass.FollowAsync(
                served.ToDictionary(one => one.Key, one => one.Value.Link),
                cancel
            );
            foreach ((HeldLink link, Found found) in served)
            {
                InsightSet present = await insights.SinceAsync(found.Link.NewestRevision);
                Compare(pass, link, found, present);
            }

            await CheckTogetherAsync(served, cancel);
            await accounts.CheckToldAsync(served);
        }
    }

    /// <summary>
    /// Finds the individuals of links by their claims. A link on its way is looked for again: its claim goes with it.
    /// </summary>
    private async Task FindAsync(
        HeldLink[] links,
        Dictionary<HeldLink, Found> served,
        CancellationToken cancel
    )
    {
        HeldLink[] open = links;
        for (int round = 1; open.Length > 0; round++)
        {
            bool last = round == RoundsMax;
            var claims = await log.ClaimsAsync(
                Array.ConvertAll(open, link => ClaimKeys.Of(link.Key)),
                cancel
            );
            var owned = open.Where(link => claims.ContainsKey(ClaimKeys.Of(link.Key)))
                .GroupBy(link => claims[ClaimKeys.Of(link.Key)].Owner, StringComparer.Ordinal)
                .SelectMany(owner =>
                    owner.Chunk(Limits.TransferLinksMax).Select(some => (owner.Key, some))
                );
            await Witnesses.ForEachAsync(
                owned,
                async asked =>
                {
                    (string owner, HeldLink[] some) = asked;
                    var evidence = await witnesses.IndividualAsync(
                        owner,
                        [.. some.Select(link => link.Key)]
                    );
                    foreach (HeldLink link in some)
                    {
                        HeldClaim claim = claims[ClaimKeys.Of(link.Key)];
                        if (evidence?.Links.FirstOrDefault(l => l.Key == link.Key) is { } here)
                        {
                            served[link] = new Found(owner, here, claim.Since);
                        }
                        else if (last)
                        {
                            await ReportMissingAsync(link, owner, evidence);
                        }
                    }
                }
            );
            if (last)
            {
                foreach (HeldLink link in open.Where(l => !claims.ContainsKey(ClaimKeys.Of(l.Key))))
                {
                    findings.Add(DifferenceKinds.Unclaimed, null, link, "a claim", "none");
                }

                return;
            }

            open = [.. open.Where(link => !served.ContainsKey(link))];
            if (open.Length > 0)
            {
                await Task.Delay(Pause, clock, cancel);
            }
        }
    }

    private async Task ReportMissingAsync(HeldLink link, string owner, IndividualEvidence? evidence)
    {
        if (evidence is null)
        {
            findings.Add(DifferenceKinds.Unreadable, owner, link, "a state", "a damaged one");
            return;
        }

        string? elsewhere = evidence.Elsewhere.FirstOrDefault(l => l.Link == link.Key).Individual;
        bool isThere =
            elsewhere is not null
            && (await witnesses.IndividualAsync(elsewhere, [link.Key]))?.Links.IsEmpty == false;
        if (isThere)
        {
            findings.Add(
                DifferenceKinds.Claim,
                owner,
                link,
                $"at {owner}, who has the claim",
                $"at {elsewhere}"
            );
        }
        else
        {
            findings.Add(DifferenceKinds.MissingLink, owner, link, "the link", "nothing");
        }
    }

    private void Compare(LogPass pass, HeldLink link, Found found, InsightSet present)
    {
        Link theirs = found.Link;
        if (theirs.AppliedNormal < link.Normal || theirs.AppliedLow < link.Low)
        {
            Add(pass, link, found, DifferenceKinds.Behind, null, "every event", "fewer");
            return;
        }

        if (!pass.IsWhole(found.Since))
        {
            findings.NotCompared++;
            return;
        }

        findings.Links++;
        Link ours = link.State with { Moves = theirs.Moves };
        if (link.Subject == SubjectKind.Account)
        {
            // Events about its people tell facts too; those of its own are compared one by one.
            accounts.CheckOwn(link, found);
            ours = ours with { Traits = theirs.Traits };
        }

        string? different =
            StateDifference.Between(ours.WithoutInsights(), theirs.WithoutInsights())
            ?? InsightDifference.Between(pass.Insights, present, ours, theirs);
        if (different is { } pointer)
        {
            Add(
                pass,
                link,
                found,
                DifferenceKinds.State,
                pointer,
                "what its events make",
                "something else"
            );
        }
    }

    private void Add(
        LogPass pass,
        HeldLink link,
        Found found,
        string kind,
        string? pointer,
        string expected,
        string served
    )
    {
        int partition = pass.ExtentOf(Lane.Normal).Partition;
        findings.Add(
            new VerifyDifference
            {
                Kind = kind,
                Id = found.Id,
                Link = link.Key,
                Pointer = pointer,
                Expected = $"{expected}, up to {link.Normal} and {link.Low}",
                Served = $"{served}, up to {found.Link.AppliedNormal} and {found.Link.AppliedLow}",
                Normal = new LogPosition(Lane.Normal, partition, link.Normal),
                Low = new LogPosition(Lane.Low, partition, link.Low),
            }
        );
    }

    /// <summary>Whoever bears a contact id is whom the contact belongs to, or a conflict is noted.</summary>
    private async Task CheckTogetherAsync(
        Dictionary<HeldLink, Found> served,
        CancellationToken cancel
    )
    {
        (HeldLink Link, string Anchor)[] open =
        [
            .. served
                .Keys.Where(link =>
                    link is { Subject: SubjectKind.Individual, FollowsAnchor: false }
                )
                .SelectMany(link =>
                    link.State.Identifiers.Select(known => known.Identifier)
                        .Where(i => i.Verified && i.Type == IdentifierTypes.ContactId)
                        .Select(i => (link, ClaimKeys.Of(i)))
                ),
        ];
        for (int round = 1; open.Length > 0; round++)
        {
            var claims = await log.ClaimsAsync(
                [.. open.SelectMany(one => new[] { one.Anchor, ClaimKeys.Of(one.Link.Key) })],
                cancel
            );
            List<(HeldLink Link, string Anchor)> apart = [];
            foreach ((HeldLink link, string anchor) in open)
            {
                string? here = claims.GetValueOrDefault(ClaimKeys.Of(link.Key))?.Owner;
                string? there = claims.GetValueOrDefault(anchor)?.Owner;
                if (here is not null && there != here && !await IsOneAsync(here, there))
                {
                    apart.Add((link, anchor));
                }
            }

            var disputed = await log.DisputedAsync([.. apart.Select(one => one.Anchor)], cancel);
            open = [.. apart.Where(one => !disputed.Contains(one.Anchor))];
            if (round == RoundsMax)
            {
                foreach ((HeldLink link, _) in open)
                {
                    findings.Add(
                        DifferenceKinds.Apart,
                        served[link].Id,
                        link,
                        "with the others of its contact",
                        "apart, and no conflict is noted"
                    );
                }

                return;
            }

            if (open.Length > 0)
            {
                await Task.Delay(Pause, clock, cancel);
            }
        }
    }

    private async Task<bool> IsOneAsync(string here, string? there) =>
        there is not null
        && await witnesses.PresentAsync(here) == await witnesses.PresentAsync(there);
}

/// <summary>A link as somebody has it.</summary>
/// <param name="Id">The individual or account.</param>
/// <param name="Link">The link there.</param>
/// <param name="Since">When it was claimed; null where nobody knows.</param>
internal sealed record Found(string Id, Link Link, DateTimeOffset? Since);
