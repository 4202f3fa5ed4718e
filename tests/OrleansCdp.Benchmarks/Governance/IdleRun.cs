using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What the product costs while nothing happens.</summary>
internal static class IdleRun
{
    private const string Transactions = """
        select sum(xact_commit + xact_rollback)::bigint from pg_stat_database where datname = 'cdp'
        """;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(70);

    /// <summary>Starts the host, loads the population, waits for it to settle, then watches.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        string file = EventFile.Ensure(options.Work, options.Workload);
        await using IContender contender = await Contenders.StartAsync("O", options);
        await using (
            ProducerProcess producer = await ProducerProcess.StartAsync([
                .. contender.ProducerArguments,
                "--file",
                file,
                "--batch",
                "1000",
                "--in-flight",
                "4",
            ])
        )
        {
            Workload workload = new(options.Workload);
            await producer.SendLinesAsync(workload.CrmLines + workload.SignInLines);
        }

        await contender.DrainAsync();
        await Task.Delay(Settling);
        TimeSpan time = TimeSpan.FromSeconds(options.Seconds);
        ProcessUse host = ProcessUse.Of(contender.HostProcessId!.Value);
        ProcessUse server = ProcessUse.OfTree(contender.Database.ProcessId);
        long transactions = await contender.Database.ReadAsync<long>(Transactions);
        long wal = await contender.Database.WalBytesAsync();
        await Task.Delay(time);
        ProcessUse hostAfter = ProcessUse.Of(contender.HostProcessId!.Value);
        ProcessUse serverAfter = ProcessUse.OfTree(contender.Database.ProcessId);
        double PerSecond(double sum) => sum / time.TotalSeconds;
        long own = 2; // The two reads before the wait.
        return
        [
            new(
                "O",
                run,
                "CPU, own process",
                PerSecond((hostAfter.Cpu - host.Cpu).TotalSeconds) * 100,
                "% of a core"
            ),
            new(
                "O",
                run,
                "CPU, PostgreSQL",
                PerSecond((serverAfter.Cpu - server.Cpu).TotalSeconds) * 100,
                "% of a core"
            ),
            new(
                "O",
                run,
                "transactions",
                PerSecond(
                    await contender.Database.ReadAsync<long>(Transactions) - transactions - own
                ),
                "per s"
            ),
            new(
                "O",
                run,
                "write-ahead log",
                PerSecond(await contender.Database.WalBytesAsync() - wal),
                "bytes/s"
            ),
            new("O", run, "memory, own process", hostAfter.ResidentBytes / 1e6, "MB"),
        ];
    }
}
