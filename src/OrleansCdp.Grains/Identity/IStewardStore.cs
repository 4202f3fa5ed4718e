using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What stewards decided. PostgreSQL is the arbiter.</summary>
public interface IStewardStore
{
    /// <summary>A base individual as far as it is known here.</summary>
    /// <returns>Null when no merge or proof ever concerned it.</returns>
    Task<BaseIndividual?> FindAsync(string individual, CancellationToken cancel);

    /// <summary>
    /// Decides that two are one. What was decided against it is withdrawn, and in force again once this decision is withdrawn.
    /// </summary>
    /// <param name="survivor">Whose id stays, if their anchors are equally strong.</param>
    /// <param name="other">The other one.</param>
    /// <param name="why">Who decides, and why.</param>
    /// <param name="cancel">Stops it.</param>
    Task<StewardOutcome> JoinAsync(
        BaseIndividual survivor,
        BaseIndividual other,
        StewardWord why,
        CancellationToken cancel
    );

    /// <summary>
    /// Takes back what made an individual part of another one: the decisions that tie it to that one
    /// (<see cref="MergeGraph.TiesOf"/>) are withdrawn; if there are none, it is decided that they are two.
    /// </summary>
    Task<StewardOutcome> SeparateAsync(
        string individual,
        StewardWord why,
        CancellationToken cancel
    );

    /// <summary>Decides that two are two, whatever says otherwise. Repeating it makes no other decision.</summary>
    /// <param name="one">One of them.</param>
    /// <param name="other">The other one.</param>
    /// <param name="back">How a link that is sent home by this goes back once it is withdrawn; null for no link.</param>
    /// <param name="why">Who decides, and why.</param>
    /// <param name="cancel">Stops it.</param>
    Task<StewardOutcome> KeepApartAsync(
        BaseIndividual one,
        BaseIndividual other,
        WayBack? back,
        StewardWord why,
        CancellationToken cancel
    );

    /// <summary>Withdraws a decision. What it had overruled is in force again.</summary>
    Task<StewardOutcome> WithdrawAsync(long decision, StewardWord why, CancellationToken cancel);
}

/// <summary>Who decides, and why.</summary>
public sealed record StewardWord(string Author, string Reason);

/// <summary>What a decision came to.</summary>
/// <param name="Refusal">Why it was not made, one of <see cref="StewardRefusals"/>; null when it was.</param>
public sealed record StewardOutcome(string? Refusal = null)
{
    /// <summary>Number of the decision made; null for none.</summary>
    public long? Decision { get; init; }

    /// <summary>Numbers of those withdrawn.</summary>
    public ImmutableArray<long> Withdrawn { get; init; } = [];

    /// <summary>Numbers of those that are in force again, because what overruled them is withdrawn.</summary>
    public ImmutableArray<long> Restored { get; init; } = [];

    /// <summary>Whether the decision was in force before.</summary>
    public bool IsKnown { get; init; }

    /// <summary>Who has everybody's links of the first one.</summary>
    public string Root { get; init; } = "";

    /// <summary>Who has everybody's links of the second one; of an unmerge, of the one separated.</summary>
    public string OtherRoot { get; init; } = "";

    /// <summary>Whom the second one was merged into before.</summary>
    public string FormerRoot { get; init; } = "";

    /// <summary>Whose links have to go elsewhere.</summary>
    public Regrouped Regrouped { get; init; } = Regrouped.Nothing;

    /// <summary>Links and individuals that matching has to look at again.</summary>
    public ImmutableArray<string> Due { get; init; } = [];
}
