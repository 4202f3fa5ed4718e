using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>A person who merges people and takes merges back, while they are busy and whatever breaks.</summary>
internal sealed class Steward(
    Cluster cluster,
    Process process,
    Database database,
    TimeSpan duration
)
{
    private readonly IGrainFactory grains = cluster.GrainsFor(process);

    /// <summary>Whether nothing more is to come.</summary>
    public bool IsDone { get; private set; }

    public void Start() => process.Run(DecideAllAsync);

    private async Task DecideAllAsync()
    {
        Random chance = cluster.Scheduler.Chance;
        for (int left = chance.Next(0, 12); left > 0; left--)
        {
            await new Signal().WaitAsync(
                0,
                duration * (chance.NextDouble() / 6),
                process.Clock,
                CancellationToken.None
            );
            string[] people =
            [
                .. database
                    .Claims.Values.Select(claim => claim.Owner)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ];
            if (people.Length > 1)
            {
                await TryAsync(chance.GetItems(people, 2), chance.Next(5));
            }
        }

        IsDone = true;
    }

    private async Task TryAsync(string[] people, int what)
    {
        var steward = grains.GetGrain<IStewardGrain>(0);
        try
        {
            StewardAnswer answer =
                what < 3
                    ? await steward.MergeAsync(
                        new StewardMerge
                        {
                            Survivor = people[0],
                            Other = people[1],
                            Reason = "they look alike",
                            Author = "steward",
                        }
                    )
                    : await steward.UnmergeAsync(
                        new StewardUnmerge
                        {
                            Individual = people[0],
                            Reason = "they are two",
                            Author = "steward",
                        }
                    );
            cluster.Note(
                $"steward: {(what < 3 ? "merge" : "unmerge")} {people[0]} {people[1]}: {answer.Refusal ?? "done"}"
            );
        }
        catch (Exception e)
        {
            cluster.Note($"steward: not known whether it was done: {e.Message}");
        }
    }
}
