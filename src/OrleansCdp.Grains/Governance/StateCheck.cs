using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>
/// Goes the other way: what every stored individual and account says of itself must be so elsewhere too. Finds what no
/// event of the log leads to.
/// </summary>
internal sealed class StateCheck(
    ILogHistory log,
    IMembershipStore memberships,
    Witnesses witnesses,
    VerifyFindings findings,
    TimeProvider clock
)
{
    private const int RoundsMax = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Checks some states.</summary>
    public Task RunAsync(IEnumerable<string> ids, CancellationToken cancel) =>
        Witnesses.ForEachAsync(
            ids,
            async id =>
            {
                if (SubjectIds.IsAccount(id))
                {
                    await CheckAccountAsync(id);
                }
                else
                {
                    await CheckIndividualAsync(id, cancel);
                }

                findings.States++;
            }
        );

    private async Task CheckIndividualAsync(string id, CancellationToken cancel)
    {
        List<LinkKey> foreign = [];
        ImmutableArray<string> inState = [];
        ImmutableArray<string> listed = [];
        for (int round = 1; round <= RoundsMax; round++)
        {
            IndividualEvidence? evidence = await witnesses.IndividualAsync(id, []);
            if (evidence is null)
            {
                AddUnreadable(id);
                return;
            }

            CheckServed(id, evidence.ServedTag, evidence.StateTag);
            var claims = await log.ClaimsAsync([.. evidence.Keys.Select(ClaimKeys.Of)], cancel);
            foreign =
            [
                .. evidence.Keys.Where(key =>
                    claims.GetValueOrDefault(ClaimKeys.Of(key))?.Owner != id
                ),
            ];
            inState = evidence.Memberships;
            listed = IndividualEvidences.TextOf(await memberships.OfAsync(id, cancel));
            if (foreign.Count == 0 && inState.SequenceEqual(listed))
            {
                return;
            }

            await Task.Delay(Pause, clock, cancel); // On its way here or from here: both change together.
        }

        if (!inState.SequenceEqual(listed))
        {
            findings.Add(
                new VerifyDifference
                {
                    Kind = DifferenceKinds.Membership,
                    Id = id,
                    Expected = string.Join(", ", inState.DefaultIfEmpty("no segment")),
                    Served = string.Join(", ", listed.DefaultIfEmpty("no segment")),
                }
            );
        }

        foreach (LinkKey key in foreign)
        {
            findings.Add(
                new VerifyDifference
                {
                    Kind = DifferenceKinds.Claim,
                    Id = id,
                    Link = key,
                    Expected = "nothing: somebody else, or nobody, has the claim",
                    Served = "the link",
                }
            );
        }
    }

    private async Task CheckAccountAsync(string id)
    {
        AccountEvidence? evidence = await witnesses.AccountAsync(id);
        if (evidence is null)
        {
            AddUnreadable(id);
            return;
        }

        CheckServed(id, evidence.ServedTag, evidence.StateTag);
        var listed = evidence
            .State.Members.Where(member => member.Belongs)
            .GroupBy(member => member.Individual, StringComparer.Ordinal)
            .SelectMany(person =>
                person.Chunk(Limits.TransferLinksMax).Select(some => (person.Key, some))
            );
        foreach ((string individual, Member[] some) in listed)
        {
            var person = await witnesses.IndividualAsync(
                individual,
                [.. some.Select(member => member.Link)]
            );
            foreach (Link link in person?.Links ?? [])
            {
                Member member = some.First(member => member.Link == link.Key);
                bool belongs =
                    link.Account is { } register
                    && (
                        SubjectIds.AccountOf(register.Account) == id
                        || register.Stamp > member.Stamp
                    );
                if (!belongs)
                {
                    findings.Add(
                        new VerifyDifference
                        {
                            Kind = DifferenceKinds.Member,
                            Id = id,
                            Link = link.Key,
                            Expected = "belongs to another account, or to none",
                            Served = "belongs to it",
                        }
                    );
                }
            }
        }
    }

    private void CheckServed(string id, string served, string made)
    {
        if (served != made)
        {
            findings.Add(
                new VerifyDifference
                {
                    Kind = DifferenceKinds.Served,
                    Id = id,
                    Expected = $"the answer its state makes, {made}",
                    Served = served,
                }
            );
        }
    }

    private void AddUnreadable(string id) =>
        findings.Add(
            new VerifyDifference
            {
                Kind = DifferenceKinds.Unreadable,
                Id = id,
                Expected = "a state",
                Served = "a damaged one",
            }
        );
}
