using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>Compares what is served with the log: by partition, by state, and the counts.</summary>
[GrainType("cdp.verifier")]
[KeepAlive] // Between two of its reports it is no call.
internal sealed class VerifierGrain(
    ILogHistory log,
    IMembershipStore memberships,
    IStatusStore status,
    LogShape shape,
    IInsightSets insights,
    TimeProvider clock
) : Grain, IVerifierGrain
{
    private bool running;

    public async IAsyncEnumerable<VerifyReport> VerifyAsync(
        VerifyRequest request,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        if (request.Sample is < 1 or > IVerifierGrain.SampleMax)
        {
            throw new ArgumentException(
                $"A sample has 1 to {IVerifierGrain.SampleMax}.",
                nameof(request)
            );
        }

        VerifyCursor at = VerifyCursor.Parse(request.Cursor, shape.PartitionCount);
        if (running)
        {
            throw new VerificationRunningException();
        }

        running = true;
        try
        {
            Verification verification = new(
                log,
                memberships,
                status,
                GrainFactory,
                insights,
                clock
            );
            IAsyncEnumerable<VerifyReport> reports = request.Sample is { } count
                ? verification.SampleAsync(count, cancel)
                : verification.AllAsync(at, shape.PartitionCount, cancel);
            await foreach (VerifyReport report in reports)
            {
                yield return report;
            }
        }
        finally
        {
            running = false;
        }
    }
}

/// <summary>Where a comparison of everything is: first the partitions, then the states.</summary>
/// <param name="Partition">The partition being read; as many as there are once all are.</param>
/// <param name="Hash">First link hash of the next pass.</param>
/// <param name="After">The last state looked at.</param>
internal readonly record struct VerifyCursor(int Partition, ulong Hash, string After)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null for the beginning.</summary>
    /// <exception cref="ArgumentException">It did not.</exception>
    public static VerifyCursor Parse(string? text, int partitions)
    {
        if (text is null)
        {
            return new VerifyCursor(0, 0, "");
        }

        string[] parts = text.Split('-', 3);
        return
            parts.Length == 3
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out int partition)
            && partition >= 0
            && partition <= partitions
            && ulong.TryParse(
                parts[1],
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out ulong hash
            )
            && !parts[2].Contains('\0', StringComparison.Ordinal)
            && parts[2].Length <= Limits.IdentifierMax
            ? new VerifyCursor(partition, hash, parts[2])
            : throw new ArgumentException("This is no cursor of a comparison.", nameof(text));
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Partition}-{Hash:x}-{After}");
}

/// <summary>One comparison.</summary>
internal sealed class Verification
{
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(1);
    private readonly VerifyFindings findings = new();
    private readonly ILogHistory log;
    private readonly Witnesses witnesses;
    private readonly LinkCheck links;
    private readonly StateCheck states;
    private readonly BookCheck books;
    private readonly IInsightSets insights;
    private readonly TimeProvider clock;

    public Verification(
        ILogHistory log,
        IMembershipStore memberships,
        IStatusStore status,
        IGrainFactory grains,
        IInsightSets insights,
        TimeProvider clock
    )
    {
        this.log = log;
        this.insights = insights;
        this.clock = clock;
        witnesses = new Witnesses(grains);
        AccountCheck accounts = new(witnesses, findings);
        links = new LinkCheck(log, witnesses, accounts, findings, insights, clock);
        states = new StateCheck(log, memberships, witnesses, findings, clock);
        books = new BookCheck(status, log, findings);
    }

    /// <summary>Compares everything from a place on.</summary>
    public async IAsyncEnumerable<VerifyReport> AllAsync(
        VerifyCursor at,
        int partitions,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        bool isWhole = at == default(VerifyCursor) with { After = "" };
        await books.BeginAsync(cancel);
        ImmutableArray<LaneExtent>.Builder seen = ImmutableArray.CreateBuilder<LaneExtent>();
        while (at.Partition < partitions)
        {
            // Before anybody is asked: what was applied by now must be there when they answer.
            var extents = await ExtentsAsync(at.Partition, cancel);
            LogPass pass = new(log, extents, at.Hash, insights: await insights.CurrentAsync());
            await foreach (bool due in ReadAsync(pass, cancel))
            {
                if (due)
                {
                    yield return findings.Reports(at.ToString()).First();
                }
            }

            await links.RunAsync(pass, cancel);
            books.Add(pass, isFirst: at.Hash == 0);
            seen.AddRange(extents);
            at =
                pass.To == ulong.MaxValue
                    ? new VerifyCursor(at.Partition + 1, 0, "")
                    : at with
                    {
                        Hash = pass.To + 1,
                    };
            foreach (VerifyReport report in findings.Reports(at.ToString()))
            {
                yield return report;
            }
        }

        while (true)
        {
            var ids = await log.IdsAsync(at.After, ILogHistory.IdsMax, cancel);
            await states.RunAsync(ids, cancel);
            at = at with { After = ids.IsEmpty ? at.After : ids[^1] };
            foreach (VerifyReport report in findings.Reports(at.ToString()))
            {
                yield return report;
            }

            if (ids.Length < ILogHistory.IdsMax)
            {
                break;
            }
        }

        string? notCompared = isWhole
            ? await books.EndAsync(seen.ToImmutable(), cancel)
            : "the comparison did not begin at the beginning";
        foreach (VerifyReport report in EndAt(at.ToString(), notCompared))
        {
            yield return report;
        }
    }

