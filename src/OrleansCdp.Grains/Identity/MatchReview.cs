using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>
/// Looks again at links and individuals of which no record says anything new: who is one person with whom has changed, or a
/// steward has decided. What is to be looked at is noted in the transaction that decides; whoever finds the note does
/// it, and takes it away once all spaces know, those included in which another version of the rules is getting ready.
/// </summary>
internal sealed partial class MatchReview(
    IMatchStore store,
    Matcher matcher,
    MatchMoves moves,
    ILogger<MatchReview> logger
)
{
    /// <summary>Links and individuals of one round.</summary>
    public const int RoundMax = 200;

    /// <summary>
    /// Looks at some links and individuals, and takes what is noted of them away. One that cannot be looked at stays noted.
    /// </summary>
    public async Task ReviewAsync(IReadOnlyCollection<string> subjects, CancellationToken cancel)
    {
        if (subjects.Count > 0)
        {
            await ReviewAsync(subjects, await store.ReadDueAsync(subjects, cancel), cancel);
        }
    }

    /// <summary>Looks at all that are noted, those first that have been for longest. Each is tried once.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        var due = await store.ReadDueAsync(0, RoundMax, cancel);
        while (!due.IsEmpty)
        {
            await ReviewAsync([.. due.Select(one => one.Subject)], due, cancel);
            due = await store.ReadDueAsync(due[^1].Decision, RoundMax, cancel);
        }
    }

    private async Task ReviewAsync(
        IReadOnlyCollection<string> subjects,
        ImmutableArray<MatchDue> due,
        CancellationToken cancel
    )
    {
        try
        {
            await LookAsync(subjects, due, cancel);
        }
        catch (MatchFailedException e) when (subjects.Count == 1)
        {
            LogFailed(due.IsEmpty ? 0 : due[0].Decision, e);
        }
        catch (MatchFailedException)
        {
            // One of them is the reason, and the others are not kept waiting for it.
            foreach (string subject in subjects)
            {
                await ReviewAsync([subject], due.RemoveAll(one => one.Subject != subject), cancel);
            }
        }
    }

    private async Task LookAsync(
        IReadOnlyCollection<string> subjects,
        ImmutableArray<MatchDue> due,
        CancellationToken cancel
    )
    {
        var spaces = await store.ReadSpacesAsync(cancel);
        foreach (MatchSpace space in spaces)
        {
            var outcomes = await matcher.ReconsiderAsync(space, subjects, cancel);
            await moves.FinishAsync(space.Id, outcomes, subjects, cancel);
        }

        if (!due.IsEmpty)
        {
            await store.FinishAsync(due, spaces, cancel);
        }
    }

    [LoggerMessage(
        LogEvents.MatchReviewFailed,
        LogLevel.Error,
        "What decision {Decision} noted to be compared again cannot be; it stays noted"
    )]
    private partial void LogFailed(long decision, Exception exception);
}
