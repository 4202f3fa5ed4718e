using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Whether a process may be sent work, and what the log says of it.</summary>
[Collection(GatewayCollection.Name)]
public sealed class HealthTests(GatewayHost host)
{
    [Fact]
    public async Task A_process_that_is_starting_is_not_ready_and_nothing_is_logged_about_it()
    {
        await using WebApplication app = CdpApplication.Build(
            WebApplication.CreateBuilder(),
            new HostArguments { Urls = "http://127.0.0.1:0", DataFolder = "" },
            "Host=nowhere",
            new LogShape(1),
            GatewayHost.AdminKey
        );
        using KeptLog log = new();
        ILoggerFactory logging = app.Services.GetRequiredService<ILoggerFactory>();
        logging.AddProvider(log);

        HealthReport report = await app
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync();

        report.Status.ShouldBe(HealthStatus.Unhealthy);
        report.Entries["ready"].Description.ShouldBe("definitions are not loaded");
        log.Lines.ShouldBeEmpty();
        logging.CreateLogger("OrleansCdp").LogWarning("It would be here.");
        log.Lines.ShouldBe(["Warning: It would be here."]);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_logged()
    {
        using KeptLog log = new();
        using ILoggerFactory logging = LoggerFactory.Create(builder => builder.AddProvider(log));
        DefinitionCatalogue loaded = host.Services.GetRequiredService<DefinitionCatalogue>();
        ReadyCheck check = new(
            OneGrain.Of(new Away()),
            loaded,
            host.Services.GetRequiredService<IHostApplicationLifetime>(),
            logging.CreateLogger<ReadyCheck>()
        );

        HealthCheckResult result = await check.CheckHealthAsync(new HealthCheckContext());

        result.Status.ShouldBe(HealthStatus.Unhealthy);
        result.Description.ShouldBe("the database does not answer");
        log.Lines.ShouldBe(["Warning: Not ready: the database does not answer"]);
    }

    private sealed class Away : IStatusGrain
    {
        public Task<ClusterStatus> GetAsync() =>
            throw new InvalidOperationException(
                "Whether a process is ready is not asked of others."
            );

        public Task<ImmutableArray<PartitionStatus>> GetPartitionsAsync() =>
            throw new TimeoutException();

        public Task CountAsync(ImmutableArray<EventCount> counts) => Task.CompletedTask;
    }

    private sealed class KeptLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> lines = new();

        public IReadOnlyCollection<string> Lines => lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

        public void Dispose() { }
    }
}
