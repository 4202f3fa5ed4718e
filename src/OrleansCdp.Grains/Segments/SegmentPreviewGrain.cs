using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Makes previews outside of its turns, one at a time in each silo, and keeps the latest.</summary>
[GrainType("cdp.segment-preview")]
[KeepAlive] // One that is under way is no call, and breaks off for nothing: neither time nor memory that gets short.
[Reentrant] // Whoever waits for one keeps nobody from asking how far it is.
internal sealed partial class SegmentPreviewGrain(
    ISegmentSets segments,
    PreviewWalk walk,
    IOptions<SegmentOptions> options,
    TimeProvider clock,
    ILogger<SegmentPreviewGrain> logger
) : Grain, ISegmentPreviewGrain, IDisposable
{
    /// <summary>How often it looks whether all it keeps counts no more.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromHours(1);

    private readonly List<Made> kept = [];
    private readonly CancellationTokenSource stop = new();
    private int asking;

    public async Task<SegmentPreview> PreviewAsync(PreviewRequest request, TimeSpan wait)
    {
        Made? made = MadeOf(request.Hash, request.Base);
        if (IsToBegin(made))
        {
            asking++; // Or it might leave memory meanwhile.
            ProposedSegment proposed;
            try
            {
                proposed = await segments.ProposeAsync(Name, request.Text);
            }
            finally
            {
                asking--;
            }

            // Somebody else may have begun it meanwhile.
            Made? present = MadeOf(request.Hash, request.Base);
            made = present == made || IsToBegin(present) ? Begin(request, proposed) : present!;
        }

        wait =
            wait < ISegmentPreviewGrain.WaitMax && wait >= TimeSpan.Zero
                ? wait
                : ISegmentPreviewGrain.WaitMax;
        await Task.WhenAny(made.Work, Task.Delay(wait, clock, stop.Token));
        return made.Preview;

        bool IsToBegin([NotNullWhen(false)] Made? one) =>
            one is null || one.IsOver || (request.Anew && one.Work.IsCompleted);
    }

    public Task<SegmentPreview?> FindAsync(string hash, int @base) =>
        Task.FromResult(MadeOf(hash, @base)?.Preview);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(LeaveOnceOldAsync, LookPeriod, LookPeriod);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    )
    {
        await stop.CancelAsync();
        await Task.WhenAll(kept.Select(made => made.Work));
    }

    public void Dispose() => stop.Dispose();

    private string Name => this.GetPrimaryKeyString();

    private Made? MadeOf(string hash, int @base) =>
        kept.Find(made => made.Preview.Hash == hash && made.Preview.Base == @base);

    private Made Begin(PreviewRequest request, ProposedSegment proposed)
    {
        SegmentPreview first = new()
        {
            Hash = request.Hash,
            Base = request.Base,
            State = PreviewState.Waiting,
            At = clock.GetUtcNow(),
        };
        Made made = new(first);
        Forget(one => one.Preview.Hash == request.Hash || one.IsOver);
        if (kept.Count >= ISegmentPreviewGrain.KeptMax)
        {
            Made oldest = kept.Find(one => one.Work.IsCompleted) ?? kept[0];
            Forget(one => one == oldest);
        }

        kept.Add(made);
        if (proposed.Segment is not { } segment)
        {
            made.Preview = first with
            {
                State = PreviewState.DoesNotCompile,
                Errors = proposed.Errors,
            };
            return made;
        }

        SegmentDefinition? before = proposed
            .Active.All.FirstOrDefault(one => one.Definition.Name == Name)
            ?.Definition;
        made.Preview = first with
        {
            Cost = segment.Cost,
            // Whoever lifts the bound has it confirmed by the one that stands until then.
            ConfirmAbove = Math.Min(
                segment.ConfirmAbove,
                before?.ConfirmAbove ?? SegmentDefinition.ConfirmAboveDefault
            ),
            BaseCost = before?.Cost,
        };
        made.Work = RunAsync(made, proposed, new ActiveSegment(segment, request.Version, 0));
        return made;
    }

    private Task LeaveOnceOldAsync()
    {
        DateTimeOffset old = clock.GetUtcNow() - SegmentPreview.ValidFor;
        Forget(one => one.Work.IsCompleted && (one.Preview.EndedAt ?? one.Preview.At) < old);
        if (kept.Count == 0 && asking == 0)
        {
            DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }

    /// <summary>Forgets some. One that is under way breaks off.</summary>
    private void Forget(Predicate<Made> which)
    {
        foreach (Made one in kept.FindAll(which))
        {
            one.Stop.Cancel();
            kept.Remove(one);
        }
    }

    private async Task RunAsync(Made made, ProposedSegment proposed, ActiveSegment tried)
    {
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(
            stop.Token,
            made.Stop.Token
        );
        try
        {
            // Evaluating everybody is work for threads, not for turns.
            await Task.Run(
                () =>
                    walk.RunAsync(
                        proposed,
                        tried,
                        made.Preview,
                        preview => made.Preview = preview,
                        options.Value.PreviewPace,
                        ends.Token
                    ),
                ends.Token
            );
        }
        catch (Exception e)
        {
            made.Preview = made.Preview with
            {
                State = PreviewState.Failed,
                Trouble = e.GetType().Name,
            };
            if (!ends.IsCancellationRequested)
            {
                LogFailed(Name, e);
            }
        }
    }

    [LoggerMessage(
        LogEvents.SegmentPreviewFailed,
        LogLevel.Warning,
        "The preview of segment {Name} broke off"
    )]
    private partial void LogFailed(string name, Exception exception);

    /// <summary>A preview that is made or was.</summary>
    private sealed class Made(SegmentPreview first)
    {
        private volatile SegmentPreview preview = first;

        /// <summary>It, as far as it is.</summary>
        public SegmentPreview Preview
        {
            get => preview;
            set => preview = value;
        }

        /// <summary>Ends with it, and never fails.</summary>
        public Task Work { get; set; } = Task.CompletedTask;

        /// <summary>Breaks it off.</summary>
        public CancellationTokenSource Stop { get; } = new();

        /// <summary>Whether asking again is to make it again: it told nothing.</summary>
        public bool IsOver =>
            preview.State
                is PreviewState.Failed
                    or PreviewState.NotReady
                    or PreviewState.DoesNotCompile;
    }
}
