using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>One account: its facts, opportunities, entitlements and people.</summary>
[Alias("cdp.account")]
public interface IAccountGrain : IGrainWithStringKey
{
    /// <summary>Folds events into the links they belong to; see <see cref="IUnifiedIndividualGrain.ApplyAsync"/>.</summary>
    [Alias("apply")]
    Task<ImmutableArray<EventOutcome>> ApplyAsync(Immutable<SequencedEvent[]> events);

    /// <summary>Notes that a link's individual belongs to this account, or no longer does.</summary>
    /// <param name="changes">At most <see cref="Limits.ApplyBatchMax"/>; an older change loses to a newer one.</param>
    [Alias("members")]
    Task NoteMembersAsync(Immutable<MemberChange[]> changes);

    /// <summary>The account's part of a data graph, as ready JSON.</summary>
    [AlwaysInterleave]
    [ResponseTimeout(IUnifiedIndividualGrain.ReadTimeMax)]
    [Alias("facts")]
    ValueTask<ContextAnswer?> GetFactsAsync(string graph);

    /// <summary>The whole account, as ready JSON.</summary>
    [AlwaysInterleave]
    [Alias("profile")]
    ValueTask<ContextAnswer?> GetProfileAsync();

    /// <summary>Its insights at a moment, as ready JSON; null when nothing is known of it.</summary>
    [AlwaysInterleave]
    [ResponseTimeout(IUnifiedIndividualGrain.ReadTimeMax)]
    [Alias("insights")]
    ValueTask<ContextAnswer?> GetInsightsAsync(InsightQuestion question);

    /// <summary>See <see cref="IUnifiedIndividualGrain.SeedInsightsAsync"/>.</summary>
    [Alias("seed-insights")]
    Task<SeedAnswer[]> SeedInsightsAsync(Immutable<InsightSeed[]> seeds);

    /// <summary>See <see cref="IUnifiedIndividualGrain.WakeAsync"/>.</summary>
    [Alias("wake")]
    Task<DateTimeOffset?> WakeAsync(DateTimeOffset dueAt);

    /// <summary>What it told its people for their segments, for one who does not know it.</summary>
    /// <param name="link">The person's link that says who belongs here.</param>
    /// <returns>See <see cref="AccountTelling.AnswerTo"/>.</returns>
    [AlwaysInterleave] // whoever asks may be somebody whom the account is telling something just now
    [ResponseTimeout(IUnifiedIndividualGrain.ReadTimeMax)]
    [Alias("told-facts")]
    ValueTask<AccountFacts?> GetToldAsync(LinkKey link);

    /// <summary>What is here at this instant, for comparing it with the log.</summary>
    [AlwaysInterleave]
    [Alias("evidence")]
    ValueTask<AccountEvidence> GetEvidenceAsync();
}

/// <summary>A link's individual joined or left an account, or an event about it described the account.</summary>
[GenerateSerializer, Immutable, Alias("cdp.member-change")]
public sealed record MemberChange
{
    /// <summary>The account's own link, e.g. <c>salesforce/Account/001...</c>.</summary>
    [Id(0)]
    public required LinkKey Account { get; init; }

    /// <summary>The link of the person.</summary>
    [Id(1)]
    public required LinkKey Link { get; init; }

    /// <summary>The individual that link belongs to.</summary>
    [Id(2)]
    public required string Individual { get; init; }

    /// <summary>True when it belongs to the account from this stamp on.</summary>
    [Id(3)]
    public required bool Belongs { get; init; }

    /// <summary>When the source said so.</summary>
    [Id(4)]
    public required Stamp Stamp { get; init; }

    /// <summary>Id of the event that states <see cref="AccountTraits"/>; empty without any.</summary>
    [Id(5)]
    public required string EventId { get; init; }

    /// <summary>Facts about the account.</summary>
    [Id(6)]
    public ImmutableArray<Field> AccountTraits { get; init; } = [];

    /// <summary>The event that states them.</summary>
    [Id(7)]
    public Stamp TraitsStamp { get; init; }
}
