namespace OrleansCdp.Events;

/// <summary>A company of the demo.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Name">Its name.</param>
/// <param name="Domain">Of its site and its people's mail; in <c>.example</c>, where nobody lives (RFC 2606).</param>
/// <param name="Industry">What it does.</param>
/// <param name="Place">Where it is.</param>
internal sealed record DemoAccount(
    int Number,
    string Name,
    string Domain,
    string Industry,
    DemoPlace Place
)
{
    /// <summary>Its id in the CRM.</summary>
    public string Id => $"001Cdp{Number:D9}";
}

/// <summary>Where somebody is.</summary>
/// <param name="City">City.</param>
/// <param name="State">State or region.</param>
/// <param name="Country">Country.</param>
/// <param name="Currency">What is paid with there.</param>
internal sealed record DemoPlace(string City, string State, string Country, string Currency);

/// <summary>
/// Somebody of the demo. Whoever has a contact id is in the CRM; a customer id, in the shop; a user id, signs in at
/// the site and in the product; an anonymous id, visits the site.
/// </summary>
internal sealed record DemoPerson
{
    /// <summary>From 1.</summary>
    public required int Number { get; init; }

    /// <summary>Given name; empty for a visitor who never said it.</summary>
    public string FirstName { get; init; } = "";

    /// <summary>Family name.</summary>
    public string LastName { get; init; } = "";

    /// <summary>Mail address; no two have the same.</summary>
    public string Email { get; init; } = "";

    /// <summary>Telephone number out of those kept for fiction.</summary>
    public string Phone { get; init; } = "";

    /// <summary>What they do.</summary>
    public string Title { get; init; } = "";

    /// <summary>Where they live.</summary>
    public required DemoPlace Place { get; init; }

    /// <summary>Their company; null for whoever is not in the CRM.</summary>
    public DemoAccount? Account { get; init; }

    /// <summary>Id in the CRM, or null.</summary>
    public string? ContactId { get; init; }

    /// <summary>Id in the shop, or null.</summary>
    public string? CustomerId { get; init; }

    /// <summary>Id in the product, or null.</summary>
    public string? UserId { get; init; }

    /// <summary>Id in the browser, or null.</summary>
    public string? AnonymousId { get; init; }

    /// <summary>First and last name.</summary>
    public string Name => $"{FirstName} {LastName}";

    /// <summary>The person shown when the demo is there: has something of everything.</summary>
    public bool IsShown => Number == 1;
}
