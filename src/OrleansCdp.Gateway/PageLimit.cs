namespace OrleansCdp;

/// <summary>How many items a caller wants on a page.</summary>
internal static class PageLimit
{
    /// <summary>The wanted limit, or the default.</summary>
    /// <exception cref="ProblemException">It is below 1 or above the most: 400 <c>bad_limit</c>.</exception>
    public static int Demand(int? limit, int fallback, int max) =>
        limit is not { } wanted ? fallback
        : wanted >= 1 && wanted <= max ? wanted
        : throw new ProblemException(
            Problem.BadRequest("bad_limit", $"The limit must be from 1 to {max}.")
        );
}
