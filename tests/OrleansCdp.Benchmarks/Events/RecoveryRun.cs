using System.Diagnostics;

namespace OrleansCdp.Events;

/// <summary>
/// One of two silos is killed under half load: how long until everything acknowledged is visible, how long nobody is
/// answered about, and what clients see of it.
/// </summary>
internal static class RecoveryRun
{
    private const string Stored = """
        select coalesce(sum(h.next_seq - 1), 0)::bigint from cdp.ingest_head h
        """;

    /// <summary>Runs it once.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        await using BenchmarkDatabase database = await BenchmarkDatabase.StartAsync(
            options.Work,
            statements: false
        );
        Task<HostProcess> StartAsync(string roles) =>
            HostProcess.StartAsync(database.ConnectionString, traceable: false, roles);
        await using HostProcess victim = await StartAsync("silo");
        await using HostProcess survivor = await StartAsync("silo");
        await using HostProcess gateway = await StartAsync("gateway");
        int people = options.Workload.People;
        double most = await MostAsync(gateway, people, options.WarmUpSeconds);

        using RecoveryLoad load = new(gateway.Address, people);
        load.Send(most / 2);
        load.Read();
        TimeSpan half = TimeSpan.FromSeconds(options.Seconds / 2.0);
        await Task.Delay(half);
        TimeSpan silenceBefore = load.LongestSilence;
        long againBefore = load.SentAgain;
        Stopwatch since = Stopwatch.StartNew();
        await victim.KillAsync();
        await AppliedMark.SetAsync(database);
        await AppliedMark.PassedAsync(database);
        TimeSpan visible = since.Elapsed;
        await Task.Delay(half);
        await load.StopAsync();
        await AppliedMark.SetAsync(database);
        await AppliedMark.PassedAsync(database);
        long stored = await database.ReadAsync<long>(Stored);
        return
        [
            new("O", run, "load before", most / 2, "events/s"),
            new("O", run, "killed until all acknowledged is visible", visible.TotalSeconds, "s"),
            new("O", run, "longest without answers, before", silenceBefore.TotalSeconds, "s"),
            new("O", run, "longest without answers", load.LongestSilence.TotalSeconds, "s"),
            new("O", run, "batches sent again", load.SentAgain - againBefore, "batches"),
            new("O", run, "errors that trying again does not cure", load.Errors, "errors"),
            new("O", run, "acknowledged", load.Acknowledged, "events"),
            new("O", run, "in the log, the first load's included", stored, "events"),
        ];
    }

    /// <summary>What the cluster takes when it is sent as much as it will.</summary>
    private static async Task<double> MostAsync(HostProcess gateway, int people, int seconds)
    {
        using RecoveryLoad load = new(gateway.Address, people);
        load.Send(perSecond: null);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        long before = load.Acknowledged;
        Stopwatch watch = Stopwatch.StartNew();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        double most = (load.Acknowledged - before) / watch.Elapsed.TotalSeconds;
        await load.StopAsync();
        Note.Write($"Run takes {most:F0} events/s at most.");
        return most;
    }
}
