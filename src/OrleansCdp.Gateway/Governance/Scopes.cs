using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;

namespace OrleansCdp.Governance;

/// <summary>What a key may do.</summary>
public static class Scopes
{
    /// <summary>Send events.</summary>
    public const string Ingest = "ingest";

    /// <summary>Read data graphs.</summary>
    public const string Context = "context";

    /// <summary>Read profiles, accounts and definitions.</summary>
    public const string Read = "read";

    /// <summary>Write definitions.</summary>
    public const string Author = "author";

    /// <summary>Approve definitions.</summary>
    public const string Approve = "approve";

    /// <summary>Status, quarantine, metrics.</summary>
    public const string Operate = "operate";

    /// <summary>Consent and erasure.</summary>
    public const string Privacy = "privacy";

    /// <summary>Keys, and everything else.</summary>
    public const string Admin = "admin";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } =
    [Ingest, Context, Read, Author, Approve, Operate, Privacy, Admin];

    /// <summary>Lets only keys with a scope pass. An address without a scope lets nobody pass.</summary>
    public static T RequireScope<T>(this T endpoint, string scope)
        where T : IEndpointConventionBuilder
    {
        endpoint.WithMetadata(new RequiredScope(scope));
        return endpoint;
    }
}

/// <summary>The scope an address asks for.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="FromBody">Whether the key may stand in the body, as Segment's <c>writeKey</c>.</param>
public sealed record RequiredScope(string Scope, bool FromBody = false);
