using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>The segments that this process evaluates.</summary>
internal interface ISegmentSets
{
    /// <summary>Them, as far as they are known; none before the first definitions are.</summary>
    SegmentSet Current { get; }

    /// <summary>Them, read anew unless those of an activation are known here.</summary>
    /// <param name="activation">The highest number of an activation that something stored speaks of.</param>
    ValueTask<SegmentSet> SinceAsync(long activation);

    /// <summary>What a text would be beside the newest definitions.</summary>
    /// <param name="name">The segment's name.</param>
    /// <param name="text">The text.</param>
    Task<ProposedSegment> ProposeAsync(string name, string text);
}

/// <summary>The segments of this process's catalogue.</summary>
internal sealed class CatalogueSegments(DefinitionCatalogue catalogue) : ISegmentSets
{
    public SegmentSet Current => catalogue.Segments;

    public async ValueTask<SegmentSet> SinceAsync(long activation)
    {
        if (catalogue.Segments.Newest < activation)
        {
            await catalogue.RefreshAsync();
        }

        return catalogue.Segments;
    }

    public async Task<ProposedSegment> ProposeAsync(string name, string text)
    {
        await catalogue.RefreshAsync();
        return catalogue.Propose(name, text);
    }
}