    /// <summary>Compares some individuals and accounts, with all that belongs to them.</summary>
    public async IAsyncEnumerable<VerifyReport> SampleAsync(
        int count,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        HashSet<string> chosen = await ChooseAsync(count, cancel);
        await states.RunAsync(chosen, cancel);
        HashSet<LinkKey> wanted = await LinksOfAsync(chosen);
        var extents = await log.ExtentsAsync(cancel);
        foreach (var partition in wanted.GroupBy(PartitionOf))
        {
            LogPass pass = new(
                log,
                [.. extents.Where(lane => lane.Partition == partition.Key)],
                from: 0,
                partition.ToHashSet(),
                await insights.CurrentAsync()
            );
            await foreach (bool due in ReadAsync(pass, cancel))
            {
                if (due)
                {
                    yield return findings.Reports("").First();
                }
            }

            await links.RunAsync(pass, cancel);
            foreach (VerifyReport report in findings.Reports(""))
            {
                yield return report;
            }
        }

        foreach (VerifyReport report in EndAt("", null))
        {
            yield return report;
        }

        int PartitionOf(LinkKey link) =>
            Partitions.Of(link, extents.Max(lane => lane.Partition) + 1);
    }

    private IEnumerable<VerifyReport> EndAt(string cursor, string? notCompared)
    {
        VerifyReport[] reports = [.. findings.Reports(cursor)];
        return reports
            .SkipLast(1)
            .Append(reports[^1] with { Ended = true, CountsNotCompared = notCompared });
    }

    private async Task<ImmutableArray<LaneExtent>> ExtentsAsync(
        int partition,
        CancellationToken cancel
    ) => [.. (await log.ExtentsAsync(cancel)).Where(lane => lane.Partition == partition)];

    /// <summary>Reads a pass.</summary>
    /// <returns>After each stretch, whether it is time to say how far it is.</returns>
    private async IAsyncEnumerable<bool> ReadAsync(
        LogPass pass,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        long last = clock.GetTimestamp();
        await foreach (int events in pass.ReadAsync(cancel))
        {
            findings.Events += events;
            bool due = clock.GetElapsedTime(last) > ReportPeriod;
            last = due ? clock.GetTimestamp() : last;
            yield return due;
        }
    }

    /// <summary>States next to places chosen by chance. Ids are hashes, so each is about as likely as another.</summary>
    private async Task<HashSet<string>> ChooseAsync(int count, CancellationToken cancel)
    {
        HashSet<string> chosen = new(StringComparer.Ordinal);
        for (int tries = 0; tries < 2 * count && chosen.Count < count; tries++)
        {
            string prefix = tries % 5 == 4 ? SubjectIds.AccountPrefix : SubjectIds.IndividualPrefix;
            string place = prefix + RandomNumberGenerator.GetHexString(16, lowercase: true);
            chosen.UnionWith(await log.IdsAsync(place, 1, cancel));
        }

        return chosen;
    }

    private async Task<HashSet<LinkKey>> LinksOfAsync(HashSet<string> ids)
    {
        HashSet<LinkKey> found = [];
        foreach (string id in ids)
        {
            IEnumerable<LinkKey> own = SubjectIds.IsAccount(id)
                ? (await witnesses.AccountAsync(id))?.State.Links.Links.Select(l => l.Key) ?? []
                : (await witnesses.IndividualAsync(id, []))?.Keys ?? [];
            found.UnionWith(own.Take(IVerifierGrain.HeldMax - found.Count));
        }

        return found;
    }
}
