using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>Tells people which records may be theirs, as it is noted.</summary>
internal sealed partial class MatchTelling(
    IMatchStore store,
    MatchSpaces spaces,
    IGrainFactory grains,
    ILogger logger
)
{
    /// <summary>Tells all that is noted to be told, in its order. What fails keeps nothing else waiting.</summary>
    public async Task TellAsync(CancellationToken cancel)
    {
        var news = await store.ReadNewsAsync(0, MatchMoves.RoundMax, cancel);
        while (!news.IsEmpty)
        {
            await TellAsync(news, cancel);
            news = await store.ReadNewsAsync(news[^1].Decision, MatchMoves.RoundMax, cancel);
        }
    }

    /// <summary>Tells individuals which records may be theirs.</summary>
    public async Task TellAsync(
        int space,
        IReadOnlyCollection<string> individuals,
        CancellationToken cancel
    )
    {
        if (individuals.Count > 0)
        {
            await TellAsync(await store.ReadNewsAsync(space, individuals, cancel), cancel);
        }
    }

    private async Task TellAsync(ImmutableArray<MatchNews> news, CancellationToken cancel)
    {
        foreach (MatchNews[] some in news.Chunk(MatchMoves.RoundMax))
        {
            bool[] told = await Task.WhenAll(some.Select(one => TryTellAsync(one, cancel)));
            await store.FinishAsync([.. some.Where((_, at) => told[at])], cancel);
        }
    }

    /// <summary>News that cannot be told stay noted, and the others are told.</summary>
    private async Task<bool> TryTellAsync(MatchNews news, CancellationToken cancel)
    {
        try
        {
            await TellAsync(news, cancel);
            return true;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogNotTold(news.Decision, e);
            return false;
        }
    }

    private async Task TellAsync(MatchNews news, CancellationToken cancel)
    {
        LiveSpace space = await spaces.OpenAsync(news.Ruleset, cancel);
        if (space.Space.Id != news.Space)
        {
            spaces.Forget(space); // Another version took over.
            space = await spaces.OpenAsync(news.Ruleset, cancel);
        }

        FuzzyRules rules = space.Rules;
        var soft = await store.ReadSoftLinksAsync(
            news.Space,
            news.Individual,
            PossibleMatches.LinksMax,
            cancel
        );
        await grains
            .GetGrain<IUnifiedIndividualGrain>(news.Individual)
            .NotePossibleMatchesAsync(
                new PossibleMatches
                {
                    Ruleset = news.Ruleset,
                    Decision = news.Decision,
                    Links = [.. soft.Select(one => Explain(rules, one))],
                }
            );
    }

    private static PossibleMatch Explain(FuzzyRules rules, SoftLink soft) =>
        new(
            soft.Link,
            soft.Score,
            rules.ReasonsOf(
                MatchValues.Decode(soft.Said),
                MatchValues.Decode(soft.SaidOfIndividual)
            )
        );

    [LoggerMessage(
        LogEvents.MatchNewsFailed,
        LogLevel.Warning,
        "The individual of decision {Decision} could not be told of possible matches; it is tried again"
    )]
    private partial void LogNotTold(long decision, Exception exception);
}
