using OrleansCdp.Activation;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>What must be true at the same instant as the state of an individual.</summary>
internal static class SavedWith
{
    /// <summary>The identifiers that it bears from now on, and no more.</summary>
    public static SnapshotWrite With(
        this SnapshotWrite write,
        Transition<UnifiedIndividual> transition
    ) =>
        write with
        {
            IdentifiersAdded = transition.IdentifiersAdded,
            IdentifiersRemoved = transition.IdentifiersRemoved,
        };

    /// <summary>The claims of links that it takes in; null for none.</summary>
    public static SnapshotWrite With(this SnapshotWrite write, LinkTransfer? taken) =>
        taken is null
            ? write
            : write with
            {
                ClaimsTaken = taken.ChangesOwner
                    ? [.. taken.Links.Select(link => ClaimKeys.Of(link.Key))]
                    : [],
                ClaimsTakenFrom = taken.FormerOwner,
                ClaimsOwner = taken.Owner,
                ClaimsRank = taken.Rank,
                ClaimsCause = taken.Cause,
                MovedWith = taken.Stays ? null : taken.From,
            };

    /// <summary>What is written back into the CRM, and when it is looked at by the clock.</summary>
    public static SnapshotWrite With(this SnapshotWrite write, Written written) =>
        write with
        {
            Outbox = OutboxRow.Of(written.Updates),
            DueAt = written.Demanded,
        };
}
