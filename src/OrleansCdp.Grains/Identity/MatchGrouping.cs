using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// The last step of a turn: everybody connected with what changed is clustered anew, and only differences are written.
/// </summary>
internal sealed class MatchGrouping(
    FuzzyRules rules,
    MatchBoard board,
    MatchComparison comparison,
    IMatchTurn turn
)
{
    private readonly Dictionary<(long A, long B), StoredEdge> links = [];
    private readonly ConnectedParts parts = new();
    private readonly Dictionary<long, long> memberOf = [];
    private readonly HashSet<long> groupsRead = [];
    private readonly List<StewardPair> verdicts = [];

    private (long Record, int Size)? beyond;

    /// <summary>What hangs together with more records than are clustered at once; null for none.</summary>
    public OversizedComponent? Oversized { get; private set; }

    /// <summary>Records clustered anew.</summary>
    public int Clustered => parts.Records.Count;

    /// <summary>Clusters everybody connected with the records that changed.</summary>
    public async Task GroupAsync(CancellationToken cancel)
    {
        foreach (StoredEdge edge in comparison.Edges.Values.Where(IsLink))
        {
            links[(edge.A, edge.B)] = edge;
        }

        MatchCard[] changed = [.. board.Cards.Where(card => card.HasChanged)];
        HashSet<long> groups =
        [
            .. changed
                .Where(card => card.WasCompared)
                .Select(card => card.Before?.Group)
                .OfType<long>(),
        ];
        groupsRead.UnionWith(groups); // Read with the edges that were.
        await WalkAsync(
            [
                .. board
                    .Cards.Where(card => card.IsCompared)
                    .Where(card =>
                        card.IsTouched || (card.Before?.Group is { } of && groups.Contains(of))
                    )
                    .Select(card => card.Now.Id),
                .. comparison
                    .EdgesBefore.Values.Where(IsLink)
                    .SelectMany(edge => new[] { edge.A, edge.B }),
            ],
            cancel
        );
        Oversized = beyond is var (at, size) ? new(NameOf(at), size) : null;
        List<long[]> clusters = [.. parts.All().SelectMany(ClustersOf)];
        await LabelAsync(clusters, cancel);
    }

    private bool IsLink(StoredEdge edge) => edge.Score >= rules.Thresholds.LinkMin;

    /// <summary>
    /// Goes from record to record over links, and through groups and what stewards put together, the best links first.
    /// Beyond the limit no further link is followed, and groups are taken whole.
    /// </summary>
    private async Task WalkAsync(IEnumerable<long> seeds, CancellationToken cancel)
    {
        HashSet<long> frontier = [.. seeds.Where(id => board[id].IsCompared)];
        Take(frontier);
        while (frontier.Count > 0)
        {
            long[] groups =
            [
                .. frontier
                    .Select(id => board[id].Before?.Group)
                    .OfType<long>()
                    .Where(groupsRead.Add),
            ];
            long[] asked = [.. frontier.Where(id => !board[id].IsTouched)];
            HashSet<long> next = [];
            if (asked.Length + groups.Length > 0)
            {
                var (edges, members) = await turn.ReadAroundAsync(
                    asked,
                    rules.Thresholds.LinkMin,
                    groups,
                    cancel
                );
                board.Add(members);
                await board.ReadAsync(edges.SelectMany(edge => new[] { edge.A, edge.B }), cancel);
                foreach (StoredEdge edge in edges.Where(IsStill))
                {
                    links[(edge.A, edge.B)] = edge;
                }

                next.UnionWith(members.Select(row => row.Id).Where(id => board[id].IsCompared));
            }

            await HearStewardsAsync(frontier, next, cancel);
            next.RemoveWhere(parts.Has);
            Take(next);
            foreach (StewardPair pair in verdicts.Where(pair => pair.Together))
            {
                parts.Join(pair.A, pair.B);
            }

            Follow(frontier, next);
            frontier = next;
        }
    }

    /// <summary>Takes records in, each into the part of its group.</summary>
    private void Take(IEnumerable<long> records)
    {
        foreach (long id in records)
        {
            parts.Add(id);
            if (board[id].Before?.Group is { } group && !memberOf.TryAdd(group, id))
            {
                parts.Join(memberOf[group], id);
            }
        }
    }

    /// <summary>An edge of a record that was compared anew is known from there, or is no more.</summary>
    private bool IsStill(StoredEdge edge) =>
        board[edge.A] is { IsTouched: false, IsCompared: true }
        && board[edge.B] is { IsTouched: false, IsCompared: true };

    private void Follow(HashSet<long> frontier, HashSet<long> next)
    {
        StoredEdge[] around =
        [
            .. links
                .Values.Where(edge => frontier.Contains(edge.A) || frontier.Contains(edge.B))
                .OrderByDescending(edge => edge.Score)
                .ThenBy(edge => edge.A)
                .ThenBy(edge => edge.B),
        ];
        foreach (StoredEdge edge in around)
        {
            long known = parts.Has(edge.A) ? edge.A : edge.B;
            long end = edge.Other(known);
            int size = parts.SizeTogether(known, end);
            if (size > rules.Limits.ComponentMax)
            {
                beyond = beyond is { Size: var most } && most >= size ? beyond : (known, size);
                continue;
            }

            if (!parts.Has(end))
            {
                Take([end]);
                next.Add(end);
            }

            parts.Join(known, end);
        }
    }

    /// <summary>Names what a record hangs together with, alike whichever record of it comes.</summary>
    private string NameOf(long record)
    {
        MatchRow[] rows =
        [
            .. parts
                .All()
                .First(part => Array.IndexOf(part, record) >= 0)
                .Select(id => board[id].Now)
                .OrderBy(row => row.Subject, StringComparer.Ordinal),
        ];
        return (rows.FirstOrDefault(row => row.IsIndividual) ?? rows[0]).Subject;
    }

    private async Task HearStewardsAsync(
        HashSet<long> frontier,
        HashSet<long> next,
        CancellationToken cancel
    )
    {
        if (!turn.HasVerdicts)
        {
            return;
        }

        var said = await turn.ReadVerdictsAsync(
            [.. frontier.Select(id => board[id].Now.Subject)],
            cancel
        );
        string[] unknown =
        [
            .. said.SelectMany(verdict => new[] { verdict.A, verdict.B })
                .Where(subject => board.Find(subject) is null)
                .Distinct(StringComparer.Ordinal),
        ];
        board.Add(await turn.ReadAsync(unknown, cancel));
        // An anchored link stands where its individual stands.
        string[] individuals =
        [
            .. said.SelectMany(verdict => new[] { verdict.A, verdict.B })
                .Select(subject => board.Find(subject)?.Now.Owner)
                .OfType<string>()
                .Where(subject => board.Find(subject) is null)
                .Distinct(StringComparer.Ordinal),
        ];
        board.Add(await turn.ReadAsync(individuals, cancel));
        await board.ReadAsync(
            said.SelectMany(verdict => new[] { verdict.A, verdict.B })
                .Select(subject => board.Find(subject)?.Now.Twin)
                .OfType<long>(),
            cancel
        );
        foreach (StewardVerdict verdict in said)
        {
            if (
                StandsFor(verdict.A) is not { } left
                || StandsFor(verdict.B) is not { } right
                || left == right
            )
            {
                continue;
            }

            verdicts.Add(new StewardPair(left, right, verdict.Together));
            if (verdict.Together)
            {
                next.Add(left);
                next.Add(right);
            }
        }
    }

    private long? StandsFor(string subject) =>
        board.Find(subject) is not { } card ? null
        : card.IsCompared ? card.Now.Id
        : card.Now is { IsTwin: true, Twin: { } first } && board[first].IsCompared ? first
        : card.Now.Owner is { } owner && board.Find(owner) is { IsCompared: true } individual
            ? individual.Now.Id
        : null;

    private IEnumerable<long[]> ClustersOf(long[] part)
    {
        if (part.Length == 1)
        {
            return [part];
        }

        // By name and not by number: numbers are given in order of arrival.
        Dictionary<long, long> place = part.ToDictionary(
            id => id,
            id => (long)MatchField.HashOf(board[id].Now.Subject)
        );
        Dictionary<long, long> members = place.ToDictionary(one => one.Value, one => one.Key);

        return Clustering
            .Of(
                [
                    .. part.Select(id => new ClusterMember(
                        place[id],
                        board[id].Now.IsIndividual ? board[id].Now.Subject : null,
                        board[id].Now.Print ?? 0
                    )),
                ],
                [
                    .. links
                        .Values.Where(edge =>
                            place.ContainsKey(edge.A) && place.ContainsKey(edge.B)
                        )
                        .Select(edge => new MatchEdge(place[edge.A], place[edge.B], edge.Score)),
                ],
                [
                    .. verdicts
                        .Where(pair => place.ContainsKey(pair.A) && place.ContainsKey(pair.B))
                        .Select(pair => new StewardPair(
                            place[pair.A],
                            place[pair.B],
                            pair.Together
                        )),
                ],
                rules.Thresholds,
                (a, b) => board.Score(members[a], members[b]).Score
            )
            .Select(cluster => cluster.Select(at => members[at]).ToArray());
    }

    private async Task LabelAsync(List<long[]> clusters, CancellationToken cancel)
    {
        int made = 0;
        // Those that go with one that is compared are of its group, too.
        var twins = board
            .Cards.Where(card => card.Now.IsTwin)
            .ToLookup(card => card.Now.Twin!.Value, card => card.Now.Id);
        var wanted = GroupIds.Relabel(
            [
                .. clusters.Select(cluster =>
                    cluster.SelectMany(id => twins[id].Prepend(id)).Order().ToImmutableArray()
                ),
            ],
            id => board[id].WasListed ? board[id].Before!.Group : null,
            () => -++made
        );
        // A new group has the number of its first new record; one that broke off gets a number of its own.
        int[] broken =
        [
            .. Enumerable
                .Range(0, clusters.Count)
                .Where(i => wanted[i] < 0 && !clusters[i].Any(id => board[id].Before is null)),
        ];
        Queue<long> fresh = new(await turn.NextIdsAsync(broken.Length, cancel));
        for (int i = 0; i < clusters.Count; i++)
        {
            long group =
                wanted[i] >= 0 ? wanted[i]
                : clusters[i].Where(id => board[id].Before is null).Order().FirstOrDefault()
                    is > 0
                        and long first
                    ? first
                : fresh.Dequeue();
            Label(clusters[i], group);
        }
    }

    private void Label(long[] cluster, long group)
    {
        string? individual = cluster
            .Select(id => board[id].Now)
            .FirstOrDefault(row => row.IsIndividual)
            ?.Subject;
        foreach (long id in cluster)
        {
            MatchCard card = board[id];
            bool isSame =
                card is { IsTouched: false, Before: { } before }
                && before.Group == group
                && before.Individual == individual
                && (
                    before.Partner is { } with
                        ? Array.IndexOf(cluster, with) >= 0
                        : cluster.Length == 1 || before.IsIndividual
                );
            if (isSame)
            {
                continue;
            }

            (long? partner, double? score) = BestIn(cluster, id);
            card.Now = card.Now with
            {
                Group = group,
                Individual = individual,
                Partner = partner,
                Score = score,
            };
        }
    }

    private (long? Partner, double? Score) BestIn(long[] cluster, long id)
    {
        StoredEdge? best = null;
        foreach (long other in cluster)
        {
            if (
                links.TryGetValue(id < other ? (id, other) : (other, id), out StoredEdge edge)
                && (best is not { } known || edge.Score > known.Score)
            )
            {
                best = edge;
            }
        }

        return best is { } found ? (found.Other(id), found.Score) : (null, null);
    }
}
