using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>The types of identifiers that anchor, as an operator writes them.</summary>
public static class AnchorKinds
{
    /// <summary>Types there may be.</summary>
    public const int Max = 20;

    /// <summary>The order of a database that was never told another one.</summary>
    public const string Default =
        $"{IdentifierTypes.ContactId},{IdentifierTypes.Email},{IdentifierTypes.UserId}";

    // Claims on links are held beside those on anchors, under this word.
    private const string LinkClaim = "link";

    /// <summary>Reads types between commas, strongest first.</summary>
    /// <returns>
    /// Null when there are none or more than <see cref="Max"/>, one stands there twice, or one is no name of a type.
    /// </returns>
    public static AnchorPolicy? Read(string text)
    {
        string[] kinds = text.Split(',', StringSplitOptions.TrimEntries);
        bool valid =
            kinds.Length <= Max
            && kinds.Distinct(StringComparer.Ordinal).Count() == kinds.Length
            && kinds.All(kind => RecordCompiler.IsName(kind) && kind != LinkClaim);
        return valid ? new AnchorPolicy { Kinds = [.. kinds] } : null;
    }
}
