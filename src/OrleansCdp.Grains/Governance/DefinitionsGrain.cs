using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;

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
    TimeProvider clock,
    ILogger<DefinitionsGrain> logger
) : Grain, IDefinitionsGrain
{
    private const string StreamKind = "stream";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var shipped in ShippedDefinitions.All)
        {
            if (Active(StreamKind, shipped.Key) is null)
            {
                Append(VersionOf(StreamKind, shipped.Key, shipped.Value, "shipped"));
            }
        }

        if (stored.State.Version > 0 && !stored.RecordExists)
        {
            await stored.WriteStateAsync(cancellationToken);
        }
    }

    public async Task<PutResult> PutAsync(string kind, string name, string text, string author)
    {
        ImmutableArray<DefinitionError> errors = Check(kind, name, text);
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
        Append(next);
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

        LogPut(kind, name, next.Version, author);
        return new PutResult { Active = next, Changed = true };
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
                    Definitions =
                    [
                        .. stored
                            .State.Versions.GroupBy(version => (version.Kind, version.Name))
                            .Select(versions => versions.Last()),
                    ],
                }
        );

    private DefinitionVersion? Active(string kind, string name) =>
        stored.State.Versions.LastOrDefault(version =>
            version.Kind == kind && version.Name == name
        );

    private ImmutableArray<DefinitionError> Check(string kind, string name, string text)
    {
        if (kind != StreamKind)
        {
            return [new("", $"Unknown kind; known is: {StreamKind}.", 0, 0)];
        }

        if (text.Length > Limits.DefinitionMax)
        {
            return [new("", $"Longer than {Limits.DefinitionMax} characters.", 0, 0)];
        }

        bool full =
            stored.State.Versions.Select(version => (version.Kind, version.Name)).Distinct().Count()
            >= IDefinitionsGrain.DefinitionsMax;
        return full && Active(kind, name) is null
            ? [new("", $"There are {IDefinitionsGrain.DefinitionsMax} definitions already.", 0, 0)]
            : DataStream.Compile(name, text).Errors;
    }

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

    private void Append(DefinitionVersion next)
    {
        DefinitionVersion[] same =
        [
            .. stored.State.Versions.Where(v => v.Kind == next.Kind && v.Name == next.Name),
        ];
        var kept =
            same.Length < IDefinitionsGrain.VersionsMax
                ? stored.State.Versions
                : stored.State.Versions.Remove(same[0]);
        stored.State = new DefinitionsState
        {
            Version = stored.State.Version + 1,
            Versions = kept.Add(next),
        };
    }

    [LoggerMessage(
        LogEvents.DefinitionPut,
        LogLevel.Information,
        "{Author} made {Kind} {Name} v{Version} active"
    )]
    private partial void LogPut(string kind, string name, int version, string author);
}
