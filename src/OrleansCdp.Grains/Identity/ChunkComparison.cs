using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>To whom the events of a chunk go.</summary>
/// <param name="Targets">The individual or account of each event, in the events' order.</param>
/// <param name="Uncompared">Places of events that say something which cannot be compared: they go nowhere.</param>
/// <param name="Open">What they say of links and could not be carried out.</param>
internal readonly record struct Resolution(
    Destination[] Targets,
    IReadOnlyCollection<int> Uncompared,
    IReadOnlyCollection<OpenDecision> Open
);

/// <summary>Hands on what a chunk says anew of links, once anchors have had their word.</summary>
internal sealed class ChunkComparison(
    EventChunk chunk,
    RecordMatching matching,
    IReadOnlyDictionary<LinkKey, KnownLink> known
)
{
    /// <summary>Compares, and corrects where events go. What is remembered as compared was.</summary>
    /// <param name="indexes">Events that may say something new.</param>
    /// <param name="targets">Where each event goes.</param>
    /// <param name="absorptions">Individuals whose links all went to others.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Events that say something which cannot be compared.</returns>
    public async Task<IReadOnlyCollection<int>> CompareAsync(
        int[] indexes,
        Destination[] targets,
        List<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        List<(KnownLink Link, ulong Print, Said Said)> news = [];
        Dictionary<(LinkKey, ulong, string?), List<int>> listed = [];
        foreach (int i in indexes.Order())
        {
            // Of a link that could not move nothing is known: it is asked about again with its next event.
            LinkEvent e = chunk.Events[i];
            if (known.TryGetValue(e.Link, out KnownLink? link))
            {
                Said said = new(e, targets[i].Owner, link.IsAnchored);
                ulong print = matching.PrintOf(e);
                string? owner = matching.ComparesOwners(e) ? said.Owner : null;
                if (link.WasCompared(print, owner))
                {
                    continue;
                }

                if (listed.TryGetValue((e.Link, print, owner), out List<int>? same))
                {
                    same.Add(i);
                }
                else
                {
                    listed.Add((e.Link, print, owner), [i]);
                    news.Add((link, print, said));
                }
            }
        }

        if (news.Count + absorptions.Count == 0)
        {
            return [];
        }

        Matched matched = await matching.MatchAsync(
            [.. news.Select(one => one.Said)],
            absorptions,
            cancel
        );
        foreach ((KnownLink link, ulong print, Said said) in news)
        {
            if (!matched.Failed.Contains(said.Event))
            {
                link.NoteCompared(print, said.Owner);
            }
        }

        Follow(targets, matched.Places);
        return
        [
            .. listed
                .Values.Where(same => matched.Failed.Contains(chunk.Events[same[0]]))
                .SelectMany(same => same),
        ];
    }

    private void Follow(Destination[] targets, IReadOnlyDictionary<LinkKey, string> places)
    {
        for (int i = 0; i < targets.Length && places.Count > 0; i++)
        {
            LinkKey link = chunk.Events[i].Link;
            if (places.TryGetValue(link, out string? owner))
            {
                targets[i] = new Destination(owner, owner);
                known.GetValueOrDefault(link)?.BelongTo(targets[i]);
            }
        }
    }
}
