using Orleans.Placement;
using Orleans.Runtime;

namespace OrleansCdp.Governance;

/// <summary>Looks into the memory of its silo.</summary>
[GrainType("cdp.silo-status")]
[RandomPlacement] // where the caller's hint says
internal sealed class SiloStatusGrain(
    IStatusStore store,
    DefinitionCatalogue catalogue,
    ILocalSiloDetails silo
) : Grain, ISiloStatusGrain
{
    public ValueTask<MemberStatus?> GetAsync()
    {
        if (this.GetPrimaryKeyString() != silo.SiloAddress.ToParsableString())
        {
            DeactivateOnIdle(); // The silo was gone when it was asked for.
            return new((MemberStatus?)null);
        }

        return new(
            new MemberStatus
            {
                Name = silo.Name,
                Address = silo.SiloAddress.ToString(),
                Definitions = catalogue.Version,
                SavesWaiting = store.SavesWaiting,
            }
        );
    }
}
