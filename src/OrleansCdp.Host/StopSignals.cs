using System.Runtime.InteropServices;

namespace OrleansCdp;

/// <summary>
/// Ctrl-C and SIGTERM, from before anything is started: what was started by then is stopped in order, a private
/// PostgreSQL too.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource told = new();
    private readonly PosixSignalRegistration[] registrations;

    public StopSignals() =>
        registrations = [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT }.Select(
                signal => PosixSignalRegistration.Create(signal, Take)
            ),
        ];

    /// <summary>Cancelled once the program was told to stop.</summary>
    public CancellationToken Told => told.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
        {
            registration.Dispose(); // Waits for a signal that is being taken.
        }

        told.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        context.Cancel = true; // The program ends by itself.
        told.Cancel();
    }
}
