using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Governance;

/// <summary>Every version of every definition.</summary>
[GenerateSerializer, Alias("cdp.definitions-state")]
internal sealed record DefinitionsState
{
    /// <summary>Grows with every change.</summary>
    [Id(0)]
    public long Version { get; init; }

    /// <summary>All versions; the last of a kind and name is the active one.</summary>
    [Id(1)]
    public ImmutableArray<DefinitionVersion> Versions { get; init; } = [];
}

/// <summary>Keeps the definitions. A new database starts with the shipped ones.</summary>
[GrainType("cdp.definitions")]
[KeepAlive]
internal sealed partial class DefinitionsGrain(
    [PersistentState("definitions")] IPersistentState<DefinitionsState> stored,
    LogShape shape,
    IMatchStore matches,
    TimeProvider clock,
    ILogger<DefinitionsGrain> logger
) : Grain, IDefinitionsGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        long before = stored.State.Version;
        // In a new database nothing can have happened yet, so the insights it begins with know everything.
        bool isNew = before == 0;
        Seed(DefinitionKinds.Ruleset, ShippedRulesets.All, isNew);
        Seed(DefinitionKinds.Stream, ShippedDefinitions.All, isNew);
        Seed(DefinitionKinds.Insight, ShippedInsights.All, isNew);
        if (stored.State.Version > before)
        {
            await stored.WriteStateAsync(cancellationToken);
        }
    }

    public async Task<PutResult> PutAsync(string kind, string name, string text, string author)
    {
        ImmutableArray<DefinitionError> errors = Active().Check(kind, name, text);
        if (errors.IsEmpty && kind == DefinitionKinds.Ruleset)
        {
            errors = await CheckLiveAsync(name, text);
        }

        if (!errors.IsEmpty)
        {
            return new PutResult { Errors = errors };
        }

        DefinitionVersion next = VersionOf(kind, name, text, author);
        DefinitionVersion? active = Active(kind, name);
        if (active is not null && active.Hash == next.Hash)
        {
            return new PutResult { Active = active };
        }

        DefinitionsState before = stored.State;
        Append(next, KnowsAll(next));
        await StoreAsync(before);
        LogPut(kind, name, next.Version, author);
        return new PutResult { Active = Active(kind, name), Changed = true };
    }

    public async Task CompleteAsync(string name, int version, PastKnown past)
    {
        DefinitionsState before = stored.State;
        // One that was replaced meanwhile is counted by nobody any more.
        if (
            Active(DefinitionKinds.Insight, name) is not { IsComplete: false } active
            || active.Version != version
        )
        {
            return;
        }

        stored.State = new DefinitionsState
        {
            Version = before.Version + 1,
            Versions = before.Versions.Replace(
                active,
                active with
                {
                    IsComplete = true,
                    Past = past,
                }
            ),
        };
        await StoreAsync(before);
    }

    public Task<ImmutableArray<DefinitionVersion>> GetVersionsAsync(string kind, string name) =>
        Task.FromResult(
            stored
                .State.Versions.Where(version => version.Kind == kind && version.Name == name)
                .ToImmutableArray()
        );

    public Task<Catalogue?> GetCatalogueAsync(long known) =>
        Task.FromResult(
            known == stored.State.Version
                ? null
                : new Catalogue
                {
                    Version = stored.State.Version,
                    PartitionCount = shape.PartitionCount,
                    Definitions = [.. AllActive()],
                    Former = [.. Former()],
                }
        );

    private async Task StoreAsync(DefinitionsState before)
    {
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            stored.State = before; // Not stored, so not active.
            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>Of each insight whose active version does not know everything yet, the last one that does.</summary>
    private IEnumerable<DefinitionVersion> Former() =>
        AllActive()
            .Where(active => active is { Kind: DefinitionKinds.Insight, IsComplete: false })
            .Select(active =>
                stored.State.Versions.LastOrDefault(version =>
                    version.Kind == active.Kind && version.Name == active.Name && version.IsComplete
                )
            )
            .OfType<DefinitionVersion>();

    private DefinitionCheck Active() => new([.. AllActive()], [.. Former()]);

    private DefinitionVersion? Active(string kind, string name) =>
        stored.State.Versions.LastOrDefault(version =>
            version.Kind == kind && version.Name == name
        );

    private void Seed(string kind, IReadOnlyDictionary<string, string> shipped, bool isNew)
    {
        foreach ((string name, string text) in shipped)
        {
            if (Active(kind, name) is null)
            {
                DefinitionVersion next = VersionOf(kind, name, text, "shipped");
                Append(next, isNew ? kind == DefinitionKinds.Insight : KnowsAll(next));
            }
        }
    }

    /// <summary>
    /// What a version leaves out would stop comparing at once, before anybody makes it live. So where records are
    /// compared it cannot be left out.
    /// </summary>
    private async Task<ImmutableArray<DefinitionError>> CheckLiveAsync(string name, string text)
    {
        Ruleset next = Ruleset.Compile(name, text).Ruleset!;
        Ruleset? before = Active(DefinitionKinds.Ruleset, name) is { } active
            ? Ruleset.Compile(name, active.Text).Ruleset
            : null;
        List<DefinitionError> errors = [];
        if (next.Fuzzy is null && await IsLiveAsync(name))
        {
            errors.Add(
                new(
                    "fuzzy",
                    $"Records are compared by `{name}`; without `fuzzy` that would end at once. Put these rules under "
                        + "another name, and let the streams name that.",
                    0,
                    0
                )
            );
        }

        foreach (string finder in (before?.FindableBy ?? []).Except([.. next.FindableBy, name]))
        {
            if (await IsLiveAsync(finder))
            {
                errors.Add(
                    new(
                        "findableBy",
                        $"Records of `{name}` are found by `{finder}`; without it that would end at once. Put these "
                            + "rules under another name, and let the streams name that.",
                        0,
                        0
                    )
                );
            }
        }

        return [.. errors];
    }

    private async Task<bool> IsLiveAsync(string ruleset) =>
        await matches.FindAsync(ruleset, CancellationToken.None) is not null;

    /// <summary>The last version of each kind and name.</summary>
    private IEnumerable<DefinitionVersion> AllActive() =>
        stored
            .State.Versions.GroupBy(version => (version.Kind, version.Name))
            .Select(versions => versions.Last());

    private DefinitionVersion VersionOf(string kind, string name, string text, string author) =>
        new()
        {
            Kind = kind,
            Name = name,
            Version = (Active(kind, name)?.Version ?? 0) + 1,
            Text = text,
            Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
            Author = author,
            At = clock.GetUtcNow(),
        };

    /// <summary>Whether a version knows everything from the start: an insight over records, which are kept.</summary>
    private bool KnowsAll(DefinitionVersion next) =>
        next.Kind == DefinitionKinds.Insight && Active().IsOverRecords(next);

    private void Append(DefinitionVersion next, bool isComplete)
    {
        DefinitionVersion[] same =
        [
            .. stored.State.Versions.Where(v => v.Kind == next.Kind && v.Name == next.Name),
        ];
        var kept =
            same.Length < IDefinitionsGrain.VersionsMax
                ? stored.State.Versions
                : stored.State.Versions.Remove(same.First(version => !Former().Contains(version)));
        long revision = stored.State.Version + 1;
        stored.State = new DefinitionsState
        {
            Version = revision,
            Versions = WithinBounds(
                kept.Add(next with { Revision = revision, IsComplete = isComplete })
            ),
        };
    }

    /// <summary>Without as many of the oldest versions as it takes; those that are active or shown stay.</summary>
    private static ImmutableArray<DefinitionVersion> WithinBounds(
        ImmutableArray<DefinitionVersion> versions
    )
    {
        long over = versions.Sum(v => (long)v.Text.Length) - IDefinitionsGrain.KeptTextMax;
        if (over <= 0)
        {
            return versions;
        }

        HashSet<DefinitionVersion> active = new(
            versions
                .GroupBy(v => (v.Kind, v.Name))
                .SelectMany(group =>
                    (DefinitionVersion?[])[group.Last(), group.LastOrDefault(v => v.IsComplete)]
                )
                .OfType<DefinitionVersion>(),
            ReferenceEqualityComparer.Instance
        );
        return versions.RemoveAll(version =>
        {
            bool forgotten = over > 0 && !active.Contains(version);
            over -= forgotten ? version.Text.Length : 0;
            return forgotten;
        });
    }

    [LoggerMessage(
        LogEvents.DefinitionPut,
        LogLevel.Information,
        "{Author} made {Kind} {Name} v{Version} active"
    )]
    private partial void LogPut(string kind, string name, int version, string author);
}
