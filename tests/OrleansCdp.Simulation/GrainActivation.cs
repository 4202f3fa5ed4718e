using System.Globalization;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansCdp;

/// <summary>
/// One grain in one silo's memory. Its turns run one after the other; requests wait for each other unless they may
/// interleave. Once it goes, what still waits is sent to its successor.
/// </summary>
internal sealed class GrainActivation : IGrainContext
{
    private static readonly Action<IGrainContext?> SetRuntimeContext = FindRuntimeContext();
    private readonly Cluster cluster;
    private readonly WorkQueue turns;
    private readonly List<Call> waiting = [];
    private Grain? grain;
    private bool isReentrant;
    private int running;
    private int blocking;
    private bool stopping;

    public GrainActivation(Cluster cluster, Silo silo, GrainKey key)
    {
        this.cluster = cluster;
        Silo = silo;
        Key = key;
        GrainId = GrainId.Create(
            key.Kind.Name,
            long.TryParse(key.Id, CultureInfo.InvariantCulture, out long number)
            && key.Kind.IsAssignableTo(typeof(IGrainWithIntegerKey))
                ? GrainIdKeyExtensions.CreateIntegerKey(number).ToString()
                : key.Id
        );
        turns = silo.Process.NewQueue(inOrder: true);
        turns.Post(() => _ = ActivateAsync());
    }

    public Silo Silo { get; }

    public GrainKey Key { get; }

    /// <summary>Whether it takes no more requests.</summary>
    public bool IsGone { get; private set; }

    /// <summary>
    /// Whether it came while another was still there. Until it writes, it may answer what was true before the other wrote.
    /// </summary>
    public bool IsTwin { get; init; }

    /// <summary>Whether nothing runs or waits.</summary>
    public bool IsIdle => grain is not null && running == 0 && waiting.Count == 0;

    public GrainId GrainId { get; }

    public IServiceProvider ActivationServices => Silo;

    public object? GrainInstance => grain;

    public GrainReference GrainReference => throw new NotSupportedException();

    public ActivationId ActivationId => throw new NotSupportedException();

    public GrainAddress Address => throw new NotSupportedException();

    public IGrainLifecycle ObservableLifecycle => throw new NotSupportedException();

    public IWorkItemScheduler Scheduler => throw new NotSupportedException();

    public Task Deactivated => throw new NotSupportedException();

    /// <summary>A request arrives.</summary>
    public void Receive(Call call)
    {
        waiting.Add(call);
        turns.Post(Pump);
    }

    /// <summary>Lets it go when what runs has ended.</summary>
    public void Stop()
    {
        if (!stopping)
        {
            stopping = true;
            turns.Post(Pump);
        }
    }

    public void Deactivate(
        DeactivationReason deactivationReason,
        CancellationToken cancellationToken = default
    ) => Stop();

    public void SetComponent<TComponent>(TComponent? value)
        where TComponent : class => throw new NotSupportedException();

    public void ReceiveMessage(object message) => throw new NotSupportedException();

    public void Activate(
        Dictionary<string, object>? requestContext,
        CancellationToken cancellationToken = default
    ) => throw new NotSupportedException();

    public void Rehydrate(IRehydrationContext context) => throw new NotSupportedException();

    public void Migrate(
        Dictionary<string, object>? requestContext,
        CancellationToken cancellationToken = default
    ) => cluster.Move(this, (SiloAddress)requestContext![IPlacementDirector.PlacementHintKey]);

    public object? GetTarget() => grain;

    public object? GetComponent(Type componentType) => throw new NotSupportedException();

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    private async Task ActivateAsync()
    {
        try
        {
            SetRuntimeContext(this);
            Grain made;
            try
            {
                made = Silo.MakeGrain(Key);
            }
            finally
            {
                SetRuntimeContext(null);
            }

            isReentrant = made.GetType().GetCustomAttribute<ReentrantAttribute>() is not null;
            await made.OnActivateAsync(CancellationToken.None);
            grain = made;
        }
        catch (Exception e)
        {
            cluster.Note($"{Silo.Name}: {Key} did not come: {e.Message}");
            Leave();
            waiting.ForEach(call => call.Reject(e));
            waiting.Clear();
            return;
        }

        Pump();
    }

    private void Pump()
    {
        if (IsGone)
        {
            ForwardAll();
            return;
        }

        if (grain is null)
        {
            return;
        }

        while (!stopping && NextToRun() is { } call)
        {
            waiting.Remove(call);
            _ = RunAsync(call);
        }

        if (stopping && running == 0)
        {
            IsGone = true;
            _ = EndAsync();
        }
    }

    private Call? NextToRun() =>
        waiting.Find(call => isReentrant || call.Interleaves || blocking == 0);

    private async Task RunAsync(Call call)
    {
        bool blocks = !isReentrant && !call.Interleaves;
        cluster.Note($"{Silo.Name}: {call}");
        running++;
        blocking += blocks ? 1 : 0;
        await call.RunAsync(grain!);
        running--;
        blocking -= blocks ? 1 : 0;
        Pump();
    }

    private async Task EndAsync()
    {
        try
        {
            await grain!.OnDeactivateAsync(
                new DeactivationReason(DeactivationReasonCode.ApplicationRequested, ""),
                CancellationToken.None
            );
        }
        finally
        {
            Leave();
            ForwardAll();
        }
    }

    private void Leave()
    {
        IsGone = true;
        cluster.Forget(this);
    }

    private void ForwardAll()
    {
        waiting.ForEach(cluster.Route);
        waiting.Clear();
    }

    private static Action<IGrainContext?> FindRuntimeContext()
    {
        MethodInfo set = typeof(Grain)
            .Assembly.GetType("Orleans.Runtime.RuntimeContext", throwOnError: true)!
            .GetMethod(
                "ResetExecutionContext",
                BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public
            )!;
        return set.CreateDelegate<Action<IGrainContext?>>();
    }
}
