namespace OrleansCdp.Identity;

/// <summary>Something that names a person or an account, as an event stated it, normalised.</summary>
/// <param name="Type">e.g. <c>contactId</c>, <c>email</c>, <c>phone</c>, <c>userId</c>.</param>
/// <param name="Value">The normalised value.</param>
/// <param name="Verified">Whether the data stream's definition vouches for it.</param>
[GenerateSerializer, Immutable, Alias("cdp.identifier")]
public readonly record struct Identifier(
    [property: Id(0)] string Type,
    [property: Id(1)] string Value,
    [property: Id(2)] bool Verified
);

/// <summary>Names of the identifier types with a meaning of their own.</summary>
public static class IdentifierTypes
{
    /// <summary>The CRM's contact id: the first anchor.</summary>
    public const string ContactId = "contactId";

    /// <summary>Email address; an anchor when verified.</summary>
    public const string Email = "email";

    /// <summary>Telephone number, E.164.</summary>
    public const string Phone = "phone";

    /// <summary>The user id of one's own application.</summary>
    public const string UserId = "userId";

    /// <summary>A visitor's id in a browser or an app.</summary>
    public const string AnonymousId = "anonymousId";

    /// <summary>The CRM's account id.</summary>
    public const string AccountId = "accountId";
}
