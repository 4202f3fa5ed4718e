using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Decides whose a link is that people sign in on: of all sign-ins the one with the greatest weight has it, so that their
/// order of arrival makes no difference.
/// </summary>
public static class AnonymousLinks
{
    // Seconds since the year 1 take 39 bits until the year 9999.
    private const int SecondsBits = 40;

    /// <summary>The weight of a sign-in, kept with the claim on the link that it has.</summary>
    /// <param name="e">The event that says who signed in.</param>
    /// <param name="rank">Rank of the anchor that names who did.</param>
    /// <returns>
    /// Greater than the default, which is no sign-in's. Of two people who signed in at the same instant chance decides,
    /// the same chance everywhere.
    /// </returns>
    public static Stamp WeightOf(LinkEvent e, int rank)
    {
        long at = e.OccurredAt.UtcTicks;
        long chance = (long)Partitions.HashOf(e.Link);
        return e.Anonymous switch
        {
            AnonymousStrategy.Link => new Stamp(at, 0, chance),
            AnonymousStrategy.BestMatch => new Stamp(
                ((AnchorPolicy.Unanchored - (long)rank) << SecondsBits)
                    + (at / TimeSpan.TicksPerSecond),
                at % TimeSpan.TicksPerSecond,
                chance
            ),
            _ => new Stamp(long.MaxValue - at, 0, chance),
        };
    }

    /// <summary>Whether a sign-in takes a link from whoever holds it.</summary>
    /// <param name="link">The link.</param>
    /// <param name="holder">The claim on it.</param>
    /// <param name="named">The claim of who signed in, with the sign-in's weight.</param>
    public static bool Takes(LinkKey link, Claim holder, Claim named) =>
        holder.Cause.Rule switch
        {
            // The same sign-in again takes it too: its move was not finished.
            ClaimCause.SameAs => named.AnchoredAt >= holder.AnchoredAt,
            // What it stated itself while a steward's word kept it where it was.
            _ when holder.IsFixedTo(link) && holder.IsProven => false,
            _ => !holder.IsAnchored || IsItsOwn(link, holder),
        };

    /// <summary>Whether nobody but the link itself names its individual.</summary>
    public static bool IsItsOwn(LinkKey link, Claim holder) =>
        holder.Rank == AnchorPolicy.Unanchored && holder.Owner == SubjectIds.IndividualOf(link);

    /// <summary>Whether a later event of a link may say something of another one that this one did not.</summary>
    /// <param name="strategy">How it is decided.</param>
    /// <param name="known">When the sign-in happened that is known to weigh most of the link's own.</param>
    /// <param name="said">When the other one did.</param>
    public static bool Adds(
        AnonymousStrategy strategy,
        DateTimeOffset known,
        DateTimeOffset said
    ) => strategy == AnonymousStrategy.Conversion ? said < known : said > known;
}
