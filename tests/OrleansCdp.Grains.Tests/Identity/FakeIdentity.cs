using System.Collections.Concurrent;
using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>The database's promises about claims and merges: the first claim wins, and groups are decided about as a whole.</summary>
internal sealed class FakeIdentity : IIdentityStore, IOpenDecisionStore, IMergeStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Claim> claims = [];

    public MergeBook Merges { get; } = new();

    public OpenDecisionBook Open { get; } = new();

    /// <summary>What links were said to prove, as often as it was said.</summary>
    public List<AnchorProof> Proofs { get; } = [];

    public int ClaimReads { get; private set; }

    /// <summary>Who bears an identifier, by type and value.</summary>
    public ConcurrentDictionary<(string Type, string Value), string[]> Bearers { get; } = new();

    /// <summary>Called before claims are made.</summary>
    public Func<Task> OnClaim { get; set; } = () => Task.CompletedTask;

    /// <summary>Called before claims are given to somebody else.</summary>
    public Func<Task> OnRepoint { get; set; } = () => Task.CompletedTask;

    /// <summary>Gives claims to whoever takes links in, as the save that takes them does.</summary>
    public void Take(SnapshotWrite write)
    {
        lock (gate)
        {
            foreach (string claim in write.ClaimsTaken)
            {
                if (claims.GetValueOrDefault(claim) is { } held && write.Takes(held))
                {
                    claims[claim] = claims[claim] with
                    {
                        Owner = write.ClaimsOwner ?? write.Id,
                        Rank = write.RankOf(held),
                        Cause = write.ClaimsCause.Rule is null
                            ? claims[claim].Cause
                            : write.ClaimsCause,
                    };
                }
            }
        }
    }

    public Task<IReadOnlyDictionary<string, Claim>> ReadAsync(
        IReadOnlyCollection<string> wanted,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            ClaimReads++;
            return Task.FromResult<IReadOnlyDictionary<string, Claim>>(
                wanted
                    .Where(claims.ContainsKey)
                    .ToDictionary(claim => claim, claim => Merges.Placed(claim, claims[claim]))
            );
        }
    }

    public async Task<IReadOnlyDictionary<string, Claim>> ClaimAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> wanted,
        CancellationToken cancel
    )
    {
        await OnClaim();
        lock (gate)
        {
            foreach (var claim in wanted)
            {
                claims.TryAdd(claim.Key, claim.Value);
            }

            return wanted.ToDictionary(claim => claim.Key, claim => claims[claim.Key]);
        }
    }

    public Task RestampAsync(
        IReadOnlyCollection<KeyValuePair<string, Claim>> stamped,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            foreach (var claim in stamped)
            {
                Claim held = claims[claim.Key];
                if (held.Owner == claim.Value.Owner && held.AnchoredAt < claim.Value.AnchoredAt)
                {
                    claims[claim.Key] = held with { AnchoredAt = claim.Value.AnchoredAt };
                }
            }
        }

        return Task.CompletedTask;
    }

    public async Task RepointAsync(IReadOnlyCollection<ClaimMove> moves, CancellationToken cancel)
    {
        await OnRepoint();
        lock (gate)
        {
            foreach (ClaimMove move in moves)
            {
                if (claims.GetValueOrDefault(move.Claim) is { } held && move.Applies(held))
                {
                    claims[move.Claim] = held with
                    {
                        Owner = move.To,
                        Rank = move.Rank,
                        Cause = move.Cause,
                    };
                }
            }
        }
    }

    public Task<ImmutableArray<string>> FindAsync(
        SubjectKind subject,
        string type,
        string value,
        int limit,
        CancellationToken cancel
    ) =>
        Task.FromResult<ImmutableArray<string>>([
            .. Bearers.GetValueOrDefault((type, value), []).Take(limit),
        ]);

    public Task NoteAsync(IReadOnlyCollection<OpenDecision> open, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(Open.Note(open));
        }
    }

    Task<ImmutableArray<OpenDecision>> IOpenDecisionStore.ReadAsync(
        IReadOnlyCollection<string> homes,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            return Task.FromResult<ImmutableArray<OpenDecision>>([.. Open.Of(homes)]);
        }
    }

    public Task<ImmutableArray<OpenDecision>> OverdueAsync(
        TimeSpan since,
        int limit,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            return Task.FromResult<ImmutableArray<OpenDecision>>([.. Open.All.Take(limit)]);
        }
    }

    public Task CloseAsync(IReadOnlyCollection<OpenDecision> done, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(Open.Close(done));
        }
    }

    public Task<Regrouped> ProveAsync(
        IReadOnlyCollection<AnchorProof> proofs,
        IReadOnlyCollection<BaseIndividual> bearing,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            Proofs.AddRange(proofs);
            return Task.FromResult(Merges.Prove(proofs, bearing));
        }
    }

    public Task<string> RootOfAsync(string individual, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(Merges.RootOf(individual));
        }
    }

    public Task NotePlacedAsync(string individual, string root, CancellationToken cancel)
    {
        lock (gate)
        {
            return Task.FromResult(Merges.NotePlaced(individual, root));
        }
    }

    public Task<ImmutableArray<string>> MovingAsync(
        TimeSpan since,
        int limit,
        CancellationToken cancel
    )
    {
        lock (gate)
        {
            return Task.FromResult<ImmutableArray<string>>([.. Merges.Moving().Take(limit)]);
        }
    }

    public Task<bool> NoteStuckAsync(string individual, string reason, CancellationToken cancel) =>
        Task.FromResult(false);

    public string? OwnerOf(string claim)
    {
        lock (gate)
        {
            return claims.GetValueOrDefault(claim)?.Owner;
        }
    }

    /// <summary>Who has the links of a claim's owner, wherever they are by a merge.</summary>
    public string? HolderOf(string claim)
    {
        lock (gate)
        {
            return claims.TryGetValue(claim, out Claim? held) ? Merges.PlaceOf(held.Owner) : null;
        }
    }
}
