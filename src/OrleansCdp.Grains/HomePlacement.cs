using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansCdp;

/// <summary>
/// Puts an individual or account where its first call comes from, which is its home partition as a rule: the one that
/// brings its events. <see cref="Residences"/> moves it after its home when that is, or comes to be, elsewhere.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class HomePlacementAttribute() : PlacementAttribute(new HomePlacementStrategy());

/// <summary>The strategy behind <see cref="HomePlacementAttribute"/>.</summary>
[GenerateSerializer, Immutable, Alias("cdp.home-placement")]
internal sealed class HomePlacementStrategy : PlacementStrategy;

/// <summary>Chooses the silo that is asked for, else the one that asks.</summary>
internal sealed class HomePlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy,
        PlacementTarget target,
        IPlacementContext context
    )
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        SiloAddress? hinted = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos);
        return Task.FromResult(
            hinted
                ?? (
                    silos.Contains(context.LocalSilo)
                        ? context.LocalSilo
                        : silos[
                            (int)(target.GrainIdentity.GetUniformHashCode() % (uint)silos.Length)
                        ]
                )
        );
    }
}
