using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Of what a silo does every now and then for matching, the part that is simulated.</summary>
internal sealed class OpenDecisionSweep(OpenDecisions open, TimeProvider clock) : IBackgroundLoop
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(20);
    private readonly Signal never = new();

    public string Name => "open decisions";

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await never.WaitAsync(0, Period, clock, stop);
            if (!stop.IsCancellationRequested)
            {
                try
                {
                    await open.SweepAsync(Period, stop);
                }
                catch (NpgsqlException) when (!stop.IsCancellationRequested)
                {
                    // The database was away: the next round tries it again.
                }
            }
        }
    }
}
