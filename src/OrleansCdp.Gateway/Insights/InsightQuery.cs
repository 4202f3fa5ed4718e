using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using OrleansCdp.Context;

namespace OrleansCdp.Insights;

/// <summary>What a request asks about insights.</summary>
internal sealed record InsightQuery
{
    /// <summary>The moment, RFC 3339; now when it is left out.</summary>
    [FromQuery(Name = "at")]
    public string? At { get; init; }

    /// <summary>Also the formulas, and what counts in them.</summary>
    [FromQuery(Name = "explain")]
    public bool? Explain { get; init; }

    /// <summary>One insight; all when it is left out.</summary>
    [FromQuery(Name = "name")]
    public string? Name { get; init; }

    /// <summary>The question, or what is wrong with it.</summary>
    public bool TryRead(
        DateTimeOffset now,
        [NotNullWhen(true)] out InsightQuestion? question,
        [NotNullWhen(false)] out Problem? problem
    )
    {
        DateTimeOffset at = now;
        bool isRight = At is null || TryReadInstant(At, out at);
        question = isRight
            ? new InsightQuestion(at, Explain ?? false, Name) { IsPast = at < now }
            : null;
        problem = isRight
            ? null
            : Problem.BadRequest("bad_at", "`at` is an instant such as 2026-06-01T12:00:00Z.");
        return isRight;
    }

    /// <summary>Reads an instant; without a zone it is in UTC.</summary>
    public static bool TryReadInstant(string text, out DateTimeOffset at) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out at
        );
}
