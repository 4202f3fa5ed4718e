using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>
/// Compares what the cluster serves with the log, while events flow. Key 0: one comparison at a time, because each
/// keeps up to <see cref="HeldMax"/> links in memory.
/// </summary>
[Alias("cdp.verifier")]
public interface IVerifierGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Links, and facts they told about accounts, that a comparison keeps in memory at once. A partition with more is
    /// read several times, for a part of its links each.
    /// </summary>
    const int HeldMax = 20_000;

    /// <summary>Differences that one comparison lists; further ones are counted.</summary>
    const int DifferencesMax = 100;

    /// <summary>Individuals and accounts of one sample.</summary>
    const int SampleMax = 1_000;

    /// <summary>
    /// Compares. Every answer says how far it is; the last one has <see cref="VerifyReport.Ended"/>. Whoever stops
    /// asking ends it.
    /// </summary>
    /// <exception cref="VerificationRunningException">Another comparison is under way.</exception>
    /// <exception cref="ArgumentException">The sample or the cursor is none.</exception>
    [Alias("verify")]
    IAsyncEnumerable<VerifyReport> VerifyAsync(
        VerifyRequest request,
        CancellationToken cancel = default
    );
}

/// <summary>Another comparison is under way. Wait for its end.</summary>
[GenerateSerializer, Alias("cdp.verification-running")]
public sealed class VerificationRunningException : Exception
{
    /// <summary>Creates the exception.</summary>
    public VerificationRunningException()
        : base("Another comparison is under way.") { }
}

/// <summary>What to compare.</summary>
[GenerateSerializer, Immutable, Alias("cdp.verify-request")]
public sealed record VerifyRequest
{
    /// <summary>
    /// So many individuals and accounts, chosen by chance, from 1 to <see cref="IVerifierGrain.SampleMax"/>; null for
    /// everything.
    /// </summary>
    [Id(0)]
    public int? Sample { get; init; }

    /// <summary>Goes on where an earlier comparison was, by its <see cref="VerifyReport.Cursor"/>; null for all of it.</summary>
    [Id(1)]
    public string? Cursor { get; init; }
}

/// <summary>How far a comparison is, and what it found since the last report.</summary>
[GenerateSerializer, Immutable, Alias("cdp.verify-report")]
public sealed record VerifyReport
{
    /// <summary>Where to go on if the comparison breaks off here.</summary>
    [Id(0)]
    public required string Cursor { get; init; }

    /// <summary>Events of the log folded anew.</summary>
    [Id(1)]
    public long Events { get; init; }

    /// <summary>Links compared with what the log makes of them.</summary>
    [Id(2)]
    public long Links { get; init; }

    /// <summary>Individuals and accounts whose answers and claims were compared with their states.</summary>
    [Id(3)]
    public long States { get; init; }

    /// <summary>Links of which the log may hold no longer everything: not compared, and not called right.</summary>
    [Id(4)]
    public long NotCompared { get; init; }

    /// <summary>Differences so far, listed or not.</summary>
    [Id(5)]
    public long Differences { get; init; }

    /// <summary>A difference; null for none.</summary>
    [Id(6)]
    public VerifyDifference? Difference { get; init; }

    /// <summary>Whether this is the last report.</summary>
    [Id(7)]
    public bool Ended { get; init; }

    /// <summary>Why the counts were not compared; null when they were. Said in the last report.</summary>
    [Id(8)]
    public string? CountsNotCompared { get; init; }
}

/// <summary>Something that is served, or claimed, or counted, and is not what the log says.</summary>
[GenerateSerializer, Immutable, Alias("cdp.verify-difference")]
public sealed record VerifyDifference
{
    /// <summary>What kind, in a word: a value of <see cref="DifferenceKinds"/>.</summary>
    [Id(0)]
    public required string Kind { get; init; }

    /// <summary>The individual or account; null where it is about none.</summary>
    [Id(1)]
    public string? Id { get; init; }

    /// <summary>The link; null where it is about none.</summary>
    [Id(2)]
    public LinkKey? Link { get; init; }

    /// <summary>JSON pointer to the first field that differs within the link's state; null where none can be named.</summary>
    [Id(3)]
    public string? Pointer { get; init; }

    /// <summary>What the log says, never a value of the field.</summary>
    [Id(4)]
    public required string Expected { get; init; }

    /// <summary>What there is instead, never a value of the field.</summary>
    [Id(5)]
    public required string Served { get; init; }

    /// <summary>The last event of the link that was compared, normal lane; null where it is about none.</summary>
    [Id(6)]
    public LogPosition? Normal { get; init; }

    /// <summary>The same, low lane.</summary>
    [Id(7)]
    public LogPosition? Low { get; init; }
}

/// <summary>Kinds of differences. Never renamed.</summary>
public static class DifferenceKinds
{
    /// <summary>The link has events that a checkpoint has passed, and its individual or account does not have it.</summary>
    public const string MissingLink = "missing_link";

    /// <summary>The link's state lacks events that a checkpoint has passed.</summary>
    public const string Behind = "behind";

    /// <summary>The link's state is another one than its events make.</summary>
    public const string State = "state";

    /// <summary>The link has events, and nobody has claimed it.</summary>
    public const string Unclaimed = "unclaimed";

    /// <summary>The link is at one individual, and the claim names another.</summary>
    public const string Claim = "claim";

    /// <summary>The link bears a contact id that belongs to another individual, and no conflict is noted.</summary>
    public const string Apart = "apart";

    /// <summary>The answer served is another one than the state makes.</summary>
    public const string Served = "served";

    /// <summary>An account does not list somebody who belongs to it, or lists somebody who does not.</summary>
    public const string Member = "member";

    /// <summary>An account lacks a fact that an event about one of its people told.</summary>
    public const string Fact = "fact";

    /// <summary>A count is not the number of such events.</summary>
    public const string Count = "count";

    /// <summary>Members of segments are listed otherwise than the individual's state says where it is.</summary>
    public const string Membership = "membership";

    /// <summary>The individual or account cannot be read: its stored state is damaged.</summary>
    public const string Unreadable = "unreadable";
}
