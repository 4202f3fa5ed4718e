using System.Globalization;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>The producers in a process of their own, as this one commands them.</summary>
internal sealed class ProducerProcess : IAsyncDisposable
{
    private readonly ChildProgram program;

    private ProducerProcess(ChildProgram program) => this.program = program;

    /// <summary>Its process.</summary>
    public int Id => program.Id;

    /// <summary>Starts it and waits until it is connected.</summary>
    public static async Task<ProducerProcess> StartAsync(IEnumerable<string> arguments) =>
        new(await ChildProgram.StartAsync(["produce", .. arguments]));

    /// <summary>Sends a number of records.</summary>
    public Task<Produced> SendLinesAsync(int lines) => CommandAsync(ProducerProgram.Lines, lines);

    /// <summary>Sends for some time, without probes.</summary>
    public Task<Produced> WarmUpAsync(int seconds) =>
        CommandAsync(ProducerProgram.Seconds, seconds);

    /// <summary>Sends for some time, with probes.</summary>
    public Task<Produced> SendAsync(int seconds) => CommandAsync(ProducerProgram.Probed, seconds);

    /// <summary>Begins to send at a pace, with probes.</summary>
    public Task BeginAsync(int perSecond) =>
        program.AskAsync(
            string.Create(CultureInfo.InvariantCulture, $"{ProducerProgram.Begin} {perSecond}")
        );

    /// <summary>Begins to send at a pace, with so many probes a second, whether those before are visible or not.</summary>
    public Task BeginAsync(int perSecond, int probesPerSecond) =>
        program.AskAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{ProducerProgram.Begin} {perSecond} {probesPerSecond}"
            )
        );

    /// <summary>Ends what was begun.</summary>
    public Task<Produced> EnoughAsync() => CommandAsync(ProducerProgram.Enough, 0);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => program.DisposeAsync();

    private async Task<Produced> CommandAsync(string verb, int number)
    {
        string command = string.Create(CultureInfo.InvariantCulture, $"{verb} {number}");
        return JsonSerializer.Deserialize<Produced>(await program.AskAsync(command))!;
    }
}
