using OrleansCdp;
using OrleansCdp.Events;

BenchmarkOptions options = BenchmarkOptions.Read(args);
switch (options.Scenario)
{
    case "produce":
        using (EventFile file = new(options.File))
        {
            await using IEventTarget target = await Contenders.ConnectAsync(options);
            await new ProducerProgram(target, file, options.Batch, options.InFlight).RunAsync();
        }

        break;
    case "front":
        await SetBasedFront.RunAsync(options.Connection);
        break;
    case "s1":
        Report report = new(options);
        for (int run = 1; run <= options.Repetitions; run++)
        {
            foreach (string contender in options.Contenders.Split(','))
            {
                report.Add(await SteadyRun.RunAsync(contender, run, options));
            }
        }

        await report.FinishAsync();
        break;
    default:
        throw new ArgumentException($"There is no scenario {options.Scenario}: see README.md.");
}
