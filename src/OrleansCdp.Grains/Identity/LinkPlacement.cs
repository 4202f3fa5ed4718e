using Orleans.Concurrency;
using Orleans.Storage;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>An individual whose links may have to live elsewhere, as its own activation changes it.</summary>
internal interface IPlacedState
{
    /// <summary>The state as it is now.</summary>
    UnifiedIndividual State { get; }

    /// <summary>Saves the next one.</summary>
    Task BecomeAsync(Transition<UnifiedIndividual> transition);

    /// <summary>Makes sure that no other activation has saved since this one has.</summary>
    /// <exception cref="InconsistentStateException">One has: this one is given up.</exception>
    Task DemandCurrentAsync();

    /// <summary>Takes links in; see <see cref="IUnifiedIndividualGrain.AttachAsync"/>.</summary>
    Task<OtherTaker?> TakeAsync(LinkTransfer transfer);
}

/// <summary>
/// Brings an individual's links to whoever has them after a merge, or home again. The individual itself does it, in its
/// turn, so nothing else changes it meanwhile; each step is saved before the next, so that after a crash the next who
/// needs the individual goes on where it stopped.
/// </summary>
internal sealed class LinkPlacement(
    IPlacedState individual,
    IGrainFactory grains,
    IMergeStore store
)
{
    private const int HopsMax = 16;
    private readonly Successors successors = new(grains, store);

    private UnifiedIndividual State => individual.State;

    /// <summary>Where the links are now.</summary>
    private string Here => State.PlacedAt ?? State.Id;

    /// <summary>
    /// Finishes what was begun; see <see cref="IUnifiedIndividualGrain.PlaceAsync"/> for the rest. What another activation
    /// has finished since is not begun again: its links may have gone on meanwhile.
    /// </summary>
    public async ValueTask GoOnAsync()
    {
        if (State.Placing is { } placing)
        {
            await individual.DemandCurrentAsync();
            await FinishAsync(placing);
        }
    }

    /// <summary>Finishes what was begun, unless the state of somebody concerned is damaged.</summary>
    /// <returns>Whether events can be taken: it is finished, or nothing has been given away.</returns>
    public async Task<bool> IsReadableAsync()
    {
        try
        {
            await GoOnAsync();
            return true;
        }
        catch (StateCorruptException)
        {
            return false; // Its events wait in quarantine until the other state is restored.
        }
    }

    /// <summary>Brings the links to where they belong.</summary>
    public async Task<string?> PlaceAsync()
    {
        await GoOnAsync();
        string root = await store.RootOfAsync(State.Id, CancellationToken.None);
        string? why = await BringAsync(root);
        for (int hops = 0; why == ReasonCodes.MergedElsewhere && hops < HopsMax; hops++)
        {
            // A visitor who became somebody else before those who were merged into it could come.
            if (await successors.OfAsync(root) is not { } successor)
            {
                return why;
            }

            root = await successors.FollowAsync(State.Id, root, successor);
            why = await BringAsync(root);
        }

        if (why is null)
        {
            await store.NotePlacedAsync(State.Id, root, CancellationToken.None);
        }

        return why;
    }

    /// <summary>Brings the links to a root, unless it does not take them: then they stay where they are.</summary>
    /// <returns>Null once they are there; otherwise why not, one of <see cref="ReasonCodes"/>.</returns>
    private async Task<string?> BringAsync(string root)
    {
        if (Here == root)
        {
            await individual.DemandCurrentAsync();
            return null;
        }

        if (Here == State.Id && !State.Merged.IsEmpty)
        {
            await DismissAsync();
        }

        // Whoever reads those others is sent here, and would be sent on to where they are not.
        if (Here == State.Id && !State.Merged.IsEmpty)
        {
            await individual.DemandCurrentAsync(); // They may have left another activation long ago.
            return ReasonCodes.HoldsOthers;
        }

        // Before the root is asked: it goes nowhere while somebody is coming, and asks whether that is so.
        Placing placing = new(Here, root);
        await individual.BecomeAsync(State.Begin(placing));
        return await FinishAsync(placing);
    }

    /// <returns>Why it is not finished; null when it is.</returns>
    private async Task<string?> FinishAsync(Placing placing)
    {
        if (State.IsAsking())
        {
            // Judged once: links that others have handed over may be given up here meanwhile.
            bool hasNothing = placing.From == State.Id && State.HasNothing();
            string? refused = await AnnounceAsync(placing, hasNothing);
            if (refused is not null)
            {
                return refused;
            }

            if (hasNothing)
            {
                await individual.BecomeAsync(State.EndAt(placing.To));
                return null;
            }

            await individual.BecomeAsync(
                placing.From == State.Id
                    ? State.MergeInto(placing.To)
                    : State.Begin(placing with { IsWelcome = true })
            );
        }
        else if (placing.To != State.Id)
        {
            // Once more, whatever became of it.
            await GrainOf(placing.To).ExpectAsync(State.Id, links: 0, hasNothing: false);
        }

        await ChangeHandsAsync(placing);
        return null;
    }

    /// <summary>Has the root expect the links. Nothing has been given away yet: refused, they are where they were.</summary>
    private async Task<string?> AnnounceAsync(Placing placing, bool hasNothing)
    {
        string? refused;
        try
        {
            int links =
                placing.From == State.Id
                    ? State.CountOf(State.Id)
                    : await GrainOf(placing.From).CountAsync(State.Id);
            refused = await GrainOf(placing.To).ExpectAsync(State.Id, links, hasNothing);
        }
        catch (StateCorruptException)
        {
            refused = ReasonCodes.StateCorrupt;
        }

        if (refused is not null)
        {
            await individual.BecomeAsync(State.End());
        }

        return refused;
    }

    /// <summary>Expects those no more who announced themselves and went elsewhere, and of whom nothing is here.</summary>
    private async Task DismissAsync()
    {
        foreach (MergedIndividual one in State.Merged.Where(one => one.Links.IsEmpty).ToArray())
        {
            if (!await GrainOf(one.Id).IsComingAsync(State.Id))
            {
                await individual.BecomeAsync(State.Dismiss(one));
            }
        }
    }

    /// <summary>Has all links given from one to another; either may be this individual itself.</summary>
    private async Task ChangeHandsAsync(Placing placing)
    {
        if (placing.From == State.Id)
        {
            await HandOverOwnAsync(placing.To);
        }
        else
        {
            await HaveHandedOverAsync(placing);
        }

        await individual.BecomeAsync(State.End());
    }

    private async Task HandOverOwnAsync(string target)
    {
        Departure waiting;
        do
        {
            waiting = State.WaitingFor(target);
            LinkTransfer transfer = new()
            {
                From = State.Id,
                To = target,
                Links = waiting.Links,
                Owner = State.Id,
                FormerOwner = State.Id,
                IsLast = !waiting.More,
                IsWhole = State.IsWhole(),
            };
            await GiveAsync(transfer);
            await individual.BecomeAsync(State.Release(MovedLink.Of(transfer.Links), target));
        } while (waiting.More);
    }

    private async Task HaveHandedOverAsync(Placing placing)
    {
        IUnifiedIndividualGrain former = GrainOf(placing.From);
        LinkTransfer transfer = await former.SeparateAsync(State.Id, placing.To);
        await individual.BecomeAsync(State.Redirect(transfer.Left));
        while (true)
        {
            await GiveAsync(transfer with { IsLast = !transfer.More, IsWhole = State.IsWhole() });
            await former.ReleaseAsync(MovedLink.Of(transfer.Links), placing.To);
            if (!transfer.More)
            {
                return;
            }

            transfer = await former.SeparateAsync(State.Id, placing.To);
        }
    }

    private async Task GiveAsync(LinkTransfer transfer)
    {
        if (transfer.To == State.Id && transfer.Links.IsEmpty)
        {
            return; // Nothing comes home; a visitor who became somebody would not even be asked.
        }

        OtherTaker? other =
            transfer.To == State.Id
                ? await individual.TakeAsync(transfer)
                : await GrainOf(transfer.To).ReceiveAsync(transfer.AsImmutable());
        if (other is not null)
        {
            throw new InconsistentStateException(
                $"{transfer.To} does not take the links of {State.Id}; ask {other.Individual}."
            );
        }
    }

    private IUnifiedIndividualGrain GrainOf(string id) =>
        grains.GetGrain<IUnifiedIndividualGrain>(id);
}
