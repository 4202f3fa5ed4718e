using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>Makes resolvers. Every reader of the log has one of its own: it remembers what it has seen.</summary>
internal sealed class SubjectResolvers(
    IIdentityStore identity,
    IOpenDecisionStore open,
    IMergeStore merges,
    AnchorPolicy policy,
    ILoggerFactory loggers
)
{
    /// <summary>A resolver that knows nothing yet.</summary>
    /// <param name="grains">By which it reaches individuals.</param>
    /// <param name="matching">What it hands on to be compared.</param>
    /// <param name="linksMax">Links it remembers.</param>
    public SubjectResolver New(IGrainFactory grains, RecordMatching matching, int linksMax) =>
        new(
            identity,
            open,
            new Anchoring(policy),
            new LinkMover(grains),
            new Merges(merges, grains, loggers.CreateLogger<Merges>()),
            matching,
            linksMax
        );
}
