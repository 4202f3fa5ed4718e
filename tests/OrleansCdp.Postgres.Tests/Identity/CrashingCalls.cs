using System.Reflection;
using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Passes calls to stores and individuals on until one of them, by number, finds that the silo is dead.</summary>
internal sealed class CrashingCalls(int crashAt, bool isForGood)
{
    private int made;

    /// <summary>Runs once after an individual began to give a link away, if it comes to that.</summary>
    public Func<Task> OnDetached { get; set; } = () => Task.CompletedTask;

    /// <summary>Whether the call was reached that fails.</summary>
    public bool HasCrashed => Volatile.Read(ref made) > crashAt;

    public T Over<T>(T target)
        where T : class
    {
        T proxy = DispatchProxy.Create<T, Passing>();
        ((Passing)(object)proxy).Begin(this, target);
        return proxy;
    }

    private void Count(string name)
    {
        int number = Interlocked.Increment(ref made) - 1;
        if (number == crashAt || (isForGood && number > crashAt))
        {
            throw new InvalidOperationException($"The silo died before {name}.");
        }
    }

    private async Task<LinkTransfer> ThenAsync(Task<LinkTransfer> detaching)
    {
        LinkTransfer transfer = await detaching;
        await OnDetached();
        return transfer;
    }

    /// <summary>A store, the individuals, or one of them.</summary>
    public class Passing : DispatchProxy
    {
        private CrashingCalls calls = null!;
        private object target = null!;

        internal void Begin(CrashingCalls by, object over) => (calls, target) = (by, over);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (target is not IGrainFactory)
            {
                calls.Count(targetMethod!.Name);
            }

            return targetMethod!.Invoke(target, args) switch
            {
                IUnifiedIndividualGrain individual => calls.Over(individual),
                Task<LinkTransfer> detaching
                    when targetMethod.Name == nameof(IUnifiedIndividualGrain.DetachAsync) =>
                    calls.ThenAsync(detaching),
                var result => result,
            };
        }
    }
}
