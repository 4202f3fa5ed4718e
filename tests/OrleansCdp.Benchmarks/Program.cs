using OrleansCdp;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

if (args is [HostProcess.Silo, .. var siloArguments])
{
    Environment.ExitCode = await CdpProgram.RunAsync(siloArguments);
    return;
}

BenchmarkOptions options = BenchmarkOptions.Read(args);
Report report = new(options);
switch (options.Scenario)
{
    case "produce":
        using (EventFile file = new(options.File))
        {
            await using IEventTarget target = await Contenders.ConnectAsync(options);
            await new ProducerProgram(target, file, options.Batch, options.InFlight).RunAsync();
        }

        return;
    case "front":
        await SetBasedFront.RunAsync(options.Connection);
        return;
    case "kestrel":
        await BareKestrel.RunAsync(options.File);
        return;
    case "identity":
        IdentityRun.Run();
        return;
    case "fold":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(FoldRun.Run(run));
        }

        break;
    case "segments":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(SegmentRun.Run(run));
        }

        break;
    case "path":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await PathRun.RunAsync(run, options));
        }

        break;
    case "s4":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await FlipRun.RunAsync(run, options));
        }

        break;
    case "people":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(PeopleRun.Run(run));
        }

        break;
    case "snapshots":
        report.Add(SnapshotRun.Run(options));
        break;
    case "s1":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            foreach (string contender in options.Contenders.Split(','))
            {
                report.Add(await SteadyRun.RunAsync(contender, run, options));
            }
        }

        break;
    case "context":
        await ContextRun.RunAsync(options, report);
        break;
    case "idle":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await IdleRun.RunAsync(run, options));
        }

        break;
    case "matching":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await MatchRun.RunAsync(run, options));
        }

        break;
    case "s3":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await SignInRun.RunAsync(run, options));
        }

        break;
    case "backfill":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await BackfillRun.RunAsync(run, options));
        }

        break;
    case "tell":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await TellRun.RunAsync(run, options));
        }

        break;
    case "recovery":
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(await RecoveryRun.RunAsync(run, options));
        }

        break;
    default:
        throw new FormatException($"There is no scenario {options.Scenario}: see README.md.");
}

await report.FinishAsync();
