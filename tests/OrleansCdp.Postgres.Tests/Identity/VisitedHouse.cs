using Orleans.Concurrency;

namespace OrleansCdp.Identity;

/// <summary>Ada, and a visitor whose link may be hers or be at home.</summary>
internal sealed class VisitedHouse(TestSilo silo)
{
    public static LinkKey Visitor { get; } = new("web", "anonymous", "1");

    public static BaseIndividual Ada { get; } = Named("ada");

    /// <summary>The individual that only the visitor's link names.</summary>
    public static string Home { get; } = SubjectIds.IndividualOf(Visitor);

    /// <summary>The same, as one that decisions are about.</summary>
    public static BaseIndividual Visited { get; } =
        new(Home, AnchorPolicy.Unanchored, ClaimKeys.Of(Visitor));

    /// <summary>Has a visitor's link at an individual, as a sign-in brings it there.</summary>
    public async Task VisitAsync()
    {
        await GiveAsync(Ada.Id, [OwnLink("ada"), Visitor]);
        ClaimCause cause = new(ClaimCause.SameAs, "e1");
        await silo.Get<IIdentityStore>()
            .ClaimAsync(
                [new(ClaimKeys.Of(Visitor), new Claim(Ada.Id, 0, default) { Cause = cause })],
                default
            );
    }

    public async Task GiveAsync(string individual, params LinkKey[] links)
    {
        foreach (LinkKey[] part in links.Chunk(Limits.TransferLinksMax))
        {
            LinkTransfer transfer = new()
            {
                From = "ind_giver",
                To = individual,
                Owner = individual,
                FormerOwner = "ind_giver",
                Links = [.. part.Select(key => new Link { Key = key, Moves = 1 })],
            };
            (await GrainOf(individual).AttachAsync(transfer.AsImmutable())).ShouldBeNull();
        }
    }

    /// <summary>Who has the visitor's link.</summary>
    public async Task<string[]> HoldersAsync()
    {
        List<string> holders = [];
        foreach (string id in new[] { Ada.Id, Home })
        {
            var evidence = await GrainOf(id).GetEvidenceAsync([Visitor]);
            holders.AddRange(evidence.Links.Select(_ => id));
        }

        return [.. holders];
    }

    public async Task<string> OwnerAsync() => (await ClaimAsync()).Owner;

    public async Task<Claim> ClaimAsync()
    {
        string claim = ClaimKeys.Of(Visitor);
        return (await silo.Get<IIdentityStore>().ReadAsync([claim], default))[claim];
    }

    /// <summary>Has a steward send the visitor's link home.</summary>
    public Task<StewardAnswer> UnlinkAsync() =>
        UnmergeAsync(
            new()
            {
                Link = Visitor,
                Reason = "her sister",
                Author = "ann",
            }
        );

    /// <summary>Has a steward take a decision back.</summary>
    public Task<StewardAnswer> WithdrawAsync(long decision) =>
        UnmergeAsync(
            new()
            {
                Decision = decision,
                Reason = "it was her",
                Author = "ann",
            }
        );

    private async Task<StewardAnswer> UnmergeAsync(StewardUnmerge request)
    {
        StewardAnswer answer = await silo.Grains.GetGrain<IStewardGrain>(0).UnmergeAsync(request);
        answer.Refusal.ShouldBeNull();
        return answer;
    }

    public IUnifiedIndividualGrain GrainOf(string individual) =>
        silo.Grains.GetGrain<IUnifiedIndividualGrain>(individual);

    public static LinkKey OwnLink(string name) => new("crm", "Contact", name);

    public static BaseIndividual Named(string name) =>
        new(
            SubjectIds.IndividualOf(OwnLink(name)),
            AnchorPolicy.Unanchored,
            ClaimKeys.Of(OwnLink(name))
        );
}
