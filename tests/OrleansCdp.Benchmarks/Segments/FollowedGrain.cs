using System.Globalization;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace OrleansCdp.Segments;

/// <summary>
/// Somebody who follows the Orleans stream of memberships in the host's process. Of one segment it writes into a file who entered
/// it, and when that was told.
/// </summary>
[ImplicitStreamSubscription(MembershipStream.Name)]
[GrainType("bench-followed")]
internal sealed class FollowedGrain
    : Grain,
        IFollowedGrain,
        IStreamSubscriptionObserver,
        IAsyncObserver<FollowedChange>
{
    /// <summary>The segment.</summary>
    public const string Segment = "probed";

    /// <summary>The environment variable that names the file.</summary>
    public const string FileVariable = "CDP_BENCH_FOLLOWED";

    private StreamWriter? file;

    /// <summary>Who entered, by id, and when that was told.</summary>
    public static async Task<Dictionary<string, DateTimeOffset>> ReadAsync(string path)
    {
        await using FileStream read = new(
            path,
            FileMode.OpenOrCreate,
            FileAccess.Read,
            FileShare.ReadWrite
        );
        using StreamReader lines = new(read);
        Dictionary<string, DateTimeOffset> all = new(StringComparer.Ordinal);
        string text = await lines.ReadToEndAsync();
        // What stands behind the last end of a line is still being written.
        foreach (string line in text.Split('\n').SkipLast(1))
        {
            string[] words = line.Split(' ');
            long ticks = long.Parse(words[1], CultureInfo.InvariantCulture);
            all.TryAdd(words[0], new DateTimeOffset(ticks, TimeSpan.Zero));
        }

        return all;
    }

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<FollowedChange>().ResumeAsync(this);

    /// <inheritdoc/>
    public async Task OnNextAsync(FollowedChange item, StreamSequenceToken? token = null)
    {
        if (
            item.Change is { Segment: Segment, Entered: true }
            && Environment.GetEnvironmentVariable(FileVariable) is { } path
        )
        {
            file ??= new StreamWriter(
                new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)
            )
            {
                AutoFlush = true,
            };
            await file.WriteAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{item.Individual} {DateTimeOffset.UtcNow.UtcTicks}\n"
                )
            );
        }
    }

    /// <inheritdoc/>
    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}

/// <summary>Names the grain that follows.</summary>
internal interface IFollowedGrain : IGrainWithStringKey;
