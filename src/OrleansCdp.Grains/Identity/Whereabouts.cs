using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Who lives on for an individual, and whether there is room.</summary>
internal sealed class Whereabouts(IGrainFactory grains)
{
    private const int RedirectsMax = 16;

    /// <summary>Whoever lives on for an individual, and how many links it has: none for nobody.</summary>
    public async Task<(string Individual, int Links)> FindAsync(string individual)
    {
        for (int hops = 0; hops < RedirectsMax; hops++)
        {
            IndividualEvidence evidence = await grains
                .GetGrain<IUnifiedIndividualGrain>(individual)
                .GetEvidenceAsync([]);
            if (evidence.RedirectTo is not { } next)
            {
                return (individual, evidence.Keys.Length);
            }

            individual = next;
        }

        return (individual, 0);
    }

    /// <summary>Why a link cannot go from one to another; one of <see cref="ReasonCodes"/>, null when it can.</summary>
    public async Task<string?> WhyNoRoomAsync(string from, string to)
    {
        try
        {
            string here = (await FindAsync(from)).Individual;
            (string there, int links) = await FindAsync(to);
            return there == here || links < Limits.LinksMax ? null : ReasonCodes.LinksMax;
        }
        catch (StateCorruptException)
        {
            return ReasonCodes.StateCorrupt;
        }
    }
}
