using System.Text.Json;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Compares what is stored in the end with what the log says must be.</summary>
internal sealed class Verdict(
    Database database,
    DurableStates states,
    IEnumerable<Producer> producers
)
{
    private static readonly JsonSerializerOptions Stored = new()
    {
        IgnoreReadOnlyProperties = true,
    };
    private readonly List<Finding> findings = [];
    private Oracle oracle = new([]);

    /// <summary>The individual that holds each link.</summary>
    public SortedDictionary<string, UnifiedIndividual> Holders { get; } =
        new(StringComparer.Ordinal);

    public List<Finding> Find()
    {
        CheckLog();
        CheckPositions();
        if (findings.Count > 0)
        {
            return findings; // Of a broken log nothing can be said.
        }

        oracle = new Oracle(database.Chunks);
        CheckLinks();
        CheckRedirects();
        CheckCounts();
        CheckQuarantine();
        CheckAccounts();
        return findings;
    }

    private void CheckLog()
    {
        var times = database
            .Chunks.SelectMany(chunk => chunk.Events)
            .CountBy(e => (e.Event.Link.Source, e.Event.EventId))
            .ToDictionary();
        foreach (var acknowledged in producers.SelectMany(producer => producer.Acknowledged))
        {
            Expect(
                times.ContainsKey(acknowledged),
                $"{acknowledged.EventId} was acknowledged and is not in the log",
                acknowledged.EventId
            );
        }

        foreach (((_, string id), int count) in times)
        {
            Expect(count == 1, $"{id} is in the log {count} times", id);
        }
    }

    private void CheckPositions()
    {
        foreach (((Lane lane, int partition), Head head) in database.Heads)
        {
            long next = 1;
            foreach (
                StoredChunk chunk in database
                    .Chunks.Where(chunk => chunk.Lane == lane && chunk.Partition == partition)
                    .OrderBy(chunk => chunk.First)
            )
            {
                Expect(
                    chunk.First == next,
                    $"{lane} {partition} has {chunk.First} after {next - 1}"
                );
                next = chunk.First + chunk.Count;
            }

            long checkpoint = database.Readings[(lane, partition)].Checkpoint;
            Expect(head.Next == next, $"the head of {lane} {partition} is {head.Next}, not {next}");
            Expect(
                checkpoint == next - 1,
                $"the checkpoint of {lane} {partition} is {checkpoint}, not {next - 1}",
                $"{lane} {partition}"
            );
        }

        // A former reader that meets a poisoned event late notes it once more; the next checkpoint takes that along.
        Expect(
            database.Fates.Values.All(fate => fate.Code == ReasonCodes.FoldFailed),
            $"{database.Fates.Count} fates are left"
        );
    }

    private void CheckLinks()
    {
        foreach ((LinkKey key, Link expected) in oracle.Links)
        {
            UnifiedIndividual[] holders =
            [
                .. states.Individuals.Values.Where(one => one.Links.Find(key) is not null),
            ];
            string[] about = [$"{key}", .. holders.Select(one => one.Id)];
            if (holders.Length != 1)
            {
                Expect(
                    expected.AppliedNormal == 0 && expected.AppliedLow == 0 && holders.Length == 0,
                    $"{key} has {holders.Length} holders: {string.Join(", ", holders.Select(one => one.Id))}",
                    about
                );
                continue;
            }

            UnifiedIndividual holder = holders[0];
            Holders[holder.Id] = holder;
            string owner = database.Claims.GetValueOrDefault(ClaimKeys.Of(key))?.Owner ?? "nobody";
            Expect(
                EndOf(owner) == holder.Id,
                $"{key} is at {holder.Id} and claimed for {owner}",
                [.. about, owner]
            );
            Expect(holder.ElsewhereAt is null, $"{holder.Id} holds {key} and redirects", about);
            string known = BaseOf(owner);
            Expect(
                (holder.OwnerOf(key) ?? holder.Id) == known,
                $"{holder.Id} holds {key} for {holder.OwnerOf(key)} and it is claimed for {known}",
                about
            );
            Expect(
                database.Merges.RootOf(known) == holder.Id,
                $"{key} of {known} is at {holder.Id} and not at {database.Merges.RootOf(known)}",
                about
            );
            string found = Text(holder.Links.Find(key)! with { Moves = 0 });
            string wanted = Text(expected);
            Expect(
                found == wanted,
                $"{key} in {holder.Id} is not the fold of its events: {Difference(wanted, found)}",
                about
            );
        }
    }

    private void CheckRedirects()
    {
        Expect(
            database.Merges.Moving().IsEmpty,
            $"merges are not finished: {string.Join(", ", database.Merges.Moving())}"
        );
        foreach (UnifiedIndividual one in states.Individuals.Values)
        {
            string end = EndOf(one.Id);
            Expect(end.Length > 0, $"{one.Id} redirects in a circle", one.Id);
        }
    }

    /// <summary>Whoever a visitor became.</summary>
    private string BaseOf(string individual) =>
        states.Individuals.GetValueOrDefault(individual)?.RedirectTo is { } next
            ? BaseOf(next)
            : individual;

    private string EndOf(string individual)
    {
        for (int hops = 0; hops < states.Individuals.Count + 1; hops++)
        {
            string? next = states.Individuals.GetValueOrDefault(individual)?.ElsewhereAt;
            if (next is null)
            {
                return individual;
            }

            individual = next;
        }

        return "";
    }

    private void CheckCounts()
    {
        var counted = database.Counts.Counts();
        foreach (string stream in oracle.Outcomes.Values.Select(one => one.Event.Stream).Distinct())
        {
            long inLog = oracle.Outcomes.Values.Count(one => one.Event.Stream == stream);
            long received = Sum(counted, stream, CountKind.Received);
            long duplicate = Sum(counted, stream, CountKind.Duplicate);
            Expect(
                received - duplicate == inLog,
                $"{stream}: {received} received, {duplicate} duplicate, {inLog} in the log"
            );
        }

        string[] found =
        [
            .. counted
                .Where(count =>
                    count.Kind is not (CountKind.Received or CountKind.Duplicate)
                    && count.Count != 0
                )
                .Select(count => $"{count}")
                .Order(StringComparer.Ordinal),
        ];
        string[] wanted =
        [
            .. oracle.Counts.Counts().Select(count => $"{count}").Order(StringComparer.Ordinal),
        ];
        Expect(
            found.SequenceEqual(wanted),
            $"the books do not balance: {string.Join(", ", wanted.Except(found))} became {string.Join(", ", found.Except(wanted))}"
        );
    }

    private static long Sum(IEnumerable<EventCount> counts, string stream, CountKind kind) =>
        counts
            .Where(count => count.Stream == stream && count.Kind == kind)
            .Sum(count => count.Count);

    private void CheckQuarantine()
    {
        string[] kept =
        [
            .. database
                .Quarantine.Select(item => $"{item.Position} {item.Code}")
                .Order(StringComparer.Ordinal),
        ];
        string[] wanted =
        [
            .. oracle
                .Outcomes.Where(one => one.Value.Outcome.Kind == OutcomeKind.Refused)
                .Select(one => $"{one.Key} {one.Value.Outcome.Code}")
                .Order(StringComparer.Ordinal),
        ];
        Expect(
            kept.SequenceEqual(wanted),
            $"quarantine has {string.Join(", ", kept)} and not {string.Join(", ", wanted)}"
        );
    }

    private void CheckAccounts()
    {
        foreach ((LinkKey key, Account expected) in oracle.Accounts)
        {
            string[] members =
            [
                .. Holders
                    .Values.SelectMany(one => one.Links.Links, (one, link) => (one, link))
                    .Where(at => at.link.Account?.Account == key)
                    .Select(at => $"{at.link.Key} of {at.one.Id}")
                    .Order(StringComparer.Ordinal),
            ];
            Account? found = states.Accounts.GetValueOrDefault(expected.Id);
            string[] listed =
            [
                .. (found?.Members ?? [])
                    .Where(member => member.Belongs)
                    .Select(member => $"{member.Link} of {member.Individual}")
                    .Order(StringComparer.Ordinal),
            ];
            Expect(
                listed.SequenceEqual(members),
                $"{key} lists {string.Join(", ", listed)} and not {string.Join(", ", members)}",
                [
                    expected.Id,
                    .. listed
                        .Concat(members)
                        .Except(listed.Intersect(members))
                        .Select(m => m.Split(' ')[0]),
                ]
            );
            string facts = Text(found?.Links ?? LinkSet.Empty);
            string wanted = Text(expected.Links);
            Expect(
                facts == wanted,
                $"{key} is not the fold of its events: {Difference(wanted, facts)}",
                expected.Id,
                $"{key}"
            );
        }
    }

    private void Expect(bool holds, string what, params string[] about)
    {
        if (!holds)
        {
            findings.Add(new Finding(what, about));
        }
    }

    private static string Difference(string wanted, string found)
    {
        int at = wanted.Zip(found).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"{Around(wanted, at)} became {Around(found, at)}";
    }

    private static string Around(string text, int at) =>
        text[Math.Max(0, at - 100)..Math.Min(text.Length, at + 100)];

    // As JSON: the wire format writes a shared string once, which depends on how it was shared.
    private static string Text<T>(T state) => JsonSerializer.Serialize(state, Stored);
}
