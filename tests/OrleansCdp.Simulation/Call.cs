using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using Orleans.Concurrency;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>A grain's name.</summary>
/// <param name="Kind">Its interface.</param>
/// <param name="Id">Its key.</param>
internal readonly record struct GrainKey(Type Kind, string Id)
{
    public override string ToString() => $"{Kind.Name}/{Id}";
}

/// <summary>A request on its way to a grain, until its caller is answered.</summary>
internal abstract class Call(Scheduler scheduler, Process caller, GrainKey target, string method)
{
    public Process Caller => caller;

    public GrainKey Target => target;

    /// <summary>Whether it runs although another does.</summary>
    public bool Interleaves { get; init; }

    /// <summary>Runs it on an activation's turn.</summary>
    public abstract Task RunAsync(object grain);

    /// <summary>The network gives it up.</summary>
    public abstract void Reject(Exception why);

    public override string ToString() => $"{caller.Name} -> {target}.{method}";

    protected void Answer(Faults faults, Action answer)
    {
        if (scheduler.Happens(faults.AnswerLost))
        {
            scheduler.Note($"{this} ANSWER LOST");
            return;
        }

        scheduler.After(Network.Delay(scheduler, faults), () => caller.Background.Post(answer));
    }
}

/// <summary>A request with an answer.</summary>
internal sealed class Call<T>(
    Scheduler scheduler,
    Faults faults,
    Process caller,
    GrainKey target,
    string method,
    Func<object, Task<T>> invoke
) : Call(scheduler, caller, target, method)
{
    private readonly TaskCompletionSource<T> done = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );

    public Task<T> Done => done.Task;

    public override async Task RunAsync(object grain)
    {
        try
        {
            T result = await invoke(grain);
            Answer(faults, () => done.TrySetResult(result));
        }
        catch (Exception e)
        {
            Answer(faults, () => done.TrySetException(e));
        }
    }

    public override void Reject(Exception why) =>
        Caller.Background.Post(() => done.TrySetException(why));
}

/// <summary>How long requests and answers take.</summary>
internal static class Network
{
    private const double UsualMilliseconds = 4;
    private const double SlowMilliseconds = 8_000;

    public static TimeSpan Delay(Scheduler scheduler, Faults faults) =>
        scheduler.Within(
            scheduler.Happens(faults.SlowRequest) ? SlowMilliseconds : UsualMilliseconds
        );
}

/// <summary>Stands for a grain: what is called goes over the network.</summary>
public class GrainProxy : DispatchProxy
{
    private static readonly ConcurrentDictionary<MethodInfo, bool> Interleaving = new();
    private Cluster? cluster;
    private Process? caller;
    private GrainKey target;

    internal static object Create(Cluster cluster, Process caller, GrainKey target)
    {
        object proxy = Create(target.Kind, typeof(GrainProxy));
        ((GrainProxy)proxy).cluster = cluster;
        ((GrainProxy)proxy).caller = caller;
        ((GrainProxy)proxy).target = target;
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        MethodInfo method = targetMethod!;
        Type answer = method.ReturnType;
        Request request = new(method, args!);
        if (answer == typeof(Task))
        {
            return SendAsync(
                request,
                async grain =>
                {
                    await (Task)request.On(grain)!;
                    return true;
                }
            );
        }

        string sender =
            answer.GetGenericTypeDefinition() == typeof(Task<>)
                ? nameof(SendTask)
                : nameof(SendValueTask);
        return typeof(GrainProxy)
            .GetMethod(sender, BindingFlags.Instance | BindingFlags.NonPublic)!
            .MakeGenericMethod(answer.GetGenericArguments())
            .Invoke(this, [request]);
    }

    private Task<T> SendTask<T>(Request request) =>
        SendAsync(
            request,
            grain =>
                request.IsMerge && cluster!.RefusesMerge
                    ? (Task<T>)(object)Task.FromResult<string?>(ReasonCodes.MergedMax)
                    : (Task<T>)request.On(grain)!
        );

    private ValueTask<T> SendValueTask<T>(Request request) =>
        new(SendAsync(request, async grain => await (ValueTask<T>)request.On(grain)!));

    private Task<T> SendAsync<T>(Request request, Func<object, Task<T>> invoke) =>
        cluster!.SendAsync(caller!, target, $"{request}", invoke, request.Interleaves);

    /// <summary>A method and what it is called with.</summary>
    private sealed record Request(MethodInfo Method, object?[] Arguments)
    {
        public bool Interleaves =>
            Interleaving.GetOrAdd(
                Method,
                static m => m.GetCustomAttribute<AlwaysInterleaveAttribute>() is not null
            );

        public bool IsMerge => Method.Name == nameof(IUnifiedIndividualGrain.ExpectAsync);

        public object? On(object grain) =>
            Method.Invoke(grain, BindingFlags.DoNotWrapExceptions, null, Arguments, null);

        public override string ToString() =>
            $"{Method.Name}({string.Join(", ", Arguments.SelectMany(Describe))})";

        private static IEnumerable<string> Describe(object? argument) =>
            argument switch
            {
                Immutable<SequencedEvent[]> events => events.Value.Select(e =>
                    $"{e.Event.Link}@{e.Sequence}"
                ),
                Immutable<MemberChange[]> changes => changes.Value.Select(change =>
                    $"{change.Link} of {change.Individual}: {change.Belongs}"
                ),
                Immutable<LinkTransfer> transfer => transfer.Value.Links.Select(link =>
                    $"{link.Key}@{link.AppliedNormal}/{link.AppliedLow}"
                ),
                ImmutableArray<LinkKey> links => links.Select(link => $"{link}"),
                string text => [text],
                _ => [],
            };
    }
}

/// <summary>Makes stand-ins for grains.</summary>
public class GrainFactoryProxy : DispatchProxy
{
    private Cluster? cluster;
    private Process? caller;

    internal static IGrainFactory Create(Cluster cluster, Process caller)
    {
        IGrainFactory factory = Create<IGrainFactory, GrainFactoryProxy>();
        ((GrainFactoryProxy)factory).cluster = cluster;
        ((GrainFactoryProxy)factory).caller = caller;
        return factory;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        GrainProxy.Create(
            cluster!,
            caller!,
            new GrainKey(targetMethod!.GetGenericArguments()[0], $"{args![0]}")
        );
}
