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

    private const string Behind = """
        select count(*) from cdp.ingest_head h
            join cdp.recovery_mark m using (lane, partition)
            join cdp.ingest_checkpoint k using (lane, partition)
        where k.seq < m.seq
        """;

    private const string Mark = """
        create table if not exists cdp.recovery_mark (lane smallint, partition int, seq bigint);
        truncate cdp.recovery_mark;
        insert into cdp.recovery_mark select lane, partition, next_seq - 1 from cdp.ingest_head
        """;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

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
        await database.ExecuteAsync(Mark);
        TimeSpan visible = await UntilAsync(database, since);
        await Task.Delay(half);
        await load.StopAsync();
        await database.ExecuteAsync(Mark);
        await UntilAsync(database, Stopwatch.StartNew());
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

    private static async Task<TimeSpan> UntilAsync(BenchmarkDatabase database, Stopwatch since)
    {
        while (await database.ReadAsync<long>(Behind) > 0)
        {
            await Task.Delay(Look);
        }

        return since.Elapsed;
    }
}
