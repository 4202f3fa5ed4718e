using Orleans.Runtime;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Silos, the directory of activations, and the network between them.</summary>
internal sealed class Cluster(Scheduler scheduler, Faults faults, SiloParts parts)
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StrayMax = TimeSpan.FromSeconds(20);
    private const double DetectionMilliseconds = 8_000;
    private const double NewsMilliseconds = 3_000;

    private readonly Dictionary<GrainKey, GrainActivation> directory = [];
    private readonly Dictionary<GrainKey, GrainActivation> strays = [];
    private readonly Dictionary<GrainKey, SiloAddress> moving = [];
    private readonly List<GrainActivation> living = [];
    private int silosEver;

    /// <summary>Silos that the membership says are active, dead ones among them until that is found out.</summary>
    public List<Silo> Members { get; } = [];

    /// <summary>All silos there ever were.</summary>
    public List<Silo> Silos { get; } = [];

    public Scheduler Scheduler => scheduler;

    public Faults Faults => faults;

    /// <summary>Whether an individual that is asked to expect another one says that it has no room.</summary>
    public bool RefusesMerge => scheduler.Happens(faults.MergeRefused);

    public SiloParts Parts => parts;

    /// <summary>Activations that the directory knows.</summary>
    public IReadOnlyCollection<GrainActivation> Activations => directory.Values;

    /// <summary>Whether one of two activations is left, which need not be the one that wrote.</summary>
    public bool IsTwin(string individual) =>
        directory.GetValueOrDefault(new GrainKey(typeof(IUnifiedIndividualGrain), individual))
            is { IsTwin: true };

    /// <summary>Whether no request is on its way, waits or runs.</summary>
    public bool IsQuiet =>
        scheduler.InFlight == 0
        && living.TrueForAll(activation => activation.Silo.Process.IsDead || activation.IsIdle);

    /// <summary>What keeps it from being quiet.</summary>
    public string Unrest =>
        $"{scheduler.InFlight} in flight, "
        + string.Join(
            ", ",
            living
                .Where(one => !one.Silo.Process.IsDead && !one.IsIdle)
                .Select(one => $"{one.Key} in {one.Silo.Name} is busy")
        );

    public void Note(string text) => scheduler.Note(text);

    public Silo StartSilo()
    {
        Silo silo = new(this, ++silosEver);
        Silos.Add(silo);
        Members.Add(silo);
        Note($"{silo.Name} joins");
        silo.Start();
        TellMembers();
        return silo;
    }

    /// <summary>Kills a silo's process. The others find out after a while.</summary>
    public void Crash(Silo silo)
    {
        Note($"{silo.Name} DIES");
        silo.Process.Kill();
        scheduler.After(scheduler.Within(DetectionMilliseconds), () => DeclareDead(silo));
    }

    /// <summary>
    /// Stops a silo's process for a while, after which it goes on as if nothing had been, and then learns that it is dead.
    /// </summary>
    public void Suspend(Silo silo)
    {
        Note($"{silo.Name} STOPS");
        silo.Process.Pause();
        TimeSpan declared = scheduler.Within(DetectionMilliseconds);
        scheduler.After(declared, () => DeclareDead(silo));
        scheduler.After(
            declared + scheduler.Within(DetectionMilliseconds),
            () =>
            {
                Note($"{silo.Name} GOES ON");
                silo.Process.Resume();
                scheduler.After(
                    scheduler.Within(NewsMilliseconds),
                    () =>
                    {
                        Note($"{silo.Name} ends, for it was declared dead");
                        silo.Process.Kill();
                    }
                );
            }
        );
    }

    /// <summary>Lets a silo hand everything over and end.</summary>
    public void Retire(Silo silo)
    {
        Note($"{silo.Name} LEAVES");
        Members.Remove(silo);
        TellMembers();
        silo.Retire([.. directory.Values.Where(activation => activation.Silo == silo)]);
    }

    /// <summary>The directory forgets an activation that goes on living, and some still know the way to it.</summary>
    public void Stray(GrainActivation activation)
    {
        Note($"{activation.Silo.Name}: {activation.Key} STRAYS");
        directory.Remove(activation.Key);
        strays[activation.Key] = activation;
        scheduler.After(StrayMax * scheduler.Chance.NextDouble(), activation.Stop);
    }

    /// <summary>Where a silo or a producer sends requests.</summary>
    public IGrainFactory GrainsFor(Process caller) => GrainFactoryProxy.Create(this, caller);

    /// <summary>Sends a request.</summary>
    /// <exception cref="TimeoutException">It, or its answer, was lost: nobody knows whether it ran.</exception>
    public Task<T> SendAsync<T>(
        Process caller,
        GrainKey target,
        string method,
        Func<object, Task<T>> invoke,
        bool interleaves = false
    )
    {
        Call<T> call = new(scheduler, faults, caller, target, method, invoke)
        {
            Interleaves = interleaves,
        };
        scheduler.After(
            ResponseTimeout,
            () =>
            {
                if (!call.Done.IsCompleted)
                {
                    Note($"{call} TIMES OUT");
                    call.Reject(new TimeoutException($"{call} got no answer."));
                }
            }
        );
        if (scheduler.Happens(faults.RequestLost))
        {
            Note($"{call} LOST");
        }
        else
        {
            scheduler.InFlight++;
            scheduler.After(
                Network.Delay(scheduler, faults),
                () =>
                {
                    scheduler.InFlight--;
                    Route(call);
                }
            );
        }

        return FollowAsync(call.Done);
    }

    /// <summary>Brings a request to its grain's activation, which is made if there is none.</summary>
    public void Route(Call call)
    {
        if (
            strays.TryGetValue(call.Target, out GrainActivation? stray)
            && !stray.IsGone
            && scheduler.Happens(0.4)
        )
        {
            stray.Receive(call);
            return;
        }

        if (!directory.TryGetValue(call.Target, out GrainActivation? target) || target.IsGone)
        {
            Silo? silo = Place(call);
            if (silo is null || silo.Process.IsDead)
            {
                Refuse(call);
                return;
            }

            Note($"{silo.Name}: {call.Target} comes");
            directory[call.Target] = target = new GrainActivation(this, silo, call.Target)
            {
                IsTwin = stray is { IsGone: false },
            };
            living.Add(target);
        }

        if (target.Silo.Process.IsDead)
        {
            Refuse(call);
            return;
        }

        target.Receive(call);
    }

    /// <summary>An activation ends, to come again on another silo.</summary>
    public void Move(GrainActivation activation, SiloAddress home)
    {
        Note($"{activation.Silo.Name}: {activation.Key} moves to {home.ToParsableString()}");
        moving[activation.Key] = home;
        activation.Stop();
    }

    /// <summary>An activation is no more.</summary>
    public void Forget(GrainActivation activation)
    {
        Note($"{activation.Silo.Name}: {activation.Key} goes");
        living.Remove(activation);
        if (directory.GetValueOrDefault(activation.Key) == activation)
        {
            directory.Remove(activation.Key);
        }

        if (strays.GetValueOrDefault(activation.Key) == activation)
        {
            strays.Remove(activation.Key);
        }
    }

    /// <summary>Ends what only trouble brings: activations beside others.</summary>
    public void EndStrays()
    {
        foreach (GrainActivation stray in strays.Values)
        {
            stray.Stop();
        }

        strays.Clear();
    }

    // Whoever waits for several answers must not be told on a thread of the pool.
    private static async Task<T> FollowAsync<T>(Task<T> answer) => await answer;

    private void Refuse(Call call) =>
        scheduler.After(
            scheduler.Within(DetectionMilliseconds),
            () => call.Reject(new SiloUnavailableException($"{call}: the silo is dead."))
        );

    private Silo? Place(Call call)
    {
        if (Members.Count == 0)
        {
            return null;
        }

        if (parts.PartitionOf(call.Target) is { } partition)
        {
            return OwnerOf(partition);
        }

        if (moving.Remove(call.Target, out SiloAddress? home))
        {
            return Members.Find(silo => silo.SiloAddress.Equals(home)) ?? Members[0];
        }

        Silo? own = Members.Find(silo => silo.Process == call.Caller);
        return own is not null && scheduler.Happens(0.6)
            ? own
            : Members[scheduler.Chance.Next(Members.Count)];
    }

    private Silo OwnerOf(int partition)
    {
        Silo[] sorted = [.. Members.OrderBy(silo => silo.Name, StringComparer.Ordinal)];
        int[] owners = Rendezvous.Assign(
            parts.Shape.PartitionCount,
            Array.ConvertAll(sorted, silo => silo.Name)
        );
        return sorted[owners[partition]];
    }

    private void DeclareDead(Silo silo)
    {
        if (!Members.Remove(silo))
        {
            return;
        }

        Note($"{silo.Name} is declared dead");
        foreach (
            GrainKey key in directory
                .Where(entry => entry.Value.Silo == silo)
                .Select(entry => entry.Key)
                .ToArray()
        )
        {
            directory.Remove(key);
        }

        TellMembers();
    }

    /// <summary>Every silo hears of silos that came or went, each in its own time.</summary>
    private void TellMembers()
    {
        foreach (Silo silo in Members)
        {
            scheduler.After(
                scheduler.Within(NewsMilliseconds),
                () =>
                {
                    if (Members.Contains(silo))
                    {
                        string[] names = [.. Members.Select(member => member.Name)];
                        silo.Process.Background.Post(() => silo.Hear(names));
                    }
                }
            );
        }
    }
}
