using Microsoft.Extensions.Logging;

namespace OrleansCdp;

/// <summary>Writes a silo's log into the trace.</summary>
internal sealed class TraceLoggers(Scheduler scheduler, string silo) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) =>
        scheduler.Note(
            $"{silo}: {formatter(state, exception)}{(exception is null ? "" : $" ({exception.Message})")}"
        );
}
