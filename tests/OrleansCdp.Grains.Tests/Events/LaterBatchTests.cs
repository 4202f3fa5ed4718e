using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Concurrency;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>More events of a link than one call takes.</summary>
public sealed class LaterBatchTests(Cluster cluster) : IClassFixture<Cluster>
{
    private const string Next = "ind_next";
    private readonly LinkKey link = new("web", "user", Some.Unique("u"));
    private readonly List<(string At, long Sequence)> taken = [];
    private int asked;

    [Fact]
    public async Task The_later_batches_of_a_link_follow_one_that_was_sent_elsewhere()
    {
        LinkEvent[] events =
        [
            .. Enumerable.Range(1, Limits.ApplyBatchMax + 1).Select(i => Some.Event(link, $"e{i}")),
        ];

        await NewDelivery().DeliverAsync(Some.Chunk(1, events), default);

        asked.ShouldBe(1, "after that the link may be here, and would be ahead of its events");
        taken.ShouldBe(Enumerable.Range(1, events.Length).Select(i => (Next, (long)i)));
    }

    /// <summary>The first call to the link's individual is told that another one has it; then it has it again.</summary>
    private Task<ImmutableArray<EventOutcome>> Apply(string at, SequencedEvent[] events)
    {
        if (at != Next && ++asked == 1)
        {
            return Task.FromResult<ImmutableArray<EventOutcome>>([
                .. events.Select(_ => EventOutcome.NotMine(Next)),
            ]);
        }

        taken.AddRange(events.Select(e => (at, e.Sequence)));
        return Task.FromResult<ImmutableArray<EventOutcome>>([]);
    }

    private EventDelivery NewDelivery()
    {
        IGrainFactory scripted = ScriptedGrains.Create(Apply);
        return new(
            scripted,
            cluster.NewResolver(linksMax: 1_000),
            new LinkMover(scripted),
            cluster.Database,
            cluster.Database,
            cluster.Services.GetRequiredService<EventFates>(),
            TimeProvider.System,
            NullLogger<EventDelivery>.Instance
        );
    }
}

/// <summary>Individuals that take events as a test says.</summary>
public class ScriptedGrains : DispatchProxy
{
    private Func<string, SequencedEvent[], Task<ImmutableArray<EventOutcome>>>? apply;

    internal static IGrainFactory Create(
        Func<string, SequencedEvent[], Task<ImmutableArray<EventOutcome>>> apply
    )
    {
        IGrainFactory factory = Create<IGrainFactory, ScriptedGrains>();
        ((ScriptedGrains)factory).apply = apply;
        return factory;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        ScriptedIndividual.Create((string)args![0]!, apply!);
}

/// <summary>One of them.</summary>
public class ScriptedIndividual : DispatchProxy
{
    private string id = "";
    private Func<string, SequencedEvent[], Task<ImmutableArray<EventOutcome>>>? apply;

    internal static IUnifiedIndividualGrain Create(
        string id,
        Func<string, SequencedEvent[], Task<ImmutableArray<EventOutcome>>> apply
    )
    {
        var individual = Create<IUnifiedIndividualGrain, ScriptedIndividual>();
        ((ScriptedIndividual)individual).id = id;
        ((ScriptedIndividual)individual).apply = apply;
        return individual;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == nameof(IUnifiedIndividualGrain.ApplyAsync)
            ? apply!(id, ((Immutable<SequencedEvent[]>)args![0]!).Value)
            : throw new NotSupportedException(targetMethod.Name);
}
