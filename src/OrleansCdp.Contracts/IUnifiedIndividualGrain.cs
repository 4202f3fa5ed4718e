using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>One unified individual: who it is, what we know, what it means.</summary>
[Alias("cdp.unified-individual")]
public interface IUnifiedIndividualGrain : IGrainWithStringKey
{
    /// <summary>How long the answer to a read may take; then it fails, and can be asked for again.</summary>
    const string ReadTimeMax = "00:00:03";

    /// <summary>Folds events into the links they belong to. An event folded before changes nothing.</summary>
    /// <param name="events">
    /// Events of one partition and lane, in sequence order; at most <see cref="Limits.ApplyBatchMax"/>.
    /// </param>
    /// <param name="owner">The base individual of the links: this one, or one that is merged here.</param>
    /// <returns>
    /// Once the new state is durable: one outcome per event, or an empty array when all were applied.
    /// </returns>
    /// <exception cref="Orleans.Storage.InconsistentStateException">
    /// Another activation wrote first. Nothing was applied; the events are safe to redeliver.
    /// </exception>
    [Alias("apply-for")]
    Task<ImmutableArray<EventOutcome>> ApplyAsync(Immutable<SequencedEvent[]> events, string owner);

    /// <summary>Answers a data graph from memory.</summary>
    /// <returns>Null when nobody is here, or with <see cref="ContextAnswer.MovedTo"/> after a merge.</returns>
    [AlwaysInterleave] // every event in memory is durable in the log, so a read may overtake a snapshot being written
    [ResponseTimeout(ReadTimeMax)] // of a silo that dies nobody hears until others notice: the asker asks again
    [Alias("context")]
    ValueTask<ContextAnswer?> GetContextAsync(string graph);

    /// <summary>The profile with provenance, as ready JSON.</summary>
    /// <param name="explain">Also what lost, per trait.</param>
    [AlwaysInterleave]
    [Alias("profile")]
    ValueTask<ContextAnswer?> GetProfileAsync(bool explain);

    /// <summary>Its insights at a moment, as ready JSON.</summary>
    /// <returns>Null when nobody is here, or with <see cref="ContextAnswer.MovedTo"/> after a merge.</returns>
    [AlwaysInterleave]
    [ResponseTimeout(ReadTimeMax)]
    [Alias("insights")]
    ValueTask<ContextAnswer?> GetInsightsAsync(InsightQuestion question);

    /// <summary>The segments it is in, as ready JSON.</summary>
    /// <returns>Null when nobody is here, or with <see cref="ContextAnswer.MovedTo"/> after a merge.</returns>
    [AlwaysInterleave]
    [ResponseTimeout(ReadTimeMax)]
    [Alias("memberships")]
    ValueTask<ContextAnswer?> GetMembershipsAsync();

    /// <summary>Why it is in a segment, or is not, as ready JSON.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="activation">The number of its last activation, so that no older version is explained.</param>
    /// <returns>
    /// Null when nobody is here or there is no such segment, or with <see cref="ContextAnswer.MovedTo"/> after a merge.
    /// </returns>
    [AlwaysInterleave]
    [ResponseTimeout(ReadTimeMax)]
    [Alias("explain-segment")]
    ValueTask<ContextAnswer?> ExplainSegmentAsync(string segment, long activation);

    /// <summary>Says why the individual would be in a segment at this moment, or would not, if another version decided.</summary>
    /// <param name="version">The version.</param>
    /// <returns>
    /// Null when nobody is here, or the version does not compile any more, or with <see cref="ContextAnswer.MovedTo"/> after a
    /// merge.
    /// </returns>
    [AlwaysInterleave]
    [ResponseTimeout(ReadTimeMax)]
    [Alias("explain-version")]
    ValueTask<ContextAnswer?> ExplainVersionAsync(SegmentVersion version);

    /// <summary>Tells versions of insights what was done before they were made. Repeating it changes nothing.</summary>
    /// <param name="seeds">
    /// What was done, as the log has it; what is of one link comes one after the other. At most <see cref="Limits.SeedsMax"/>.
    /// </param>
    /// <returns>What became of each, once all that was taken is durable.</returns>
    [Alias("seed-insights")]
    Task<SeedAnswer[]> SeedInsightsAsync(Immutable<InsightSeed[]> seeds);

    /// <summary>Takes what its account tells its people, and evaluates the segments that ask for it.</summary>
    /// <param name="facts">What is told. What is older than what is known, or another account's, changes nothing.</param>
    /// <returns>Once it is durable: null, or who is to be told instead where the links are elsewhere.</returns>
    [AlwaysInterleave] // it may be waiting for an answer of that account
    [ResponseTimeout(ReadTimeMax)] // whoever is slow holds up the account
    [Alias("take-account-facts")]
    Task<string?> TakeAccountFactsAsync(AccountFacts facts);

    /// <summary>Does all that time alone asks for. Whom nobody else has asked for leaves the memory.</summary>
    /// <param name="dueAt">The moment that is looked at, if the clock where it lives is not yet so far.</param>
    /// <returns>
    /// When it is next due, once all is durable; null for never, also when nobody is here or the links are elsewhere. Storing
    /// it is up to the caller, unless something newer is stored since.
    /// </returns>
    /// <exception cref="StateCorruptException">The stored state is damaged.</exception>
    [Alias("wake")]
    Task<DateTimeOffset?> WakeAsync(DateTimeOffset dueAt);

