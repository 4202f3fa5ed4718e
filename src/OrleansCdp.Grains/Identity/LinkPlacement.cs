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
    private UnifiedIndividual State => individual.State;

    /// <summary>Where the links are now.</summary>
    private string Here => State.PlacedAt ?? State.Id;

    /// <summary>Finishes what was begun; see <see cref="IUnifiedIndividualGrain.PlaceAsync"/> for the rest.</summary>
    public async ValueTask GoOnAsync()
    {
        if (!State.IsPlacing)
        {
            return;
        }

        Placing placing = State.Placing!;
        await ExpectAsync(placing.To);
        await ChangeHandsAsync(placing);
    }

    /// <summary>Finishes what was begun, unless the state of somebody concerned is damaged.</summary>
    /// <returns>Whether it is finished.</returns>
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
        if (Here == root)
        {
            await individual.DemandCurrentAsync();
        }
        else
        {
            if (await WhyNotAsync(root) is { } reason)
            {
                return reason;
            }

            await individual.BecomeAsync(
                Here == State.Id ? State.MergeInto(root) : State.Begin(new Placing(Here, root))
            );
            await ChangeHandsAsync(State.Placing!);
        }

        await store.NotePlacedAsync(State.Id, root, CancellationToken.None);
        return null;
    }

    private async Task<string?> WhyNotAsync(string root)
    {
        if (root == State.Id)
        {
            return null;
        }

        string? refused = await GrainOf(root).ExpectAsync(State.Id, State.OwnLinks.Count());
        // The root is about to be merged into another one itself: then there is another root.
        return refused == ReasonCodes.MergedElsewhere
            ? throw new InconsistentStateException($"{root} is no root any more.")
            : refused;
    }

    /// <summary>
    /// Has whoever was chosen expect the links once more: what was begun is finished, also where there is no room any more.
    /// </summary>
    private async Task ExpectAsync(string target)
    {
        if (target != State.Id)
        {
            await GrainOf(target).ExpectAsync(State.Id, links: 0);
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
            };
            await GiveAsync(transfer);
            await individual.BecomeAsync(State.Release(MovedLink.Of(transfer.Links), target));
        } while (waiting.More);
    }

    private async Task HaveHandedOverAsync(Placing placing)
    {
        IUnifiedIndividualGrain former = GrainOf(placing.From);
        LinkTransfer transfer = await former.SeparateAsync(State.Id, placing.To);
        await individual.BecomeAsync(State.Redirect());
        while (true)
        {
            await GiveAsync(transfer with { IsLast = !transfer.More });
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
