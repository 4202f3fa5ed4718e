using OrleansCdp.Insights;

namespace OrleansCdp.Events;

/// <summary>Something that takes the workload and knows the answers.</summary>
internal interface IContender : IAsyncDisposable
{
    /// <summary>Its letter in the tables.</summary>
    string Name { get; }

    /// <summary>Its database.</summary>
    BenchmarkDatabase Database { get; }

    /// <summary>Its process beside the database; null when there is none.</summary>
    int? HostProcessId { get; }

    /// <summary>What the producers' process must be told.</summary>
    IReadOnlyList<string> ProducerArguments { get; }

    /// <summary>Returns once everything acknowledged is applied.</summary>
    Task DrainAsync();

    /// <summary>Its answers about people; empty when it offers none.</summary>
    Task<IReadOnlyList<PersonAnswer?>> AnswersAsync(IReadOnlyList<int> people);
}

/// <summary>Starts contenders by letter.</summary>
internal static class Contenders
{
    /// <summary>Starts one.</summary>
    public static async Task<IContender> StartAsync(string name, BenchmarkOptions options)
    {
        BenchmarkDatabase database = await BenchmarkDatabase.StartAsync(
            options.Work,
            options.Profile
        );
        return name switch
        {
            "O" or "OH" or "OS" => await OrleansContender.StartAsync(
                name,
                database,
                options.Profile
            ),
            "B" or "BH" => await SetBasedContender.StartAsync(name, database),
            "C" => await CopyContender.StartAsync(database),
            _ => throw new FormatException($"There is no contender {name}: see README.md."),
        };
    }

    /// <summary>Connects a producer's process to a contender.</summary>
    public static async Task<IEventTarget> ConnectAsync(BenchmarkOptions options) =>
        options.Target switch
        {
            "O" => await OrleansTarget.ConnectAsync(options.Connection, new Uri(options.Address)),
            "OH" => new HttpTarget(new Uri(options.Address), tracking: false),
            "OS" => new HttpTarget(new Uri(options.Address), tracking: true),
            "B" => SetBasedTarget.Connect(options.Connection),
            "BH" => new HttpTarget(new Uri(options.Address), tracking: false, atOnce: true),
            "C" => CopyTarget.Connect(options.Connection),
            _ => throw new FormatException($"There is no target {options.Target}."),
        };

    /// <summary>Records per call and calls at a time at which a contender is at its best.</summary>
    public static (int Batch, int InFlight) BestOf(string name) =>
        name switch
        {
            "B" => (5_000, 2),
            "C" => (5_000, 2),
            _ => (2_000, 8),
        };
}