    /// <summary>What it is as a customer, for a fit of predictions. Whom nobody else has asked for leaves the memory.</summary>
    [AlwaysInterleave]
    [Alias("customer")]
    ValueTask<CustomerAnswer> GetCustomerAsync(CustomerQuestion question);

    /// <summary>
    /// First step of a link move: freezes links here for <paramref name="target"/> and returns their state.
    /// Repeating it returns the same.
    /// </summary>
    /// <param name="links">The links to move; empty for all.</param>
    /// <param name="target">The base individual that takes them.</param>
    /// <param name="rank">Rank of the target's anchor.</param>
    /// <param name="owner">The base individual of the links.</param>
    /// <param name="cause">Why they move.</param>
    /// <param name="isSentByOwner">Whether <paramref name="owner"/> said to ask here.</param>
    /// <returns>
    /// What to hand over, and to whom: to another individual when a link is promised to it already. Then nothing
    /// changed, and that move is to be finished before a new decision. To this individual itself when it remembers
    /// <see cref="Limits.DepartedMax"/> departures: then the links stay here.
    /// </returns>
    [Alias("detach-for")]
    Task<LinkTransfer> DetachAsync(
        ImmutableArray<LinkKey> links,
        string target,
        int rank,
        string owner,
        ClaimCause cause,
        bool isSentByOwner
    );

    /// <summary>Second step: takes the links in and claims them durably. Repeating it changes nothing.</summary>
    /// <returns>
    /// Null when taken; otherwise who is to be asked instead. This individual itself when it would have more than
    /// <see cref="Limits.LinksMax"/> links: then they stay frozen where they are.
    /// </returns>
    [Alias("attach-for")]
    Task<OtherTaker?> AttachAsync(Immutable<LinkTransfer> transfer);

    /// <summary>Last step: forgets links that now live at the target, and redirects there if none is left.</summary>
    [AlwaysInterleave] // of two that hand links to each other neither waits for the other; saves take turns
    [Alias("release")]
    Task ReleaseAsync(ImmutableArray<MovedLink> links, string target);

    /// <summary>
    /// Brings this individual's links to where its merges want them, or back. Repeating it changes nothing; whatever
    /// interrupts it, the next call goes on.
    /// </summary>
    /// <returns>Null once they are there; otherwise why they stay, one of <see cref="ReasonCodes"/>.</returns>
    [Alias("place")]
    Task<string?> PlaceAsync();

    /// <summary>Which anchor, or which link, names this individual, as far as its own links tell.</summary>
    /// <returns>Null when they do not.</returns>
    [AlwaysInterleave]
    [Alias("base")]
    ValueTask<BaseIndividual?> GetBaseAsync();

    /// <summary>
    /// Expects the links of an individual that is about to be merged into this one, and keeps room for them. Until they
    /// have come and gone this one's own links stay here.
    /// </summary>
    /// <param name="individual">That individual.</param>
    /// <param name="links">How many links it has.</param>
    /// <param name="hasNothing">
    /// Whether nothing will come, since it has no links and none has left it: then all of it is here at once.
    /// </param>
    /// <returns>Null when they are welcome; otherwise why not, one of <see cref="ReasonCodes"/>.</returns>
    [AlwaysInterleave]
    [Alias("expect-or-end")]
    Task<string?> ExpectAsync(string individual, int links, bool hasNothing);

    /// <summary>How many links of an individual are here: of this one, or of one that is merged here.</summary>
    [AlwaysInterleave]
    [Alias("count")]
    ValueTask<int> CountAsync(string individual);

    /// <summary>Whether this individual has announced its links to another one, or has them there.</summary>
    /// <param name="root">The other one.</param>
    /// <returns>What is true of what is stored.</returns>
    [AlwaysInterleave]
    [Alias("is-coming")]
    Task<bool> IsComingAsync(string root);

    /// <summary>Gives up the links of an individual that is merged here. Repeating it says what is left to take.</summary>
    /// <param name="individual">That individual.</param>
    /// <param name="target">Who takes its links.</param>
    [AlwaysInterleave]
    [Alias("separate")]
    Task<LinkTransfer> SeparateAsync(string individual, string target);

    /// <summary>Takes links in that change hands by a merge or its end; otherwise as <see cref="AttachAsync"/>.</summary>
    [AlwaysInterleave]
    [Alias("receive")]
    Task<OtherTaker?> ReceiveAsync(Immutable<LinkTransfer> transfer);

    /// <summary>Notes which records of nobody may be this individual's; an older list changes nothing.</summary>
    /// <returns>Once it is durable.</returns>
    [Alias("note-possible")]
    Task NotePossibleMatchesAsync(PossibleMatches matches);

    /// <summary>
    /// Whether an identifier that a link stated names this individual: of each type so many do, those stated last.
    /// </summary>
    /// <param name="type">The identifier's type.</param>
    /// <param name="value">Its value, normalised.</param>
    /// <returns>Also true where that cannot be told: of one whose state is lost, or who lives on elsewhere.</returns>
    [AlwaysInterleave]
    [Alias("is-named-by")]
    ValueTask<bool> IsNamedByAsync(string type, string value);

    /// <summary>What is here at this instant, for comparing it with the log.</summary>
    /// <param name="links">
    /// The links asked for, at most <see cref="Limits.TransferLinksMax"/>; none for their keys alone.
    /// </param>
    [AlwaysInterleave]
    [Alias("evidence")]
    ValueTask<IndividualEvidence> GetEvidenceAsync(ImmutableArray<LinkKey> links);
}
